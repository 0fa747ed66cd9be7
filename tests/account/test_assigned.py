"""Work, contacts, campaigns and spend, brought to customers: shops small enough to work out by hand."""

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from keepwell import account
from keepwell.engine import collected
from keepwell.errors import ConfigError
from keepwell.settings import from_dict
from keepwell.tables import CONTRACTS, checked, offences

D = Decimal
LAST = date(2024, 6, 30)
JAN, FEB, MARCH = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
STORE = {"name": "warehouse", "cost": "600", "minutes": 1000, "first": JAN}
DESK = {"name": "help desk", "cost": "300", "minutes": 400, "first": JAN}


def made(engine, name, rows):
    """Return a table of the contract; `line` counts up, `day` is the date, ISO."""
    schema = CONTRACTS[name].schema.to_pyarrow()
    full = []
    for number, row in enumerate(rows, start=2):
        day = date.fromisoformat(row.get("day", "2024-01-10"))
        base = {"file": name, "line": number, "date": day, "at": datetime.combine(day, time(9))}
        full.append(base | {k: D(str(v)) if k in ("minutes", "cost", "amount") else v for k, v in row.items()})
    return checked(name, engine.table([pa.RecordBatch.from_pylist(full, schema=schema)], schema))


def people(engine, **channels):
    rows = [
        {"customer_id": who, "customer_key": who, "channel": channel, "people": 1, "records": 1}
        for who, channel in channels.items()
    ]
    return made(engine, "customers", rows)


def booked(engine, lines, *, costs, as_of=LAST, **tables):
    given = {"order_lines": lines, **tables}
    answer = account.run(given, from_dict({"costs": costs, "as_of": as_of}), engine)
    for name in ("costs", "unassigned", "ledger", "order_contribution"):
        broken = collected(engine, offences(name, answer[name]).drop("rows")).to_pylist()[0]
        assert not any(broken.values()), name
    return {name: collected(engine, answer[name]).to_pylist() for name in answer}


def by(rows, *key):
    return {tuple(row[k] for k in key) if len(key) > 1 else row[key[0]]: row for row in rows}


def work(name, resource="warehouse", per="order", minutes=10, ledger="fulfilment"):
    return {"name": name, "resource": resource, "per": per, "minutes": minutes, "ledger": ledger}


def assert_whole(tables, *, spend=0, paid=0, flat=0):
    """All cost stands with customers, with nobody that is known, or among what is unassigned."""
    lines = ("fulfilment", "returns_handling", "service", "marketing", "acquisition")
    borne = sum((row[line] for row in tables["ledger"] for line in lines), D(0))
    left = sum((row["amount"] for row in tables["unassigned"]), D(0))
    resources = sum((row["cost"] for row in tables["costs"] if not row["activity"]), D(0))
    assert borne + left == resources + D(str(spend)) + D(str(paid)) + D(str(flat))
    for whole in (row for row in tables["costs"] if not row["activity"]):
        key = whole["resource"], whole["month"]
        same = [row for row in tables["costs"] if row["activity"] and (row["resource"], row["month"]) == key]
        assert whole["customers"] == sum(row["customers"] for row in same)
        assert whole["nobody"] == sum(row["nobody"] for row in same)
        lost = [row["amount"] for row in tables["unassigned"] if (row["subject"], row["month"]) == key]
        assert whole["unused"] == sum(lost)


def test_work_on_orders_lines_and_returns_stands_where_it_was_called_for(engine, order_lines):
    lines = order_lines(
        engine,
        {"order_id": "1", "gross": 50, "quantity": 2},
        {"order_id": "1", "gross": 20, "product_id": "22222"},
        # Half of it comes back in March, on the same order, and a piece of a second order as a document of its own.
        {"order_id": "1", "refund": 20, "quantity": -1, "product_id": "22222", "day": "2024-03-05"},
        {"order_id": "2", "gross": 9, "customer_id": "bob", "day": "2024-02-02"},
        {"order_id": "C3", "refund": 9, "quantity": -1, "customer_id": "bob", "day": "2024-02-20"},
        # Nobody's order is packed as well, and what was never paid is not.
        {"order_id": "4", "gross": 5, "customer_id": "unknown"},
        {"order_id": "5", "gross": 5, "refund": 5, "customer_id": "cleo", "status": "void"},
    )
    activities = [
        work("pack"),
        work("pick", per="line", minutes="1 + units"),
        work("unpack", per="return", minutes=30, ledger="returns_handling"),
    ]
    costs = {"resources": [STORE], "activities": activities, "return_per_order": "2.5"}
    tables = booked(engine, lines, costs=costs)
    orders, months = by(tables["order_contribution"], "order_id"), by(tables["ledger"], "customer_id", "month")
    # A minute costs 0.60. Order 1: 10 + (1 + 2) + (1 + 1) = 15 minutes, and 30 and 2.50 for the return.
    assert (orders["1"]["fulfilment"], orders["1"]["returns_handling"]) == (9, D("20.5"))
    assert (months["ann", JAN]["fulfilment"], months["ann", JAN]["returns_handling"]) == (9, 0)
    assert (months["ann", MARCH]["fulfilment"], months["ann", MARCH]["returns_handling"]) == (0, D("20.5"))
    # Order 2 was packed and sent before it came back, so its work was done, though it is no purchase.
    assert not orders["2"]["purchase"]
    assert (orders["2"]["fulfilment"], orders["C3"]["returns_handling"]) == (D("7.2"), D("20.5"))
    assert (orders["4"]["fulfilment"], orders["5"]["fulfilment"], orders["5"]["returns_handling"]) == (D("7.2"), 0, 0)
    costs = by(tables["costs"], "resource", "activity", "month")
    whole = costs["warehouse", "", JAN]
    assert (whole["cost"], whole["minutes"], whole["rate"]) == (600, 1000, D("0.6"))
    assert (whole["customers"], whole["nobody"], whole["unused"]) == (9, D("7.2"), D("583.8"))
    pick = costs["warehouse", "pick", JAN]
    assert (pick["times"], pick["minutes"], pick["customers"], pick["nobody"]) == (3, 7, 3, D("1.2"))
    assert costs["warehouse", "unpack", MARCH]["times"] == 1
    assert costs["per order", "return_per_order", FEB]["cost"] == D("2.5")
    assert {row["month"] for row in tables["costs"]} == {date(2024, m, 1) for m in range(1, 7)}
    assert_whole(tables, flat=5)


def test_the_first_order_of_a_known_customer_alone_calls_for_its_work(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        {"order_id": "a1", "gross": 5},
        {"order_id": "a2", "gross": 5, "day": "2024-02-01"},
        {"order_id": "b9", "gross": 5, "customer_id": "bob"},
        {"order_id": "b8", "gross": 5, "customer_id": "bob"},  # on the same day: the first by its id
        {"order_id": "n1", "gross": 5, "customer_id": "unknown"},
    )
    check = work("credit check", per="first order", minutes="50 if lines == 1 and value < 100 else 0", ledger="service")
    tables = booked(duckdb, lines, costs={"resources": [STORE], "activities": [check]})
    borne = {row["order_id"]: row["service"] for row in tables["order_contribution"]}
    assert borne == {"a1": 30, "a2": 0, "b8": 30, "b9": 0, "n1": 0}
    assert_whole(tables)


def test_a_contact_goes_to_its_order_else_to_the_purchase_before_it_else_to_the_month(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        {"order_id": "1", "gross": 50},
        {"order_id": "2", "gross": 50, "day": "2024-02-01"},
        {"order_id": "9", "gross": 7, "customer_id": "bob", "day": "2024-03-01"},
    )
    ticket = {"customer_id": "ann", "kind": "Ticket", "day": "2024-02-10"}
    touches = made(
        duckdb,
        "touches",
        [
            ticket | {"order_id": "1"},  # 10 minutes, as the model says
            ticket | {"minutes": 4},  # as told; the latest purchase is order 2
            ticket | {"day": "2024-01-05", "minutes": 2},  # before any purchase
            ticket | {"customer_id": "unknown", "order_id": "9"},  # names Bob by his order
            ticket | {"customer_id": "unknown", "minutes": 1},  # names nobody
            ticket | {"order_id": "9", "minutes": 8},  # somebody else's order: hers before it
            ticket | {"day": "2024-07-01"},  # after the last day
            {"customer_id": "bob", "kind": "visit", "cost": 80, "day": "2024-03-01"},
            {"customer_id": "cleo", "kind": "catalogue", "day": "2024-04-01"},
        ],
    )
    answer = work("answer", "help desk", "touch ticket", 10, "service")
    costs = {"resources": [DESK], "activities": [answer], "touches": {"Catalogue": "1.25", "visit": "1"}}
    tables = booked(duckdb, lines, costs=costs, touches=touches)
    orders, months = by(tables["order_contribution"], "order_id"), by(tables["ledger"], "customer_id", "month")
    # A minute costs 0.75.
    assert {o: row["service"] for o, row in orders.items()} == {"1": D("7.5"), "2": D("9"), "9": D("87.5")}
    assert months["ann", FEB]["service"] == D("16.5")
    assert months["ann", JAN]["service"] == D("1.5")
    assert months["bob", FEB]["service"] == D("7.5")
    assert months["unknown", FEB]["service"] == D("0.75")
    assert (months["cleo", date(2024, 4, 1)]["marketing"], months["bob", MARCH]["service"]) == (D("1.25"), 80)
    assert months["ann", FEB]["contribution"] == months["ann", FEB]["contribution_2"] - D("16.5")
    assert all(row["marketing"] == row["acquisition"] == 0 for row in orders.values())
    costs = by(tables["costs"], "resource", "activity", "month")
    row = costs["help desk", "answer", FEB]
    assert (row["times"], row["minutes"], row["customers"], row["nobody"]) == (5, 33, D("24"), D("0.75"))
    assert costs["per contact", "catalogue", date(2024, 4, 1)]["cost"] == D("1.25")
    assert_whole(tables, paid="81.25")


def test_spend_goes_to_those_it_won_and_campaigns_to_those_they_touched(engine, order_lines):
    first = [("ann", "2024-01-10"), ("bob", "2024-01-20"), ("cleo", "2024-01-30"), ("dan", "2024-02-10")]
    lines = order_lines(
        engine,
        *({"order_id": who, "gross": 10, "customer_id": who, "day": day} for who, day in first),
        {"order_id": "again", "gross": 10, "day": "2024-02-11"},
    )
    touches = [
        {"customer_id": who, "kind": "mail", "campaign": "Spring ", "day": day}
        for who, day in (("ann", "2024-02-01"), ("bob", "2024-02-01"), ("bob", "2024-02-20"), ("unknown", "2024-02-02"))
    ]
    spend = [
        {"channel": " ADS", "amount": "100", "day": "2024-01-03"},
        {"channel": "ads", "amount": "0.0002", "day": "2024-01-04"},
        {"channel": "ads", "amount": "40", "day": "2024-02-04"},  # won nobody in February
        {"channel": "radio", "amount": "7", "day": "2024-01-01"},  # nobody ever came by it
        {"amount": "3", "day": "2024-01-01"},
        {"channel": "shop", "amount": "-6", "day": "2024-02-01"},  # money that came back
        {"channel": "ads", "campaign": "spring", "amount": "10.0001", "day": "2024-02-15"},
        {"campaign": "spring", "amount": "2", "day": "2024-03-15"},  # printed later: to all it touched
        {"channel": "ads", "campaign": "launch", "amount": "5", "day": "2024-03-01"},  # no contact names it
        {"channel": "ads", "amount": "99", "day": "2024-07-01"},
    ]
    tables = booked(
        engine,
        lines,
        costs={},
        touches=made(engine, "touches", touches),
        spend=made(engine, "spend", spend),
        customers=people(engine, ann="Ads", bob="ads", cleo="ads", dan="Shop"),
    )
    months = by(tables["ledger"], "customer_id", "month")
    # 100.0002 over three.
    assert [months[who, JAN]["acquisition"] for who in ("ann", "bob", "cleo")] == [D("33.3334")] * 3
    assert months["dan", FEB]["acquisition"] == -6
    # 10.0001 over four contacts, the first bearing what is left over; Bob has two of them.
    shares = {who: months[who, FEB]["marketing"] for who in ("ann", "bob", "unknown")}
    assert sum(shares.values()) == D("10.0001")
    assert sorted(shares.values()) in ([D("2.5"), D("2.5"), D("5.0001")], [D("2.5"), D("2.5001"), D("5")])
    assert {who: months[who, MARCH]["marketing"] for who in shares} == {"ann": D("0.5"), "bob": 1, "unknown": D("0.5")}
    lost = {(r["month"], r["reason"], r["subject"]): r["amount"] for r in tables["unassigned"]}
    assert lost == {
        (FEB, "won nobody that month", "ads"): 40,
        (JAN, "nobody came by it", "radio"): 7,
        (JAN, "names no channel", ""): 3,
        (MARCH, "won nobody that month", "ads"): 5,
    }
    assert {row["ledger_line"] for row in tables["unassigned"]} == {"acquisition"}
    assert_whole(tables, spend="161.0003")


def test_what_rounding_gains_or_loses_is_told_beside_the_unused_capacity(duckdb, order_lines):
    lines = order_lines(duckdb, *({"order_id": str(i), "gross": 5} for i in range(3)))
    third = {"name": "team", "cost": "1", "minutes": 3, "first": JAN}
    tables = booked(duckdb, lines, costs={"resources": [third], "activities": [work("pack", "team", minutes=1)]})
    lost = [row for row in tables["unassigned"] if row["month"] == JAN]
    assert [row["fulfilment"] for row in tables["order_contribution"]] == [D("0.3333")] * 3
    # The three minutes are all there are: 0.33333333 each, so nothing is unused and 0.0001 is lost on the way.
    assert [(row["reason"], row["amount"]) for row in lost] == [("rounding", D("0.0001"))]
    assert_whole(tables)


def test_only_the_days_of_a_month_that_were_seen_cost_and_a_wage_rise_has_its_month(duckdb, order_lines):
    lines = order_lines(duckdb, {"gross": 5, "day": "2024-01-17"}, {"order_id": "o2", "gross": 5, "day": "2024-02-09"})
    resources = [
        {"name": "team", "cost": "310", "minutes": 620, "last": date(2024, 1, 1)},
        {"name": "team", "cost": "580", "minutes": 580, "first": date(2024, 2, 1)},
    ]
    costs = {"resources": resources, "activities": [work("pack", "team")]}
    tables = booked(duckdb, lines, costs=costs, as_of=date(2024, 2, 10))
    wholes = by([row for row in tables["costs"] if not row["activity"]], "month")
    # 15 of 31 days from the first order on, and 10 of 29 up to the last day.
    assert [(wholes[m]["cost"], wholes[m]["minutes"]) for m in (JAN, FEB)] == [(150, 300), (200, 200)]
    assert [row["fulfilment"] for row in tables["order_contribution"]] == [5, 10] or [
        row["fulfilment"] for row in tables["order_contribution"]
    ] == [10, 5]
    assert_whole(tables)


def test_more_work_than_practical_minutes_leaves_less_than_nothing_unused(duckdb, order_lines):
    lines = order_lines(duckdb, {"gross": 5})
    costs = {"resources": [STORE], "activities": [work("pack", minutes=1500)]}
    tables = booked(duckdb, lines, costs=costs, as_of=date(2024, 1, 31))
    assert [(row["cost"], row["unused"]) for row in tables["costs"] if not row["activity"]] == [(600, -300)]
    assert_whole(tables)


def test_order_numbers_used_anew_for_each_customer_take_their_contacts_along(duckdb, order_lines):
    lines = order_lines(duckdb, {"order_id": "1", "gross": 5}, {"order_id": "1", "gross": 5, "customer_id": "bob"})
    touches = made(duckdb, "touches", [{"customer_id": "bob", "kind": "call", "order_id": "1", "cost": 3}])
    tables = booked(duckdb, lines, costs={}, touches=touches)
    assert {row["order_id"]: row["service"] for row in tables["order_contribution"]} == {"1 ann": 0, "1 bob": 3}


@pytest.mark.parametrize(
    ("per", "minutes", "why"),
    [
        ("order", "units - 5", "are below 0 for 1 order"),
        ("line", "2 * weight + known(value, 1)", "need 'weight', which is not known for 1 order.*known.weight, "),
        ("first order", "1 / (units - 1)", "divide by 0 for 1 order"),
        ("return", "units * 1000000000 * 10", "are beyond all measure for 1 order"),
        ("touch call", "minutes * 2", "need 'minutes', which is not known for 1 contact"),
    ],
)
def test_minutes_that_are_not_known_or_below_0_stop_the_run(duckdb, order_lines, per, minutes, why):
    lines = order_lines(duckdb, {"gross": 5}, {"refund": 2, "quantity": -1, "day": "2024-03-05"})
    touches = made(duckdb, "touches", [{"customer_id": "ann", "kind": "call"}])
    costs = {"resources": [STORE], "activities": [work("pack", per=per, minutes=minutes)]}
    with pytest.raises(ConfigError, match=why):
        booked(duckdb, lines, costs=costs, touches=touches)


def test_the_formula_of_the_documentation_needs_nothing_that_a_plain_shop_lacks(engine, order_lines):
    """An order without a country, of which nobody tells whether it was rushed: 2 + 0.5 x 2 lines + 3."""
    minutes = "2 + 0.5 * lines + (4 if rush else 0) + (3 if country not in ('DE', 'AT') else 0)"
    assert minutes in Path("docs/account.md").read_text(encoding="utf-8")
    lines = order_lines(engine, {"gross": 5, "country": ""}, {"gross": 7, "product_id": "22222", "country": ""})
    tables = booked(engine, lines, costs={"resources": [STORE], "activities": [work("pack", minutes=minutes)]})
    assert [row["minutes"] for row in tables["costs"] if row["activity"] == "pack"] == [6]
