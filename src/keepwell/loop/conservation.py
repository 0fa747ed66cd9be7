"""Nothing is lost: rows and money in are rows and money out, to the last decimal.

The stage that reads the files keeps its own account of them (table `files`); here it is compared with the tables
themselves, and the ledger with the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.engine import Engine, collected
from keepwell.errors import ConservationError
from keepwell.tables import UNKNOWN, Tables
from keepwell.unify.formats import FORMATS

_WIDE = "decimal(38,4)"


@dataclass(frozen=True, slots=True)
class Account:
    """Where all rows and all money of a run went."""

    rows_in: int
    facts: int
    quarantined: int
    duplicates: int
    unread: int  # rows whose amount could not be read
    money_in: Decimal
    money_quarantined: Decimal
    money_duplicates: Decimal
    ledger: Decimal  # gross - discounts + shipping_charged + tax + other - refunds
    unknown_customer: Decimal  # of it, of nobody
    later: Decimal  # facts after the run's date, which the ledger leaves out
    later_rows: int


def accounted(tables: Tables, engine: Engine, *, as_of: date) -> Account:
    """Compare the account of every file with the tables, and the ledger with the facts.

    Raises:
        ConservationError: A row or a piece of money is missing or twice; says of which file, and how much.
    """
    _check_files(tables, engine)
    files = _one(_summed(tables["files"], _FILE_SUMS), engine)
    ledger = _one(_booked(tables["ledger"]), engine)
    late = _one(_later(tables["order_lines"], as_of), engine)
    booked, facts = ledger["money"], late["all_money"] - late["later"]
    if booked != facts:
        problem = f"the ledger holds {booked} and the facts up to {as_of} hold {facts}"
        raise ConservationError(problem, mend="Please report this with the files; the run was not kept.")
    return Account(
        rows_in=files["rows"],
        facts=files["facts"],
        quarantined=files["quarantined"],
        duplicates=files["duplicates"],
        unread=files["unknown_money"],
        money_in=files["money_in"],
        money_quarantined=files["money_quarantined"],
        money_duplicates=files["money_duplicates"],
        ledger=booked,
        unknown_customer=ledger["unknown"],
        later=late["later"],
        later_rows=late["later_rows"],
    )


_FILE_SUMS = {
    **dict.fromkeys(("rows", "facts", "quarantined", "duplicates", "unknown_money"), "int64"),
    **dict.fromkeys(("money_in", "money_facts", "money_quarantined", "money_duplicates"), _WIDE),
}


def _check_files(tables: Tables, engine: Engine) -> None:
    said = {row["file"]: row for row in collected(engine, tables["files"]).to_pylist()}
    found = {file: {"lines": 0, "money_facts": Decimal(0)} for file in said}
    for name, count, money in (
        ("order_lines", "lines", "money_facts"),
        ("quarantine", "quarantined", "money_quarantined"),
        ("duplicates", "duplicates", "money_duplicates"),
    ):
        for row in collected(engine, _by_file(tables[name])).to_pylist():
            found.setdefault(row["file"], {}).update({count: row["rows"], money: four_decimals(row["money"])})
    for file, row in said.items():
        _check_file(row, found[file])
    strangers = set(found) - set(said)
    if strangers:
        raise ConservationError(
            f"rows of files that were not read: {sorted(strangers)[:3]}", mend="Please report this."
        )


def _check_file(said: dict[str, Any], found: dict[str, Any]) -> None:
    """Facts of a file of sales are its order lines; of one of deals, those that were won; other files have none."""
    wanted = ["quarantined", "duplicates", "money_facts", "money_quarantined", "money_duplicates"]
    pairs = {name: (said[name], found.get(name, 0)) for name in wanted}
    role = FORMATS[said["format"]].role
    if role == "sales" or (found["lines"] and role != "deals"):
        pairs["facts"] = (said["facts"], found["lines"])
    wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if wrong:
        name, (claimed, there) = next(iter(wrong.items()))
        problem = f"{name} of the file should be {claimed}, and the tables hold {there}"
        raise ConservationError(problem, said["name"], "Please report this with the file; the run was not kept.")


def _by_file(table: ir.Table) -> ir.Table:
    return table.group_by("file").aggregate(rows=table.count(), money=_sum(table.money))


def _booked(ledger: ir.Table) -> ir.Table:
    t = ledger
    lines = {name: _sum(t[name]) for name in _IDENTITY}
    nobody = {f"{name}_": _sum(t[name], where=t.customer_id == UNKNOWN) for name in _IDENTITY}
    return t.aggregate(**lines, **nobody).select(money=_signed(""), unknown=_signed("_"))


_IDENTITY = {"gross": 1, "discounts": -1, "shipping_charged": 1, "tax": 1, "other": 1, "refunds": -1}


def _signed(ending: str) -> Any:
    """Return the ledger's identity over columns whose names end so."""
    total = None
    for name, sign in _IDENTITY.items():
        part = ibis._[name + ending]
        total = part if total is None else (total + part if sign > 0 else total - part)
    return total


def _later(facts: ir.Table, as_of: date) -> ir.Table:
    after = facts.order_date > ibis.date(as_of.isoformat())
    return facts.aggregate(
        all_money=_sum(facts.money),
        later=_sum(facts.money, where=after),
        later_rows=whole(after.cast("int64")),
    )


def _summed(table: ir.Table, columns: dict[str, str]) -> ir.Table:
    return table.aggregate(
        **{name: whole(table[name]) if kind == "int64" else _sum(table[name]) for name, kind in columns.items()}
    )


def whole(value: Any) -> Any:
    """Return the sum of whole numbers; DuckDB's own sum is wider than 64 bits, and Parquet would make it a float."""
    return value.sum().fill_null(0).cast("decimal(38,0)").cast("int64")


def _sum(value: Any, *, where: Any = None) -> Any:
    return value.sum(where=where).cast("decimal(38,10)").cast(_WIDE)


def _one(table: ir.Table, engine: Engine) -> dict[str, Any]:
    row: dict[str, Any] = collected(engine, table).to_pylist()[0]
    return {name: value if isinstance(value, int) else four_decimals(value) for name, value in row.items()}


def four_decimals(value: Decimal | None) -> Decimal:
    """Return a sum of money with its four decimals, whatever scale the engine gave it; the sum of nothing is 0."""
    return (value or Decimal(0)).quantize(Decimal("0.0001"))
