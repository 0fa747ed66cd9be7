"""Money put on the forecast, batch by batch."""

import pickle
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from keepwell.engine import collected
from keepwell.models import compound
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.shapes import Cells
from keepwell.predict.horizon import Ahead
from keepwell.predict.level import NONE, Level
from keepwell.predict.value import READ, SCHEMA, Known, at_cells, lengthened, lookup, next_orders, valued
from keepwell.tables import offences

GAMMA = GammaGamma(6.25, 3.74, 15.44)
CELLS = Cells(np.array([0, 2, 2]), np.array([0, 30, 31]), np.array([50, 90, 90]), np.ones(3))


def ahead(name):
    pmf = np.array([0.4, 0.3, 0.2, 0.1, 0.1, 0.5, 0.4])
    active = np.array([0.5, 0.9, 0.8])
    return Ahead(
        name=name,
        days=365,
        p_active=active,
        orders=np.array([0.5, 1.17, 1.04]),
        discounted=np.array([0.48, 1.1, 1.0]),
        none=1 - active * (1 - np.array([0.4, 0.1, 0.1])),
        group=np.array([0, 1, 1]),
        start=np.array([0, 4, 7]),
        pmf=pmf,
        discount=np.array([0.96, 0.95, 0.95]),
        moves=np.array([[0.01, 0.02, 0.03], [0.0, 0.01, 0.04]]),
    )


SOON = np.array([[0.1, 0.2, 0.3], [0.2, 0.3, 0.4], [0.3, 0.4, 0.5]])


def known(level=NONE, **more):
    worth = compound.gamma_worth(GAMMA, compound.points(256, seed=1), np.ones(256))
    both, wait = (ahead("12m"), ahead("life")), np.array([np.inf, 76.2, 177.0])
    return Known(lookup(CELLS), both, wait, date(2024, 1, 1), SOON, worth, level, 0.5, ("a", "b"), **more)


class Twice:
    """A method of rows that expects twice as much as the last cell's."""

    def of(self, batch):
        rows = at_cells(ahead("life"), np.full(len(batch), 2))
        return replace(rows, orders=2 * rows.orders, none=batch["extra"].to_numpy())


def batch(*rows):
    names = ["string", *["int64"] * 3, *["float64"] * 3]
    columns = zip(*rows, strict=True)
    return pa.record_batch([pa.array(c, t) for c, t in zip(columns, names, strict=True)], names=list(READ))


ROWS = (("ann", 2, 31, 90, 20.0, 50.0, 1300.0), ("bob", 0, 0, 50, 80.0, 0.0, 0.0), ("cid", 2, 30, 90, 5.0, 9.0, 41.0))


def test_each_customer_gets_a_row_for_each_horizon():
    found = valued(batch(*ROWS), known=known())
    assert found.schema == SCHEMA
    assert found["customer_id"].to_pylist() == ["ann", "bob", "cid"] * 2
    assert found["horizon"].to_pylist() == ["12m"] * 3 + ["life"] * 3
    assert found["basis"].to_pylist() == ["a"] * 3 + ["b"] * 3


def test_the_customers_cell_gives_the_forecast_and_their_orders_the_spend():
    rows = {r["customer_id"]: r for r in valued(batch(*ROWS), known=known()).to_pylist()[:3]}
    ann = rows["ann"]
    spend = GAMMA.p * (GAMMA.gamma + 70) / (GAMMA.p * 3 + GAMMA.q - 1)
    assert (ann["p_active"], ann["expected_orders"]) == (0.8, 1.04)
    assert ann["spend"] == pytest.approx(spend)
    assert ann["expected_contribution"] == pytest.approx(spend * 1.0)
    weight = GAMMA.p * 3 / (GAMMA.p * 3 + GAMMA.q - 1)
    assert ann["spend_weight"] == pytest.approx(weight)
    sd = np.sqrt((0.03 * spend) ** 2 + (0.04 * spend) ** 2 + (1.0 * (1 - weight) * 0.5) ** 2)
    assert ann["sd_mean"] == pytest.approx(sd)
    assert ann["next_order"] == date(2024, 6, 26)
    assert rows["bob"]["next_order"] is None
    assert rows["bob"]["q50"] == 0 < rows["bob"]["q95"]


def test_the_chance_of_an_order_soon_is_that_of_the_cell_in_every_horizon():
    rows = valued(batch(*ROWS), known=known()).to_pylist()
    for row in rows[::3]:
        assert [row[f"p_order_{days}"] for days in (30, 60, 90)] == [0.3, 0.4, 0.5]
        assert row["p_leave"] is None


def test_a_method_of_rows_takes_the_place_of_the_cells_in_its_horizon():
    wide = batch(*ROWS).append_column("extra", pa.array([0.1, 0.2, 0.19]))
    rows = valued(wide, known=known(rows={"life": Twice()}, reads=("extra",))).to_pylist()
    assert rows[:3] == valued(batch(*ROWS), known=known()).to_pylist()[:3]
    assert [row["p_zero"] for row in rows[3:]] == pytest.approx([0.1, 0.2, 0.19])
    assert [row["expected_orders"] for row in rows[3:]] == [2.08] * 3
    assert [row["p_active"] for row in rows] == [0.8, 0.5, 0.9] * 2  # of the cells, whoever counts the orders


class Never:
    """A method of rows that holds no order for likely."""

    def of(self, batch):
        return replace(at_cells(ahead("life"), np.zeros(len(batch), int)), none=np.full(len(batch), 0.99))


def test_more_time_never_makes_no_order_likelier_whichever_methods_answer():
    rows = valued(batch(*ROWS), known=known(rows={"life": Never()})).to_pylist()
    for near, far in zip(rows[:3], rows[3:], strict=True):
        assert far["p_zero"] == near["p_zero"] < 0.99
        assert far["p_order_90"] <= 1 - near["p_zero"]


FOUR = {"3m": 91, "6m": 182, "12m": 365, "life": 3650}


def spread(name, *, orders=1.0, chance=1.0):
    """Return a horizon of the cells in which more and more orders come, the longer it is."""
    far = {"3m": 0.4, "6m": 0.65, "12m": 1.0, "life": 2.2}[name]
    one, start = ahead(name), [0, 4, 7]
    none = np.exp(-far * chance * np.array([0.35, 0.9, 0.6]))
    share = {"3m": 0.99, "6m": 0.98, "12m": 0.96, "life": 0.85}[name]
    whole = far * orders * np.array([0.5, 1.5, 1.2])
    return replace(
        one, days=FOUR[name], orders=whole, discounted=share * whole, none=none, start=np.array(start), p_active=ALIVE
    )


ALIVE = np.array([0.7, 0.95, 0.9])


@dataclass(frozen=True)
class Told:
    """A method of rows that differs from the cells by factors."""

    name: str
    orders: float
    chance: float

    def of(self, batch):
        cell = known().lookup.find(*(batch[name].to_numpy() for name in ("repeats", "recency", "age")))
        return at_cells(spread(self.name, orders=self.orders, chance=self.chance), cell)


def four(told=(), *, orders=1.0, chance=1.0):
    """Return what is known of four horizons, some told row by row."""
    aheads = tuple(spread(name) for name in FOUR)
    soon = 1 - aheads[0].none ** (np.array([[30], [60], [90]]) / 91)
    rows = {name: Told(name, orders, chance) for name in told}
    year = np.array([aheads[2].orders, aheads[2].discounted]) if "12m" in told else None
    more = {"horizons": aheads, "soon": soon, "basis": tuple(FOUR), "rows": rows, "year": year}
    return replace(known(), wait=np.array([np.inf, 320.5, 400.5]), **more)


def by_customer(known):
    found = {}
    for row in valued(batch(*ROWS), known=known).to_pylist():
        found.setdefault(row["customer_id"], {})[row["horizon"]] = row
    return found


SHAPES = [(1.0, 1.0), (3.0, 2.5), (0.2, 1.3), (0.1, 0.05), (5.0, 0.4), (1e-9, 0.0), (40.0, 1e4)]


@pytest.mark.parametrize(("orders", "chance"), SHAPES)
@pytest.mark.parametrize("told", [("3m",), ("12m",), ("3m", "6m", "12m")])
def test_whichever_methods_answer_the_numbers_of_a_customer_agree(told, orders, chance):
    for rows in by_customer(four(told, orders=orders, chance=chance)).values():
        near, half, year, life = (rows[name] for name in FOUR)
        for name in ("p_active", "next_order", "p_order_30", "p_order_60", "p_order_90"):
            assert len({row[name] for row in rows.values()}) == 1
        assert near["p_order_30"] <= near["p_order_60"] <= near["p_order_90"] <= 1 - near["p_zero"]
        assert life["expected_orders"] >= year["expected_orders"]
        assert life["expected_contribution"] >= year["expected_contribution"]
        assert life["p_zero"] <= year["p_zero"] <= half["p_zero"] <= near["p_zero"]
        assert all(np.isfinite(value) for row in rows.values() for value in row.values() if isinstance(value, float))
        due = (near["next_order"] - date(2024, 1, 1)).days if near["next_order"] else np.inf
        for row in (near, half, year):
            assert (due <= FOUR[row["horizon"]]) == (row["p_zero"] <= 0.5)


def test_a_method_of_rows_that_says_what_the_cells_say_changes_nothing():
    plain, told = (valued(batch(*ROWS), known=four(rows)).to_pylist() for rows in ((), ("3m", "6m", "12m")))
    for one, other in zip(plain, told, strict=True):
        for name, value in one.items():
            assert other[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)


def test_cells_keep_their_own_times_where_no_method_of_rows_answers():
    rows = by_customer(four())
    assert rows["cid"]["3m"]["next_order"] == date(2024, 1, 1) + timedelta(days=321)
    assert rows["ann"]["3m"]["next_order"] == date(2024, 1, 1) + timedelta(days=401)
    assert rows["bob"]["3m"]["next_order"] is None


def test_a_life_is_multiplied_by_what_its_first_year_was():
    plain, told = by_customer(four()), by_customer(four(("12m",), orders=3.0, chance=2.0))
    for name, rows in told.items():
        assert rows["life"]["expected_orders"] == pytest.approx(3 * plain[name]["life"]["expected_orders"])
        both = [found["life"]["expected_contribution"] for found in (rows, plain[name])]
        assert both[0] == pytest.approx(3 * both[1])
        assert rows["life"]["sd_mean"] == pytest.approx(3 * plain[name]["life"]["sd_mean"])


@pytest.mark.parametrize("factor", [0.02, 0.3, 1.2, 7.0])
@pytest.mark.parametrize("none", [0.999, 0.5, 0.01])
def test_the_distribution_of_a_life_keeps_the_mean_of_its_orders(factor, none):
    """The mean is (1 - P(0)) x mean of the orders given one x what one brings, before and after."""
    life, cell = spread("life"), np.array([0, 1, 2])
    base = np.array([spread("12m").orders, spread("12m").discounted])
    year = at_cells(spread("12m", orders=factor), cell)
    found, plain = lengthened(life, cell, replace(year, none=np.full(3, none)), base), at_cells(life, cell)
    means = [(1 - rows.none) * rows.discount for rows in (found, plain)]
    np.testing.assert_allclose(means[0], factor * means[1], rtol=1e-12)
    assert (found.none <= none).all()
    assert ((found.none >= 0) & (found.none <= 1)).all()


def test_of_who_is_surely_gone_a_life_is_the_first_year():
    gone = replace(spread("life"), p_active=np.zeros(3), orders=np.zeros(3), discounted=np.zeros(3), none=np.ones(3))
    year = at_cells(spread("12m", orders=1e-9), np.array([0, 1, 2]))
    found = lengthened(gone, np.array([0, 1, 2]), year, np.zeros((2, 3)))
    np.testing.assert_array_equal(found.orders, year.orders)
    np.testing.assert_array_equal(found.discounted, year.discounted)


def test_the_level_scales_all_money_of_its_group():
    low = Level(np.array([1.0, 1.0, 0.5, 1.0]), 5)
    one, other = (valued(batch(*ROWS), known=known(level)).to_pylist() for level in (NONE, low))
    for name in ("spend", "expected_contribution", "q75", "q95"):
        assert other[0][name] == pytest.approx(0.5 * one[0][name])
        assert other[1][name] == one[1][name]


def test_a_batch_can_be_sent_to_a_worker():
    kernel = pickle.loads(pickle.dumps(partial(valued, known=known())))  # noqa: S301 - our own bytes
    assert kernel(batch(*ROWS)).equals(valued(batch(*ROWS), known=known()))


def test_the_next_order_is_rounded_up_and_may_never_come():
    found = next_orders(np.array([0.2, 10.0, np.inf, 1e9]), date(1970, 1, 11))
    assert found.tolist() == [11, 20, -1, -1]


@pytest.mark.parametrize("column", ["expected_contribution", "sd_mean", "spend"])
def test_what_is_no_number_breaks_the_contract(duckdb, column):
    good = valued(batch(*ROWS), known=known())
    place = good.schema.get_field_index(column)
    spoilt = good.set_column(place, good.schema.field(place), pa.array([np.nan, *good[column].to_pylist()[1:]]))
    counts = [collected(duckdb, offences("values", duckdb.table([b], SCHEMA))).to_pylist()[0] for b in (good, spoilt)]
    assert [row["money is a number"] for row in counts] == [0, 1]
