"""One file in, one Parquet file of raw rows out, whatever the file is."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from keepwell.errors import ConfigError, ConservationError, DataError
from keepwell.progress import Tell, quiet
from keepwell.settings import Reading
from keepwell.unify.reading.incoming import Kind, check_is_file, digest_of, kind_of, readable
from keepwell.unify.reading.raw import Outcome, RawFile

UNITS = {"MB": 20, "GB": 30, "TB": 40}


def read_file(
    path: Path,
    *,
    reading: Reading,
    into: Path,
    source: str,
    arrived: datetime,
    memory: str = "4GB",
    tell: Tell = quiet,
) -> RawFile:
    """Read a file of any kind into `<into>/<digest>.parquet`, and its bad records beside it.

    Args:
        path: A delimited text or JSON in any encoding (gzip too), a workbook, or a Parquet file.
        reading: What the user knows better than we find: encoding and delimiter.
        into: The folder to write in, made if missing.
        source: The name of where the file comes from.
        arrived: When it came, UTC.
        memory: How much may be used, e.g. '256MB'; text is read in windows of at most a 32nd of it.
        tell: Hears what is being done.

    Raises:
        DataError: The file cannot be read as a table, or the disk is full.
        ConfigError: The encoding or delimiter named does not exist.
        ConservationError: A record was lost; nothing was kept.
    """
    check_is_file(path)
    with readable(path):
        before = path.stat()
        kind, digest = kind_of(path), digest_of(path)
        good, bad = into / f"{digest}.parquet", into / f"{digest}.bad.parquet"
        outcome = _read(path, kind, reading=reading, into=good, bad_into=bad, memory=memory, tell=tell)
        after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        good.unlink()
        bad.unlink(missing_ok=True)
        raise DataError("the file changed while it was read", path.name, "Wait until it is written, then try again.")
    if not outcome.bad_rows:
        bad.unlink(missing_ok=True)  # of an earlier reading with other settings
    _check_written(outcome, good, bad, where=path.name)
    return RawFile(
        digest=digest,
        name=path.name,
        source=source,
        path=good,
        bad_path=bad if outcome.bad_rows else None,
        arrived=arrived,
        **asdict(outcome),
    )


def _read(path: Path, kind: Kind, *, reading: Reading, into: Path, bad_into: Path, memory: str, tell: Tell) -> Outcome:
    # Late imports: who only wants to know what a RawFile is should not wait for the compiler and for Arrow.
    if kind == "xlsx":
        from keepwell.unify.reading.sheets import read_sheet

        return read_sheet(path, into=into, tell=tell)
    if kind == "parquet":
        from keepwell.unify.reading.columnar import read_columns

        return read_columns(path, into=into, tell=tell)
    if kind == "json":
        from keepwell.unify.reading.json_rows import read_json as read
    else:
        from keepwell.unify.reading.text import read_text as read
    return read(path, reading=reading, into=into, bad_into=bad_into, memory=bytes_of(memory), tell=tell)


def _check_written(outcome: Outcome, good: Path, bad: Path, *, where: str) -> None:
    """Ask the finished files how many rows they have.

    Raises:
        ConservationError: Not as many as were read.
    """
    from keepwell.unify.reading.sink import rows_in

    written = rows_in(good), rows_in(bad) if outcome.bad_rows else 0
    if written != (outcome.rows, outcome.bad_rows):
        problem = f"{outcome.rows} + {outcome.bad_rows} rows were read, {written[0]} + {written[1]} written"
        raise ConservationError(problem, where, "Please report this with the file.")


def bytes_of(memory: str) -> int:
    """Return a size like '256MB' in bytes.

    >>> bytes_of("256MB")
    268435456

    Raises:
        ConfigError: It is none.
    """
    told = re.fullmatch(r"(\d+(?:\.\d+)?)\s?(MB|GB|TB)", memory)
    if told is None:
        raise ConfigError(f"{memory!r} is no size", "memory", "Write it like 512MB or 4GB.")
    return int(float(told[1]) * (1 << UNITS[told[2]]))
