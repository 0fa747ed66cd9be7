"""A full disk is a sentence, whichever part of the machinery met it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keepwell.errors import KeepwellError, WorkspaceError

_NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_WORDS = ("No space left on device", "Disk quota exceeded", "max_temp_directory_size")


@contextmanager
def told_when_full(folder: Path) -> Iterator[None]:
    """Turn any error that comes of a full disk below `folder` into one sentence.

    Raises:
        WorkspaceError: The disk is full.
    """
    try:
        yield
    except KeepwellError:
        raise
    except BaseException as error:  # each engine has its own class of errors, and not every engine is installed
        if not _of_a_full_disk(error):
            raise
        mend = "Free some space, or choose another disk with --workspace; the last complete run is as it was."
        raise WorkspaceError("there is no space left on the disk", str(folder), mend) from error


def _of_a_full_disk(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _NUMBERS or any(words in str(error) for words in _WORDS)
