"""Reading files: the bytes of any file become a Parquet file of raw rows, nothing lost."""

from keepwell.unify.reading.raw import RawFile
from keepwell.unify.reading.read import read_file

__all__ = ["RawFile", "read_file"]
