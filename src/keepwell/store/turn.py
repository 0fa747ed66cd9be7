"""One writer at a time: the second waits and says whose turn it is. Readers never come here.

The lock is the operating system's on an open file, so a killed writer's lock is gone with it. What is written in
the file only serves the sentence that the second writer says.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from keepwell.errors import WorkspaceError
from keepwell.progress import Tell, quiet

LOCK = ".lock"
PAUSE = 0.1  # seconds between two tries


@contextmanager
def turn(folder: Path, *, what: str, tell: Tell = quiet) -> Iterator[None]:
    """Hold the writer's lock of the workspace at `folder` while doing `what`, a few words for others to read.

    Raises:
        WorkspaceError: The folder was deleted by the writer that was waited for.
    """
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        _wait(file, tell)
        if not os.fstat(file.fileno()).st_nlink:
            raise WorkspaceError("the workspace was deleted meanwhile", str(folder), "Run the command again.")
        _sign(file, what)
        try:
            yield
        finally:
            file.truncate(0)  # the lock itself ends with the open file


def _wait(file: IO[str], tell: Tell) -> None:
    said = ""
    while not _taken(file):
        holder = _holder(file)
        if holder and holder != said:
            tell(holder)
            said = holder
        time.sleep(PAUSE)


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(file: IO[str], what: str) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    file.truncate(0)
    file.write(json.dumps({"what": what, "pid": os.getpid(), "host": socket.gethostname(), "since": since}))
    file.flush()


def _holder(file: IO[str]) -> str:
    """Return whose turn it is, in words; empty when the holder has not signed yet."""
    file.seek(0)
    try:
        by = json.loads(file.read())
    except json.JSONDecodeError:
        return ""
    return f"Waiting: it is the turn of `{by['what']}`, here since {by['since']} (process {by['pid']} on {by['host']})"
