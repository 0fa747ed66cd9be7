"""What `keepwell costs` and `keepwell ledger` say, from a run made by hand."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from keepwell.errors import DataError
from keepwell.shop.ledgers import cost_model, customer_ledger


def placed(duckdb, made, **rows):
    tables = {name: made.arrow(name, found) for name, found in rows.items()}
    return {name: duckdb.table(table.to_batches(), table.schema) for name, table in tables.items()}


def cost(resource, activity, month, *, times, minutes, amount, customers, unused=0):
    numbers = {"minutes": minutes, "rate": "0.6", "cost": amount, "customers": customers, "unused": unused}
    nobody = Decimal(str(amount)) - Decimal(str(customers)) - Decimal(str(unused))
    row = {"resource": resource, "activity": activity, "month": date(2024, month, 1), "times": times}
    return row | {k: Decimal(str(v)) for k, v in numbers.items()} | {"nobody": nobody}


@pytest.fixture
def tables(duckdb, made):
    costs = [
        cost("store", "", 1, times=0, minutes=1000, amount=600, customers=60, unused=510),
        cost("store", "pack", 1, times=10, minutes=150, amount=90, customers=60),
        cost("store", "", 2, times=0, minutes=1000, amount=600, customers=6, unused=594),
        cost("store", "pack", 2, times=1, minutes=10, amount=6, customers=6),
    ]
    lost = [
        {"month": date(2024, m, 1), "ledger_line": "fulfilment", "reason": "unused capacity", "subject": "store"}
        | {"amount": Decimal(amount)}
        for m, amount in ((1, 510), (2, 594))
    ]
    return placed(duckdb, made, costs=costs, unassigned=lost)


def test_the_cost_model_adds_its_months_up(duckdb, tables):
    found = cost_model(tables, duckdb)
    store = found.resources[0]
    assert (store["cost"], store["customers"], store["nobody"], store["unused"]) == (1200, 66, 30, 1104)
    assert (store["minutes"], store["worked"]) == (2000, 160)
    pack = found.activities[0]
    assert (pack["times"], pack["minutes"], pack["cost"]) == (11, 160, 96)
    assert round(pack["each"], 2) == Decimal("8.73")
    text = found.text()
    assert "160 of 2,000 (8%)" in text
    assert "What no customer bears: 1,104.00" in text
    assert found.to_dict()["unassigned"][0]["amount"] == "1104.0000"


def test_one_month_is_told_alone_and_an_empty_model_says_how_to_make_one(duckdb, tables, made):
    assert cost_model(tables, duckdb, month=date(2024, 2, 1)).resources[0]["cost"] == 600
    assert "costs.resources" in cost_model(placed(duckdb, made, costs=[], unassigned=[]), duckdb).text()


def test_a_customers_periods_add_up_to_their_ledger(duckdb, arrow, place):
    tables = place(duckdb, {name: arrow[name] for name in ("ledger", "customers", "people", "aliases")})
    rows = [row for row in arrow["ledger"].to_pylist() if row["customer_id"] == "c0001"]
    for by in ("month", "quarter", "year", "all"):
        found = customer_ledger("c0001", tables, duckdb, by=by)
        assert sum(row["contribution"] for row in found.periods) == sum(row["contribution"] for row in rows)
        assert sum(row["orders"] for row in found.periods) == sum(row["orders"] for row in rows)
    assert [row["period"] for row in found.periods] == ["all"]
    net = sum(row["gross"] - row["discounts"] + row["shipping_charged"] - row["refunds"] for row in rows)
    lines = found.text().splitlines()
    assert lines[1].split() == ["all"]  # and no second column with the sum
    assert next(line for line in lines if "net revenue" in line).split()[-1] == f"{net:,.2f}"
    first = sum(row["contribution_1"] for row in rows)
    assert next(line for line in lines if "contribution 1" in line).split()[-1] == f"{first:,.2f}"


def test_a_stranger_is_answered_with_those_like_them(duckdb, arrow, place):
    tables = place(duckdb, {name: arrow[name] for name in ("ledger", "customers", "people", "aliases")})
    with pytest.raises(DataError, match="there is no customer 'zzz'"):
        customer_ledger("zzz", tables, duckdb)


def test_any_number_address_phone_or_former_id_of_a_merged_person_finds_their_ledger(duckdb, arrow, place, made):
    one, other = (row["customer_id"] for row in arrow["customers"].to_pylist()[:2])
    base = {"customer_id": one, "file": "f", "source": "main", "format": "generic", "rows": 1}
    base |= {"arrived": datetime(2024, 1, 1)}
    own = [{"record_id": f"r{n}", "own_id": f"o{n}", "line": n, "number": f"id|N{n}"} for n in (1, 2)]
    said = [{"email": f"p{n}@example.com", "phone": f"+49 30 1234{n}567"} for n in (1, 2)]
    records = [{**base, **who, **tells} for who, tells in zip(own, said, strict=True)]
    aliases = made.arrow("aliases", [{"alias": "o2", "customer_id": one}])
    given = {name: arrow[name] for name in ("ledger", "customers")}
    tables = place(duckdb, {**given, "people": made.arrow("people", records), "aliases": aliases})
    for asked in ("o2", "r1", "id|n2", "P2@example.com", "(030) 1234 2567"):
        assert customer_ledger(asked, tables, duckdb).customer["customer_id"] == one != other


def test_those_like_a_stranger_are_much_like_them_and_told_once(duckdb, arrow, place, made):
    keys = ("17850", "17850", "17851", "x")
    rows = [row | {"customer_key": k} for row, k in zip(arrow["customers"].to_pylist(), keys, strict=False)]
    tables = place(duckdb, {name: arrow[name] for name in ("ledger", "people", "aliases")})
    tables |= placed(duckdb, made, customers=rows)
    with pytest.raises(DataError) as near:
        customer_ledger("17852", tables, duckdb)
    assert near.value.mend == "Those most like it: '17850', '17851'."
    with pytest.raises(DataError) as far:
        customer_ledger("nobody@example.com", tables, duckdb)
    assert "'" not in far.value.mend
