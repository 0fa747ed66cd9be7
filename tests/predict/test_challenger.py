"""The challenger on simulated shops: it wins where baskets tell, gains nothing else, and sees no future."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from keepwell import predict
from keepwell.engine import collected
from keepwell.errors import DataError, FitError
from keepwell.models import paretonbd
from keepwell.models.shapes import Cells
from keepwell.predict import challenger as asked
from keepwell.predict.boosted import reasons
from keepwell.predict.daily import daily
from keepwell.predict.fitted import Fitted
from keepwell.predict.history import customer_days, from_occasions
from keepwell.predict.methods import fitted
from keepwell.predict.past import divided, grouped
from keepwell.predict.score import Outcomes, judged
from keepwell.settings import from_dict

START, DAYS, AHEAD = date(2023, 1, 1), 400, 120


def shop(customers, *, tells, seed=1):
    """Draw a shop in which, if it `tells`, a first basket above 20 is the mark of who comes ten times as often."""
    rng = np.random.default_rng(seed)
    big = rng.random(customers) < 0.4
    rate = rng.gamma(2.0, 1 / 150, customers) * np.where(big & tells, 4.0, np.where(tells, 0.4, 1.0))
    first, left = rng.uniform(0, 390, customers), rng.exponential(400, customers)
    here = np.minimum(left, DAYS + AHEAD - first)
    number = rng.poisson(rate * here)
    owner = np.r_[np.arange(customers), np.repeat(np.arange(customers), number)]
    later = owner[customers:]
    day = np.floor(np.r_[first, first[later] + rng.uniform(size=len(later)) * here[later]]).astype(int)
    worth = np.r_[np.where(big, 30.0, 10.0), np.full(len(later), 15.0)]
    return np.char.mod("c%05d", owner), day, worth


def made(engine, orders, **more):
    until = START + timedelta(days=DAYS)
    days = engine.keep(customer_days(orders, until=START + timedelta(days=DAYS + AHEAD)))
    known = engine.keep(days.filter(days.day <= until))
    parts = divided(engine, known)
    past = grouped(engine, from_occasions(parts.occasions(), until=until))
    counted = daily(engine, known, first=START, as_of=until)
    facts = asked.Facts(engine, divided(engine, days), known, {}, counted, START, until)
    one = fitted("paretonbd", past.cells)
    return asked.challenger(facts, past.cells, [one], fitted, seed=1, **more), one


def scores(engine, orders_of, who, day, worth):
    """Return CRPS of the challenger and of the model alone, and the challenger."""
    stack, one = made(engine, orders_of(engine, who, day, worth))
    names = np.unique(who[day <= DAYS])
    keys = np.unique(np.char.add(who, np.char.mod("|%d", day))[(day > DAYS) & (day <= DAYS + 91)])
    came = np.bincount(np.searchsorted(names, [k.split("|")[0] for k in keys if k.split("|")[0] in set(names)]),
                       minlength=len(names))  # fmt: skip
    ones = np.ones(len(names))
    ours = judged(stack.forecast(91), Outcomes(np.arange(len(names)), came, ones)).crps
    alone = judged(one.predict(stack.cells, days=91), Outcomes(stack.cell, came, ones)).crps
    return ours, alone, stack


def test_it_wins_where_the_first_basket_tells(duckdb, orders_of):
    ours, alone, stack = scores(duckdb, orders_of, *shop(3000, tells=True))
    gap = alone - ours
    assert gap.mean() > 2 * gap.std() / np.sqrt(len(gap))
    assert stack.stack.booster.rounds > 0


def test_it_gains_nothing_where_the_model_is_the_truth(duckdb, orders_of):
    ours, alone, _ = scores(duckdb, orders_of, *shop(3000, tells=False))
    gap = alone - ours
    assert abs(gap.mean()) < 0.02 * alone.mean()


def test_a_shuffled_future_changes_nothing(duckdb, orders_of):
    who, day, worth = shop(800, tells=True)
    later = day > DAYS
    rng = np.random.default_rng(2)
    other, changed = day.copy(), worth.copy()
    other[later] = rng.integers(DAYS + 1, DAYS + AHEAD, later.sum())
    changed[later] = 99.0
    one, _ = made(duckdb, orders_of(duckdb, who, day, worth))
    two, _ = made(duckdb, orders_of(duckdb, who, other, changed))
    assert one.stack.booster.model == two.stack.booster.model
    np.testing.assert_array_equal(one.forecast(91).orders, two.forecast(91).orders)


def test_a_part_of_the_customers_is_said_to_be_one(duckdb, orders_of, monkeypatch):
    orders = orders_of(duckdb, *shop(600, tells=True))
    whole, _ = made(duckdb, orders)
    monkeypatch.setattr(asked, "MOST_ROWS", 1200)
    part, _ = made(duckdb, orders)
    examples = [int(one.words.split(" trees from ")[1].split(" ")[0].replace(",", "")) for one in (whole, part)]
    assert 0 < examples[1] < examples[0]
    assert "of the customers" not in whole.words
    assert re.search(r"of \d\d% of the customers, chosen by their ids$", part.words)


def test_a_part_without_the_giant_has_gaps_that_can_be():
    """Half of the customers, all of whom came daily for a week, where the other half came once a quarter for years."""
    cells = Cells(np.array([0, 7]), np.array([0, 7]), np.array([300, 300]), np.array([300.0, 40.0]))
    whole = 5000 * np.log(91.0)
    with pytest.raises(DataError, match="sum to"):
        fitted("mbgcnbdk", replace(cells, log_intervals=0.5 * whole))
    assert asked.log_gaps(cells, whole, 0.5) == 0.0
    assert fitted("mbgcnbdk", replace(cells, log_intervals=asked.log_gaps(cells, whole, 0.5))).fit.params.k >= 1
    assert asked.log_gaps(cells, whole, 1.0) == whole
    assert asked.log_gaps(replace(cells, recency=np.array([0, 70])), 600.0, 0.5) == 300.0


def test_rows_are_in_the_order_of_the_ids(duckdb, orders_of):
    who, day, worth = shop(300, tells=True)
    stack, _ = made(duckdb, orders_of(duckdb, who, day, worth))
    known = day <= DAYS
    names = np.unique(who[known])
    distinct = np.array([len(np.unique(day[known & (who == name)])) for name in names])
    np.testing.assert_array_equal(stack.everybody.repeats, distinct - 1)


def test_categories_have_the_codes_of_their_commonness():
    import pyarrow as pa

    table = pa.table({"channel": ["web", "web", "shop", None], "country": pa.nulls(4, pa.string())})
    code = asked.coder(table)
    assert code.words == {"channel": ("web", "shop"), "country": ()}


@pytest.mark.parametrize(("length", "number"), [(60, 0), (90, 1), (200, 3), (2000, 6)])
def test_origins_lie_between_youth_and_the_day(length, number):
    found = asked.origin_days(START, START + timedelta(days=length))
    assert len(found) == number
    assert all(START + timedelta(days=asked.YOUNGEST) <= d <= START + timedelta(days=length - 45) for d in found)


def test_days_a_quarter_apart_learn_from_the_same_days():
    late, early = (set(asked.origin_days(START, START + timedelta(days=days))) for days in (1000, 909))
    assert len(late & early) >= 3


def test_what_a_day_knew_is_read_once(duckdb, orders_of, monkeypatch):
    asked_for = []
    known = asked._known
    monkeypatch.setattr(asked, "_known", lambda facts, day, *more: asked_for.append(day) or known(facts, day, *more))
    memory = {}
    orders = orders_of(duckdb, *shop(600, tells=True))
    one, _ = made(duckdb, orders, memory=memory)
    two, _ = made(duckdb, orders, memory=memory)
    assert len(asked_for) == len(set(asked_for)) == len(memory)
    assert one.stack.booster.model == two.stack.booster.model


def test_a_log_that_is_too_short_says_so(duckdb, orders_of):
    until = START + timedelta(days=30)
    days = customer_days(orders_of(duckdb, ["a", "a"], [0, 5], [1, 2]), until=until)
    parts = divided(duckdb, days)
    past = grouped(duckdb, from_occasions(parts.occasions(), until=until))
    facts = asked.Facts(duckdb, parts, days, {}, daily(duckdb, days, first=START, as_of=until), START, until)
    with pytest.raises(FitError, match="too short"):
        asked.challenger(facts, past.cells, [Fitted("paretonbd", paretonbd, None)], fitted, seed=1)


def test_a_run_uses_it_where_the_backtest_says_so(duckdb, orders_of):
    who, day, worth = shop(2000, tells=True)
    known = day <= DAYS
    orders = {"order_contribution": orders_of(duckdb, who[known], day[known], worth[known])}
    plain = {"models": ["paretonbd"], "season": False, "covariates": []}
    made = predict.run(orders, from_dict({"as_of": START + timedelta(days=DAYS), "predict": plain}), duckdb)
    backtest = collected(duckdb, made["backtest"]).to_pylist()
    assert {row["method"] for row in backtest if row["measure"] == "champion"} == {"stack"}
    trees = {row["name"]: row for row in collected(duckdb, made["boosted"]).to_pylist()}
    assert set(trees) == {"3m", "6m", "12m"}
    names = json.loads(trees["12m"]["features"])["names"]
    parts = reasons(trees["12m"]["model"], [np.nan] * len(names), names)
    assert {name for name, _ in parts} == {*names, ""}
    told = collected(duckdb, made["values"].filter(made["values"].horizon == "12m").select("basis").distinct())
    assert "trees from" in told["basis"][0].as_py()
    values = made["values"].group_by("horizon").aggregate(total=made["values"].expected_contribution.sum())
    sums = {row["horizon"]: row["total"] for row in collected(duckdb, values).to_pylist()}
    equity = {row["horizon"]: row["expected"] for row in collected(duckdb, made["equity"]).to_pylist()}
    for name in trees:
        assert equity[name] == pytest.approx(sums[name], rel=1e-9)
