"""The arithmetic of break-even and of paying over a year."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell import decide
from keepwell.decide.plan import contact_cost, spread
from keepwell.engine import collected
from keepwell.settings import Assumptions, Contact, Settings


def test_a_year_of_payments_is_discounted_like_many_small_ones():
    days = np.arange(365) + 0.5
    plain = np.mean(1.1 ** (-days / 365.25))
    assert spread(Settings()) == pytest.approx(plain, rel=1e-6)


def test_without_discount_the_cost_is_plain():
    free = Assumptions(discount_rate=0)
    contact = Contact(cost=Decimal("0.8"), per_year=6)
    assert contact_cost(Settings(assumptions=free, contact=contact)) == pytest.approx(4.8)
    assert contact_cost(Settings()) == 0


MANY = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(
    expected=st.lists(st.floats(-50, 500, allow_subnormal=False), min_size=1, max_size=20),
    percents=st.tuples(*[st.integers(0, 100)] * 3).map(sorted),
    cost=st.integers(0, 40),
)
def test_the_plan_agrees_with_its_own_arithmetic_and_with_the_curve(duckdb, values, expected, percents, cost):
    low, share, high = (p / 100 for p in percents)
    assumed = Assumptions(discount_rate=0, contact_share=share, contact_share_low=low, contact_share_high=high)
    choices = Settings(assumptions=assumed, contact=Contact(cost=Decimal(cost), per_year=1))
    tables = decide.run({"values": values(duckdb, {f"c{i}": m for i, m in enumerate(expected)})}, choices, duckdb)
    plan = collected(duckdb, tables["plan"]).to_pylist()
    for row in plan:
        kept = row["action"] == "keep"
        assert kept == (row["break_even"] is not None and row["break_even"] <= share + 1e-9)
        assert row["gain"] >= -1e-6 if kept else row["gain"] <= 1e-6
        assert 0 <= row["pays_back"] <= 1
        assert 0 <= row["right"] <= 1
        assert row["verdict"] != ("stop" if kept else "keep")
    curve = {round(100 * r["share"]): r for r in collected(duckdb, tables["break_even"]).to_pylist()}
    total = collected(duckdb, decide.stop_total(tables["plan"])).to_pylist()[0]
    assert curve[percents[1]]["stopped"] == total["customers"]
    assert curve[percents[1]]["saves"] == pytest.approx(total["saves"], abs=1e-6)
    stopped = [curve[p]["stopped"] for p in sorted(curve)]
    assert stopped == sorted(stopped, reverse=True)
    # Half of the customers still pay at the highest cost, and fewer than half at a higher one.
    at = curve[percents[1]]["highest_cost"]
    pays = sum(share * m >= at - 1e-9 for m in expected)
    more = sum(share * m > at + 1e-6 for m in expected)
    assert more <= len(expected) / 2
    assert pays >= len(expected) / 2 or at == 0
