"""Column names: stripped, and made unique also where only case differs, as the engines see them."""

from __future__ import annotations

from collections.abc import Sequence

LINE = "line"  # our own column


def unique_names(cells: Sequence[str | None]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names for columns, and notes on those that had to change.

    >>> unique_names(["Date", " date ", None, "line"])[0]
    ('Date', 'date_2', 'c3', 'line_2')
    """
    stripped = [" ".join((cell or "").split()) for cell in cells]
    taken, names, notes = {LINE}, [], []
    for place, cell in enumerate(stripped, start=1):
        name = base = cell or f"c{place}"
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.casefold())
        names.append(name)
        if cell and name != cell and cell.casefold() != LINE:
            notes.append(f"Two columns are called {cell!r}: column {place} is read as {name!r}.")
        elif cell and name != cell:
            notes.append(f"Column {place}, {cell!r}, is read as {name!r}: 'line' holds our line numbers.")
    return tuple(names), tuple(notes)


def numbered_names(columns: int) -> tuple[str, ...]:
    """Return the names of columns that have none: 'c1', 'c2' and so on."""
    return tuple(f"c{place}" for place in range(1, columns + 1))
