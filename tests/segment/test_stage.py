"""The whole stage on both engines, against segments told by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from keepwell import segment
from keepwell.engine import collected
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, LEDGER_LINES, offences

TODAY = date(2024, 12, 31)
# customer: repeats, recency, age, chance of being active, earned so far, expected in 12 months
PEOPLE = {
    "a": (5, 150, 160, 0.9, 500, 90.0),  # a gap of 30 days; 32 with the silence
    "b": (2, 80, 200, 0.7, 100, 30.0),  # 40 days; 100 with the silence
    "c": (1, 50, 400, 0.2, 60, 5.0),  # 50 days, then silent
    "d": (0, 0, 20, 1.0, 10, 12.0),  # 20 days ago
    "e": (0, 0, 300, 1.0, 10, 2.0),  # and never again
}


@pytest.fixture
def shop():
    """Return a function that makes `history`, `values` and `ledger` from people like `PEOPLE`."""

    def made(engine, people):
        histories, values, months = [], [], []
        for name, (repeats, recency, age, p_active, earned, expected) in people.items():
            first = TODAY - timedelta(days=age)
            histories.append(
                {"customer_id": name, "first_date": first, "last_date": first + timedelta(days=recency),
                 "repeats": repeats, "recency": recency, "age": age, "first_contribution": 1.0,
                 "repeat_sum": 0.0, "repeat_sum_squares": 0.0}
            )  # fmt: skip
            numbers = dict.fromkeys(
                ("expected_orders", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "p_zero", "sd_mean", "spend",
                 "spend_weight", "p_order_30", "p_order_60", "p_order_90"), 0.0,
            )  # fmt: skip
            value = {"customer_id": name, "p_active": p_active, "expected_contribution": expected, "basis": "by hand"}
            values += [{**numbers, **value, "horizon": h, "next_order": None} for h in ("3m", "6m", "12m", "life")]
            zero = dict.fromkeys((*LEDGER_LINES, "contribution_1", "contribution_2", "assumed_sales"), Decimal(0))
            part = {**zero, "customer_id": name, "orders": 1}
            halves = (Decimal(earned) / 2, Decimal(earned) - Decimal(earned) / 2)
            months += [
                {**part, "month": date(2024, m, 1), "gross": half, "contribution": half}
                for m, half in zip((3, 4), halves, strict=True)
            ]
        rows = {"history": histories, "values": values, "ledger": months}
        return {name: _table(engine, name, given) for name, given in rows.items()}

    return made


def _table(engine, name, rows):
    schema = CONTRACTS[name].schema.to_pyarrow()
    return engine.table([pa.RecordBatch.from_pylist(rows, schema=schema)], schema)


def segmented(engine, tables):
    answers = segment.run(tables, Settings(as_of=TODAY), engine)
    rows = collected(engine, answers["segments"]).to_pylist()
    schemes = {}
    for row in rows:
        schemes.setdefault(row["scheme"], {})[row["customer_id"]] = row["segment"]
    return schemes, answers


def test_customers_are_told_as_by_hand(engine, shop):
    schemes, answers = segmented(engine, shop(engine, PEOPLE))
    # Gaps 30, 40 and 50: the typical one is 40 days.
    assert schemes["kind"] == {"a": "frequent", "b": "occasional", "c": "lapsed", "d": "new", "e": "one-time"}
    assert schemes["tier"] == {
        "a": "top fifth", "b": "second fifth", "d": "middle fifth", "c": "fourth fifth", "e": "bottom fifth",
    }  # fmt: skip
    # Silent for 10, 120, 350, 20 and 300 days; the two who earned 10 score alike, as do the two who bought once.
    assert schemes["rfm"] == {"a": "R5 F5 M5", "b": "R3 F4 M4", "c": "R1 F3 M3", "d": "R4 F1 M1", "e": "R2 F1 M1"}
    profile = {row["segment"]: row for row in collected(engine, answers["segment_profiles"]).to_pylist()}
    top = profile["top fifth"]
    assert (top["customers"], top["contribution"], top["orders"]) == (1, 500, 6)
    assert top["customers_share"] == pytest.approx(0.2)
    assert top["contribution_share"] == pytest.approx(500 / 680)
    assert (top["expected"], top["expected_share"]) == (pytest.approx(90), pytest.approx(90 / 139))
    assert top["p_active"] == pytest.approx(0.9)


def test_the_answers_keep_their_contracts(duckdb, shop):
    _, answers = segmented(duckdb, shop(duckdb, PEOPLE))
    for name, table in answers.items():
        wanted = {c: t.copy(nullable=True) for c, t in CONTRACTS[name].schema.items()}
        assert dict(duckdb.keep(table).schema()) == wanted, name  # as written, not only as Ibis believes
        assert set(collected(duckdb, offences(name, table).drop("rows")).to_pylist()[0].values()) == {0}


def test_where_nobody_came_back_all_bought_once_and_shares_of_a_loss_are_null(duckdb, shop):
    people = {name: (0, 0, age, 0.4, -5, -1.0) for name, age in (("x", 1), ("y", 90))}
    schemes, answers = segmented(duckdb, shop(duckdb, people))
    assert set(schemes["kind"].values()) == {"one-time"}
    assert set(schemes["rfm"].values()) == {"R1 F1 M1", "R3 F1 M1"}  # half of two stand below the better
    rows = collected(duckdb, answers["segment_profiles"]).to_pylist()
    assert {row["contribution_share"] for row in rows} == {None}
    assert {row["expected_share"] for row in rows} == {None}


def test_tiers_are_fifths_even_where_all_are_alike(duckdb, shop):
    people = {f"c{i:02}": (1, 10, 50, 0.5, 10, 3.0) for i in range(20)}
    schemes, _ = segmented(duckdb, shop(duckdb, people))
    tiers = list(schemes["tier"].values())
    assert {tiers.count(t) for t in tiers} == {4}
    assert len(set(schemes["rfm"].values())) == 1


def test_every_customer_stands_once_in_every_scheme(duckdb, shop):
    people = {f"c{i:03}": (i % 4, 30 * (i % 4), 30 * (i % 4) + i, (i % 10) / 10, i, float(i)) for i in range(97)}
    schemes, _ = segmented(duckdb, shop(duckdb, people))
    assert {name: len(found) for name, found in schemes.items()} == {"rfm": 97, "tier": 97, "kind": 97}


def test_a_customer_nobody_valued_is_expected_to_bring_nothing(duckdb, shop):
    tables = shop(duckdb, PEOPLE)
    tables["values"] = tables["values"].filter(tables["values"].customer_id != "a")
    schemes, _ = segmented(duckdb, tables)
    assert schemes["tier"]["a"] == "bottom fifth"
