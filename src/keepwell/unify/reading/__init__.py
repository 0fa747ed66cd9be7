"""Reading files: the bytes of any file become a Parquet file of raw rows, nothing lost."""

from keepwell.unify.reading.raw import RawFile, Told
from keepwell.unify.reading.read import read_file

__all__ = ["RawFile", "Told", "read_file"]
