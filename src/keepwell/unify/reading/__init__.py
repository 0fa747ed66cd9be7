"""Reading files: the bytes of any file become a Parquet file of raw rows, nothing lost."""

from keepwell.unify.reading.raw import RawFile

__all__ = ["RawFile"]
