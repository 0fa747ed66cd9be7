"""The whole stage on both engines, against sums done by hand."""

from decimal import Decimal

import pytest

from keepwell import decide
from keepwell.engine import collected
from keepwell.settings import Assumptions, Contact, Settings
from keepwell.tables import CONTRACTS, offences

# No discount, so that a year's contacts cost exactly 4.
PLAIN = Settings(assumptions=Assumptions(discount_rate=0), contact=Contact(cost=Decimal(1), per_year=4))
PEOPLE = {"ann": 100.0, "bob": 30.0, "cleo": 12.0, "dan": 3.0, "eve": -5.0}


def test_verdicts_are_as_by_hand(engine, values):
    tables = decide.run({"values": values(engine, PEOPLE)}, PLAIN, engine)
    plan = {row["customer_id"]: row for row in collected(engine, tables["plan"]).to_pylist()}
    assert set(plan) == set(PEOPLE)
    assert {name: row["action"] for name, row in plan.items()} == {
        "ann": "keep", "bob": "keep", "cleo": "stop", "dan": "stop", "eve": "stop",
    }  # fmt: skip
    # 4 of 100 is needed where 5% to 40% are thought possible; 4 of 30 and of 12 lie inside, 4 of 3 beyond.
    assert [plan[n]["verdict"] for n in PEOPLE] == ["keep", "unsure", "unsure", "stop", "stop"]
    assert plan["ann"]["break_even"] == pytest.approx(0.04)
    assert plan["dan"]["break_even"] is None
    assert plan["bob"]["gain"] == pytest.approx(2)
    assert plan["bob"]["gain_lower"] == pytest.approx(-2.5)
    assert plan["bob"]["gain_upper"] == pytest.approx(8)
    assert plan["eve"]["gain"] == pytest.approx(-5)
    assert plan["bob"]["reason"] == (
        "To keep mailing this customer you must believe that mailing causes at least 14% of what they buy; "
        "20% is assumed."
    )
    assert plan["dan"]["reason"].startswith("Mailing cannot pay on this customer: it costs more than")
    assert plan["eve"]["reason"].endswith("they are expected to bring nothing.")
    assert {row["evidence"] for row in plan.values()} == {"assumed"}
    # The mean is known (sd 0): the chance that S > 4/30 of a triangle 5%, 20%, 40%, by its area.
    assert plan["bob"]["right"] == pytest.approx(1 - (4 / 30 - 0.05) ** 2 / (0.35 * 0.15))
    assert plan["dan"]["right"] == pytest.approx(1)
    total = collected(engine, decide.stop_total(tables["plan"])).to_pylist()[0]
    # 3 stopped: 12 not spent; given up 20% of 12 + 3 - 5.
    assert (total["customers"], total["cost"]) == (3, 12)
    assert total["given_up"] == pytest.approx(2)
    assert total["saves"] == pytest.approx(10)
    assert (total["saves_lower"], total["saves_upper"]) == (pytest.approx(12 - 4), pytest.approx(12 - 0.5))


def test_the_curve_is_as_by_hand(engine, values):
    tables = decide.run({"values": values(engine, PEOPLE)}, PLAIN, engine)
    rows = collected(engine, tables["break_even"]).to_pylist()
    curve = {round(row["share"] * 100): row for row in rows}
    assert sorted(curve) == list(range(101))
    assert [curve[s]["stopped"] for s in (0, 3, 4, 13, 14, 33, 34, 100)] == [5, 5, 4, 4, 3, 3, 2, 2]
    assert curve[0]["saves"] == pytest.approx(20)
    assert curve[20]["saves"] == pytest.approx(10)
    assert curve[100]["saves"] == pytest.approx(8 + 2)
    # Three of five reach 12: at 50% they still pay with contacts of 6 a year.
    assert curve[50]["highest_cost"] == pytest.approx(6)


def test_without_a_cost_there_is_no_stop_list_but_the_curve(engine, values):
    tables = decide.run({"values": values(engine, PEOPLE)}, Settings(), engine)
    assert collected(engine, tables["plan"]).num_rows == 0
    assert list(tables["plan"].columns) == list(CONTRACTS["plan"].columns)
    curve = collected(engine, tables["break_even"]).to_pylist()
    assert len(curve) == 101
    assert {row["stopped"] for row in curve} == {1}  # Eve, even were contact free
    assert max(row["highest_cost"] for row in curve) == pytest.approx(12 / 0.953854, rel=1e-5)
    total = collected(engine, decide.stop_total(tables["plan"])).to_pylist()[0]
    assert (total["customers"], total["saves"]) == (0, 0)


def test_the_answers_keep_their_contracts(duckdb, values):
    tables = decide.run({"values": values(duckdb, PEOPLE)}, PLAIN, duckdb)
    for name, table in tables.items():
        wanted = {c: t.copy(nullable=True) for c, t in CONTRACTS[name].schema.items()}
        assert dict(duckdb.keep(table).schema()) == wanted, name  # as written, not only as Ibis believes
        assert set(collected(duckdb, offences(name, table).drop("rows")).to_pylist()[0].values()) == {0}


def test_nobody_gives_an_empty_plan_and_a_flat_curve(duckdb, values):
    table = values(duckdb, {"ann": 1.0})
    tables = decide.run({"values": table.filter(table.horizon == "none")}, PLAIN, duckdb)
    assert collected(duckdb, tables["plan"]).num_rows == 0
    assert {row["stopped"] for row in collected(duckdb, tables["break_even"]).to_pylist()} == {0}


def test_the_reason_is_told_as_finely_as_the_assumption(duckdb, values):
    assumed = Assumptions(discount_rate=0, contact_share=0.125)
    settings = PLAIN.model_copy(update={"assumptions": assumed})
    plan = decide.run({"values": values(duckdb, {"ann": 32.3, "bob": 31.9})}, settings, duckdb)["plan"]
    rows = {row["customer_id"]: row for row in collected(duckdb, plan).to_pylist()}
    assert rows["ann"]["action"] == "keep"
    assert "at least 12.4% of what they buy; 12.5% is assumed" in rows["ann"]["reason"]
    assert rows["bob"]["action"] == "stop"
    assert "at least 12.6% of" in rows["bob"]["reason"]
