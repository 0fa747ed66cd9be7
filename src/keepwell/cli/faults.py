"""What a person sees when something goes wrong: one sentence, never a traceback.

Exit status 2 is the user's mistake or surroundings, 1 is ours; with `--json` the error is one JSON object on stdout.
"""

from __future__ import annotations

import errno
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import typer

from keepwell.errors import ConservationError, KeepwellError

USER, OURS, STOPPED = 2, 1, 130
UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # of every wrong option or argument


def watched(command: Callable[[], object], *, json: bool) -> None:
    """Run `command` and turn every error into a sentence and an exit status."""
    try:
        command()
    except UsageError as error:
        problem = getattr(error, "format_message", error.__str__)().rstrip(".")
        _ended(KeepwellError(problem, mend="Say --help after the command's name for its options."), USER, json=json)
    except ConservationError as error:
        _ended(error, OURS, json=json)
    except KeepwellError as error:
        _ended(error, USER, json=json)
    except OSError as error:
        told = _surroundings(error)
        if told is None:
            raise
        _ended(told, USER, json=json)
    except KeyboardInterrupt:
        _ended(KeepwellError("Stopped", mend="Nothing that was finished is lost."), STOPPED, json=json)
    finally:  # after the command, because Typer puts a hook of its own in place
        sys.excepthook = _ours_in_json if json else _ours_in_words


def _surroundings(error: OSError) -> KeepwellError | None:
    """Explain an error of the operating system that is no fault of ours; None for any other."""
    where = str(error.filename or "")
    known = {
        errno.ENOSPC: ("there is no space left on the disk", "Free some, then run again; what was finished stands."),
        errno.EDQUOT: ("the disk quota is used up", "Free some, then run again; what was finished stands."),
        errno.EACCES: ("permission denied", "Give yourself the right to read or write it, or choose another place."),
        errno.EPERM: ("permission denied", "Give yourself the right to read or write it, or choose another place."),
        errno.EROFS: ("the file system is read-only", "Choose another place with --workspace."),
    }
    if error.errno not in known:
        return None
    problem, mend = known[error.errno]
    return KeepwellError(problem, where, mend)


def _ended(error: KeepwellError, status: int, *, json: bool) -> None:
    if json:
        from json import dumps

        body = {"problem": error.problem, "where": error.where, "mend": error.mend, "exit": status}
        sys.stdout.write(dumps({"error": body}) + "\n")
    else:
        sys.stderr.write(f"error: {error}\n")
    sys.exit(status)


def _kept(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> KeepwellError:
    with tempfile.NamedTemporaryFile("w", prefix="keepwell-fault-", suffix=".txt", delete=False) as file:
        file.writelines(traceback.format_exception(kind, error, trace))
    mend = f"The workspace is as it was. Please report it with the file {Path(file.name)}."
    return KeepwellError(f"a fault of Keepwell's own ({kind.__name__})", mend=mend)


def _ours_in_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(f"error: {_kept(kind, error, trace)}\n")


def _ours_in_json(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    from json import dumps

    told = _kept(kind, error, trace)
    body = {"problem": told.problem, "where": told.where, "mend": told.mend, "exit": OURS}
    sys.stdout.write(dumps({"error": body}) + "\n")
