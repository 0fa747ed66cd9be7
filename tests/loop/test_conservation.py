"""The check that nothing is lost: it must see every way of losing something."""

from datetime import date
from decimal import Decimal

import ibis
import pytest
from ibis import _

from keepwell import loop, store
from keepwell.errors import ConservationError
from keepwell.loop.books import check_contract
from keepwell.loop.conservation import accounted
from keepwell.settings import Settings, with_options
from keepwell.store import Workspace

AS_OF = date(2024, 12, 31)


@pytest.fixture(scope="module")
def tables(orders_csv, tmp_path_factory, duckdb, plain):
    """The tables of a finished run of a shop with a bad row and rows of nobody."""
    folder = tmp_path_factory.mktemp("conservation") / "orders.keepwell"
    loop.run(folder, files=[orders_csv], settings=with_options(plain(Settings()), {"memory": "512MB", "threads": 2}))
    run = store.find(Workspace.open(folder))
    return {
        name: duckdb.read(run.path(name)) for name in ("files", "order_lines", "quarantine", "duplicates", "ledger")
    }


def without_one(table, *order):
    """Return the table without its first row, which has money."""
    first = ibis.row_number().over(order_by=[table[name] for name in order])
    return table.mutate(first=first).filter(_.first > 0).drop("first")


def test_a_whole_run_is_accounted_for(tables, duckdb):
    sums = accounted(tables, duckdb, as_of=AS_OF)
    assert sums.rows_in == sums.facts + sums.quarantined + sums.duplicates
    assert sums.quarantined == 1
    assert sums.money_in == sums.ledger + sums.money_quarantined + sums.money_duplicates + sums.later
    assert 0 < sums.unknown_customer < sums.ledger


def moved(table):
    """Return the ledger with a ten-thousandth more in one month's sales."""
    first = ibis.row_number().over(order_by=[table.customer_id, table.month]) == 0
    least = ibis.literal(Decimal("0.0001"), "decimal(18,4)")
    return table.mutate(gross=first.ifelse(table.gross + least, table.gross))


LOSSES = {
    "a fact": ("order_lines", lambda t: without_one(t, "line"), "facts of the file should be"),
    "every fact": ("order_lines", lambda t: t.filter(t.line < 0), "facts of the file should be"),
    "a fact twice": ("order_lines", lambda t: t.union(t.filter(t.line == 2)), "facts of the file should be"),
    "a fact's money": ("order_lines", lambda t: t.mutate(money=t.money - (t.line == 2).ifelse(1, 0)), "money_facts"),
    "a bad row": ("quarantine", lambda t: without_one(t, "line"), "quarantined of the file should be 1"),
    "a stranger's row": ("order_lines", lambda t: t.mutate(file=(t.line == 2).ifelse("x", t.file)), "of the file"),
    "a month": ("ledger", lambda t: without_one(t, "customer_id", "month"), "the ledger holds"),
    "a ten-thousandth": ("ledger", moved, "the ledger holds"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_lost_is_seen(tables, duckdb, loss):
    name, lose, words = LOSSES[loss]
    changed = {**tables, name: duckdb.keep(lose(tables[name]))}
    with pytest.raises(ConservationError, match=words):
        accounted(changed, duckdb, as_of=AS_OF)


def test_a_fact_without_money_is_missed_too(tables, duckdb):
    free = tables["order_lines"].mutate(money=_.money * 0)
    files = tables["files"].mutate(money_facts=_.money_facts * 0, money_in=_.money_quarantined)
    changed = {**tables, "files": duckdb.keep(files), "order_lines": duckdb.keep(free.filter(free.line < 0))}
    with pytest.raises(ConservationError, match="facts of the file should be"):
        accounted(changed, duckdb, as_of=AS_OF)


def test_a_row_that_breaks_its_contract_is_named(tables, duckdb):
    lines = tables["order_lines"]
    wrong = duckdb.keep(lines.mutate(money=(lines.line == 3).ifelse(lines.money + 1, lines.money)))
    with pytest.raises(
        ConservationError, match=r"1 of [\d,]+ rows of table 'order_lines' break .*money is its parts.*'line': 3"
    ):
        check_contract("order_lines", wrong, duckdb)
