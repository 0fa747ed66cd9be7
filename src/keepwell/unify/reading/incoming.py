"""The bytes of a file: whether there are any, of what kind they are, and their digest."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

from keepwell.errors import DataError

Kind = Literal["text", "json", "xlsx", "parquet"]
CHUNK = 4 << 20  # bytes read at a time
HEAD = 64 << 10  # bytes looked at to tell the kind
GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and password-protected .xlsx
PARQUET = b"PAR1"
AS_CSV = "Export it as CSV, XLSX or Parquet."
JSON = re.compile(rb'[\[{]\s*["\[{\]}]')

# What people hand over by mistake, by the first bytes (stripped, lower case).
OTHERS = (
    (rb"%pdf-", "a PDF document"),
    (rb"<!doctype html|<html|<head|<body|<table", "an HTML page"),
    (rb"<\?xml|<!--|<svg", "an XML document"),
    (rb"\x89png|\xff\xd8\xff|gif8[79]a|riff....(wave|avi |webp)", "a picture, a sound or a film"),
    (rb"7z\xbc\xaf|rar!\x1a|\xfd7zxz|bzh\d1ay|\x28\xb5\x2f\xfd", "a compressed archive"),
    (rb"\x7felf|mz\x90|sqlite format 3\x00|obj\x01", "a program or a database"),
)


def check_is_file(path: Path) -> None:
    """Refuse what is no file with bytes in it that we may read.

    Raises:
        DataError: It is missing, a folder, empty or not readable.
    """
    with readable(path):
        if not path.exists():
            near = _neighbours(path)
            mend = f"In that folder there are: {near}." if near else "Check the path."
            raise DataError(f"there is no file {path.name!r}", str(path.parent.absolute()), mend)
        if path.is_dir():
            raise DataError(
                f"{path.name!r} is a folder", str(path.parent.absolute()), "Name the files in it, e.g. folder/*.csv."
            )
        if not path.is_file():
            raise DataError(
                f"{path.name!r} is no ordinary file", str(path.parent.absolute()), "Save it to a file first."
            )
        with path.open("rb") as file:
            if not file.read(1):
                raise DataError("the file is empty", path.name, "Export it again.")


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file() and entry.name[0] != ".")
    return ", ".join(names[:8]) + (" and more" if len(names) > 8 else "")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what can go wrong while reading `path` into a sentence.

    Raises:
        DataError: The file may not be read, is a damaged gzip, or its disk fails.
    """
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError("the gzip file is damaged or cut off", path.name, "Fetch or export it again.") from error
    except PermissionError as error:
        raise DataError("the file may not be read", path.name, "Give yourself the right to read it.") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise DataError(f"the file cannot be read: {why}", path.name, "Copy it to another place.") from error


def digest_of(path: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open the file for reading bytes; a gzip file gives what it holds."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    with gzip.open(path, "rb") if packed else path.open("rb") as stream:
        yield cast("IO[bytes]", stream)


def chunks(path: Path) -> Iterator[bytes]:
    """Yield the file's bytes piece by piece, unpacked."""
    with opened(path) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def head_of(path: Path) -> bytes:
    """Return the first bytes, unpacked."""
    with opened(path) as stream:
        return stream.read(HEAD)


def kind_of(path: Path) -> Kind:
    """Tell what the file is by its first bytes; its name matters only where they say nothing.

    Raises:
        DataError: It is surely no table.
    """
    head = head_of(path)
    if not head:
        raise DataError("the gzip file holds nothing", path.name, "Export it again.")
    if head.startswith(PARQUET):
        return "parquet"
    if head.startswith(OLE) or (head.startswith(ZIP) and _is_workbook(path)):
        return "xlsx"
    if head.startswith(ZIP):
        raise DataError("the file is a ZIP archive", path.name, "Unpack it and give the files inside.")
    if JSON.match(head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").replace(b"\0", b"")):  # of any width
        return "json"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for pattern, what in OTHERS:
        if re.match(pattern, start, re.DOTALL):
            raise DataError(f"the file is no table but {what}", path.name, AS_CSV)
    return "text"


def _is_workbook(path: Path) -> bool:
    # The names inside an archive stand in its first and last bytes; a cut-off one has only the first.
    with path.open("rb") as file:
        start = file.read(HEAD)
        file.seek(max(0, path.stat().st_size - HEAD))
        ends = start + file.read(HEAD)
    named = path.suffix.lower() in {".xlsx", ".xlsm", ".xlsb", ".ods"}
    return named or b"xl/workbook" in ends or b"opendocument.spreadsheet" in ends
