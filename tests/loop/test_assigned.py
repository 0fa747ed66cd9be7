"""A run whose cost stands nowhere, or twice, is not kept."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from keepwell.errors import ConservationError
from keepwell.loop.assigned import assigned, idle_notes, unassigned_note
from keepwell.settings import Costs
from keepwell.tables import LEDGER_LINES

JANUARY = date(2024, 1, 1)


def tables(duckdb, made, *, service="3", unused="7", line="service"):
    """One customer who bears 3 of a desk of 10, one mailing of 2 and ads of 5."""
    zero = dict.fromkeys(LEDGER_LINES, Decimal(0))
    left = dict.fromkeys(("contribution_1", "contribution_2", "contribution", "assumed_sales"), Decimal(0))
    bears = {"service": Decimal(service), "marketing": Decimal(2), "acquisition": Decimal(5)}
    key = {"file": "f", "line": 2}
    at = {"date": JANUARY, "at": datetime(2024, 1, 1)}
    later = {"file": "f", "line": 3, "date": date(2025, 1, 1), "channel": "ads", "amount": Decimal(99)}
    rows = {
        "ledger": [{"customer_id": "a", "month": JANUARY, "orders": 0, **zero, **left, **bears}],
        "costs": [
            {"resource": "desk", "activity": "", "month": JANUARY, "times": 0, "minutes": Decimal(9)}
            | {"rate": Decimal(1), "cost": Decimal(10), "customers": Decimal(3)}
            | {"nobody": Decimal(0), "unused": Decimal(7)}
        ],
        "unassigned": [
            {"month": JANUARY, "ledger_line": line, "reason": "unused capacity", "subject": "desk"}
            | {"amount": Decimal(unused)},
            {"month": JANUARY, "ledger_line": "payment_fees", "reason": "no order", "subject": "payouts"}
            | {"amount": Decimal(99)},
        ],
        "touches": [{**key, **at, "customer_id": "a", "kind": "Mail"}],
        "spend": [{**key, "date": JANUARY, "channel": "ads", "amount": Decimal(5)}, later],
    }
    found = {name: made.arrow(name, part) for name, part in rows.items()}
    return {name: duckdb.table(table.to_batches(), table.schema) for name, table in found.items()}


COSTS = Costs(touches={"mail": Decimal(2)})


def test_all_that_was_assigned_is_all_there_was(duckdb, made):
    found = assigned(tables(duckdb, made), COSTS, duckdb, as_of=date(2024, 12, 31))
    assert (found.customers, found.unassigned) == (10, 7)
    assert (found.resources, found.contacts, found.spend) == (10, 2, 5)
    assert unassigned_note(found)[0].startswith("7.00 of cost (41.2% of all) is borne by no customer")


def test_a_resource_may_serve_several_lines_of_the_ledger(duckdb, made):
    served = tables(duckdb, made, line="fulfilment, returns_handling")
    assert assigned(served, COSTS, duckdb, as_of=date(2024, 12, 31)).unassigned == 7


@pytest.mark.parametrize("wrong", [{"service": "3.0001"}, {"unused": "6.9999"}])
def test_a_ten_thousandth_too_many_or_too_few_is_a_fault(duckdb, made, wrong):
    with pytest.raises(ConservationError, match=r"of a cost of 17\.0000"):
        assigned(tables(duckdb, made, **wrong), COSTS, duckdb, as_of=date(2024, 12, 31))


def test_work_for_a_kind_of_contact_that_is_in_no_file_is_noted_with_the_kinds_there_are(duckdb, made):
    calls = [
        {"name": name, "resource": "desk", "per": per, "minutes": 3}
        for name, per in (("send", "Touch  MAIL"), ("answer", "touch tickets"), ("pack", "order"))
    ]
    costs = Costs(activities=calls)
    told = idle_notes(tables(duckdb, made), costs, duckdb)
    assert told == ["No contact called for 'answer': there is none of kind 'tickets'; the files have 'mail'."]
    assert idle_notes({}, costs, duckdb) == []
