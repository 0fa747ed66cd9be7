"""Finding a table and its columns; where one is missing, those there are are named."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from keepwell.errors import ConfigError, DataError
from keepwell.unify.reading.databases.address import Address
from keepwell.unify.reading.databases.values import Declared, declared
from keepwell.unify.reading.names import unique_names

if TYPE_CHECKING:
    import sqlalchemy as sa

_LISTED = 30  # names that a message gives at most; it says how many more there are


@dataclass(frozen=True, slots=True)
class Table:
    """A table or a view as the database describes it."""

    address: Address
    schema: str | None  # None: the one that the database looks in first
    name: str
    columns: tuple[Declared, ...]
    primary: tuple[str, ...]  # columns of its primary key; none: a view, or a table without
    kinds: tuple[Any, ...]  # SQLAlchemy's types of the columns

    @property
    def full_name(self) -> str:
        """Its name, with the schema's where that is needed."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def feed(self) -> str:
        """What all pulls from it share."""
        return f"{self.address.place}#{self.full_name}"

    @property
    def title(self) -> str:
        """How its pulls are called."""
        return f"{self.full_name} ({self.address.name})"

    @property
    def header(self) -> tuple[str, ...]:
        """The names that its columns have in the rows pulled."""
        return unique_names([column.name for column in self.columns])[0]

    @property
    def selected(self) -> sa.TableClause:
        """Return the table with its columns, for a statement; values come as the driver gives them."""
        import sqlalchemy as sa

        return sa.table(self.name, *(sa.column(column.name) for column in self.columns), schema=self.schema)

    def column_named(self, name: str, *, option: str) -> str:
        """Return the column's true name; case does not matter where only one is meant.

        Raises:
            ConfigError: There is no such column; names those there are.
        """
        names = [column.name for column in self.columns]
        found = _meant(name, names)
        if found is None:
            raise ConfigError(f"{self.title} has no column {name!r}", option, _those(name, names, "columns"))
        return found


def found(connection: sa.Connection, name: str, address: Address) -> Table:
    """Return the table or view called `name`, or `schema.name`.

    Raises:
        DataError: There is none; names those there are.
    """
    import sqlalchemy as sa

    look = sa.inspect(connection)
    here = names_in(look, None)
    schema, true = None, _meant(name, here)
    if true is None and "." in name:
        before, _dot, after = name.partition(".")
        schema = _meant(before, look.get_schema_names())
        there = names_in(look, schema) if schema else []
        true = _meant(after, there)
        here = [*here, *(f"{schema}.{one}" for one in there)]
    if true is None:
        raise DataError(f"there is no table {name!r}", address.shown, _those(name, here, "tables"))
    with warnings.catch_warnings(category=sa.exc.SAWarning, action="ignore"):  # a type it does not know is text here
        told = look.get_columns(true, schema=schema)
    primary = look.get_pk_constraint(true, schema=schema).get("constrained_columns") or ()
    columns = tuple(declared(column["name"], column["type"], address.dialect) for column in told)
    return Table(address, schema, true, columns, tuple(primary), tuple(column["type"] for column in told))


def names_in(look: Any, schema: str | None) -> list[str]:
    """Return the names of the tables and views in a schema, as `sqlalchemy.inspect` finds them."""
    names = [*look.get_table_names(schema=schema), *look.get_view_names(schema=schema)]
    if look.dialect.name == "postgresql":
        names += look.get_materialized_view_names(schema=schema)
    return sorted(set(names))


def check_named(connection: sa.Connection, address: Address, names: Sequence[str]) -> None:
    """Refuse a URL that comes without a table.

    Raises:
        ConfigError: No table is named; names those there are.
    """
    import sqlalchemy as sa

    if not names:
        mend = f"Say which, e.g. --table orders. {_those('', names_in(sa.inspect(connection), None), 'tables')}"
        raise ConfigError("no table is named", address.shown, mend)


def _meant(name: str, names: Iterable[str]) -> str | None:
    names = list(names)
    alike = [one for one in names if one.casefold() == name.casefold()]
    return name if name in names else alike[0] if len(alike) == 1 else None


def _those(name: str, names: Sequence[str], what: str) -> str:
    near = get_close_matches(name, names, n=1)
    guess = f"Did you mean {near[0]!r}? " if near else ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{guess}Its {what} are: {', '.join(names[:_LISTED])}{more}." if names else f"It has no {what}."
