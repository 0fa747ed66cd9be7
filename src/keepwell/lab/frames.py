"""Frames in and frames out: pandas, Polars and Arrow tables and dicts of columns, by Arrow's own door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from keepwell.errors import DataError
from keepwell.models.shapes import Floats

# Names that other libraries and papers give to the same things; the first is ours.
NAMES: dict[str, tuple[str, ...]] = {
    "repeats": ("repeats", "frequency", "x"),
    "recency": ("recency", "t_x"),
    "age": ("age", "T", "periods"),
    "count": ("count", "customers", "weights"),
    "actual": ("actual", "frequency_holdout"),
    "orders": ("orders", "frequency", "n"),
    "mean": ("mean", "monetary_value"),
    "total": ("total",),
    "squares": ("squares",),
    "log_intervals": ("log_intervals",),
    "time": ("time", "periods", "lifetime", "tenure"),
    "ended": ("ended", "churned"),
    "seen_from": ("seen_from",),
}
OF_THE_PAST = {"repeats": "frequency_cal", "recency": "recency_cal", "age": "T_cal"}  # of a log cut in two


def arrow(frame: Any) -> pa.Table:
    """Return a frame as an Arrow table.

    Raises:
        DataError: It is no frame.
    """
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, Mapping):
        return pa.table({name: np.atleast_1d(np.asarray(values)) for name, values in frame.items()})
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    kind = type(frame).__name__
    raise DataError(f"a {kind} is no frame", mend="Give a pandas, Polars or Arrow table, or a dict of columns.")


def like(frame: Any, table: pa.Table) -> Any:
    """Return `table` as the kind of frame that `frame` is; an Arrow table for arrays and dicts."""
    package = type(frame).__module__.partition(".")[0]
    if package == "pandas":
        answer = table.to_pandas()
        answer.index = frame.index if len(frame) == len(answer) else answer.index
        return answer
    if package == "polars":
        import polars as pl

        return pl.from_arrow(table)
    return table


def added(frame: Any, answer: Mapping[str, Any]) -> Any:
    """Return a frame with Arrow columns added; an Arrow table of them alone where there is no frame."""
    if frame is None:
        return pa.table(answer)
    table = arrow(frame)
    for name, values in answer.items():
        table = table.drop_columns([name]) if name in table.column_names else table
        table = table.append_column(name, values)
    return like(frame, table)


def named(table: pa.Table, thing: str) -> str | None:
    """Return the column that holds `thing`, under any of its names; None where there is none."""
    known = (*NAMES[thing], OF_THE_PAST[thing]) if thing in OF_THE_PAST else NAMES[thing]
    found = [name for name in known if name in table.column_names]
    return found[0] if found else None


def columns(
    frame: Any, arrays: Mapping[str, Any], *, needed: Sequence[str], wanted: Sequence[str]
) -> dict[str, Floats]:
    """Return the columns `needed`, and of those `wanted` the ones there are, as floats of one length.

    Args:
        frame: The frame, or None where arrays are given.
        arrays: Given by name; they win over the frame's columns. None stands for not given.
        needed: The things without which nothing can be done.
        wanted: Things that are used where they are there.

    Raises:
        DataError: A column is missing (names those there are), holds no numbers or a gap, or lengths differ.
    """
    table = None if frame is None else arrow(frame)
    found = {}
    for thing in (*needed, *wanted):
        if arrays.get(thing) is not None:
            found[thing] = numbers(arrays[thing], thing)
        elif table is not None and (name := named(table, thing)) is not None:
            found[thing] = numbers(table[name], name)
        elif thing in needed:
            raise _missing(thing, table)
    lengths = {thing: len(values) for thing, values in found.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{thing} has {length}" for thing, length in lengths.items())
        raise DataError(f"the columns differ in length: {told}", mend="Give one value a customer.")
    return found


def numbers(values: Any, name: str) -> Floats:
    """Return values as floats of shape (n,).

    Raises:
        DataError: One is missing or no number; names the first such row (the first row is row 0).
    """
    try:
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if isinstance(values, pa.Array):
            values = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
        flat = np.atleast_1d(np.asarray(values, np.float64))
    except (TypeError, ValueError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{name} holds what is no number: {error}", name, "Give numbers.") from error
    bad = ~np.isfinite(flat)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(f"{name} is missing or not finite", f"row {row}", "Fill it in, or leave the row out.")
    return flat


def _missing(thing: str, table: pa.Table | None) -> DataError:
    names = " or ".join(repr(name) for name in NAMES[thing])
    if table is None:
        return DataError(f"{thing} is not given", mend=f"Give it as an array, or a frame with a column {names}.")
    there = ", ".join(table.column_names)
    return DataError(f"there is no column {names}; there are: {there}", mend=f"Rename one, or give {thing}=.")
