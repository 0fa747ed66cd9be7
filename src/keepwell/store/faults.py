"""Named moments before and after each write, where the tests can kill the process.

With `KEEPWELL_FAULT=<name>` in the environment the process kills itself on reaching that moment, as a power cut
would: nothing is flushed, no `finally` runs. With `KEEPWELL_FAULT_LIST=<file>` each moment passed is noted there,
so that the tests need no list of their own. Without either, a moment does nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def point(name: str) -> None:
    """Pass the moment `name`, or die there when the tests ask for it."""
    listing = os.environ.get("KEEPWELL_FAULT_LIST")
    if listing:
        with Path(listing).open("a", encoding="utf-8") as file:
            file.write(name + "\n")
    if os.environ.get("KEEPWELL_FAULT") == name:
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def around(what: str) -> Iterator[None]:
    """Pass a moment before and one after the write `what`."""
    point(f"before {what}")
    yield
    point(f"after {what}")
