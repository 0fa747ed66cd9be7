from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from keepwell.errors import FitError
from keepwell.models import mbgcnbdk, paretonbd
from keepwell.models.shapes import Cells
from keepwell.predict import covariates
from keepwell.predict.fitted import Fitted
from keepwell.predict.log import read
from keepwell.predict.methods import answers, methods, scene_of
from keepwell.predict.score import Outcomes, judged
from keepwell.settings import Predict, Settings
from keepwell.tables import CONTRACTS

START, DAYS = date(2023, 1, 1), 546
CHANNELS = ("web", "phone", "fair")
SLOWER = np.array([0.0, 0.9, -0.6])


def lines_of(engine, start, customer, day, worth, **columns):
    """Return `order_lines`, one line an order."""
    size = len(customer)
    plain = {"gross": worth, "money": worth, "channel": None, "country": None, "product_id": None} | columns
    arrays = []
    schema = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS["order_lines"].schema.to_pyarrow()])
    for field in schema:
        value = plain.get(field.name, "0" if pa.types.is_decimal(field.type) else None)
        if field.name in ("gross", "money"):
            array = pa.array([f"{v:.4f}" for v in value]).cast(field.type)
        elif field.name == "order_date":
            array = pa.array([start + timedelta(days=int(d)) for d in day], field.type)
        elif field.name == "ordered_at":
            array = pa.array([start + timedelta(days=int(d)) for d in day], pa.date32()).cast(field.type)
        elif field.name in ("channel", "country", "product_id") and value is not None:
            array = pa.array(list(value), field.type)
        elif pa.types.is_decimal(field.type):
            array = pa.array(["0"] * size).cast(field.type)
        elif field.name == "customer_id":
            array = pa.array(list(customer), field.type)
        elif field.name == "line":
            array = pa.array(np.arange(size), field.type)
        elif pa.types.is_boolean(field.type):
            array = pa.array([False] * size, field.type)
        else:
            array = pa.array([f"{field.name}{i}" for i in range(size)], field.type)
        arrays.append(array)
    return engine.table([pa.RecordBatch.from_arrays(arrays, schema=schema)], schema)


def shop(seed=1, customers=6000, ahead=365):
    """Draw a Pareto/NBD shop whose channels buy at different rates: owner, day, worth of each purchase; channels."""
    rng = np.random.default_rng(seed)
    channel = rng.integers(0, 3, customers)
    rate = rng.gamma(0.7, np.exp(-SLOWER[channel]) / 50.0)
    leave = rng.gamma(0.6, 1 / 150.0, customers)
    first = rng.integers(0, 273, customers)
    here = np.minimum(rng.exponential(1 / leave), DAYS + ahead - first)
    number = rng.poisson(rate * here)
    owner = np.r_[np.arange(customers), np.repeat(np.arange(customers), number)]
    later = first[owner[customers:]] + rng.uniform(size=number.sum()) * here[owner[customers:]]
    day = np.r_[first, np.floor(later)].astype(int)
    return owner, day, np.round(rng.gamma(3, 12, len(owner)), 2), channel


def log_of(engine, orders_of, drawn, *, until=DAYS - 1, lines=True, **columns):
    owner, day, worth, channel = drawn
    name = np.char.mod("c%06d", owner)
    seen = day < DAYS
    start = START
    tables = {"order_contribution": orders_of(engine, name[seen], day[seen], worth[seen])}
    if lines:
        plain = {"channel": [CHANNELS[c] for c in channel[owner[seen]]], "country": ["FR"] * int(seen.sum())} | columns
        tables["order_lines"] = lines_of(engine, start, name[seen], day[seen], worth[seen], **plain)
    return read(engine, tables, Settings(), start + timedelta(days=until))


@pytest.fixture(scope="module")
def drawn():
    return shop()


@pytest.fixture(scope="module")
def log(duckdb, orders_of, drawn):
    return log_of(duckdb, orders_of, drawn)


@pytest.fixture(scope="module")
def one(log):
    return Fitted("paretonbd", paretonbd, paretonbd.fit(log.past.cells))


@pytest.fixture(scope="module")
def scene(log):
    return scene_of(log)


def asked(log, one, scene, names=("channel", "country")):
    people = scene.customers()
    return covariates.told(log, log.as_of, names, one, log.past.cells, ids=people.ids, cell=people.cell)


@pytest.fixture(scope="module")
def found(log, one, scene):
    return asked(log, one, scene)


def test_levels_are_those_of_the_first_purchase_day(engine, orders_of):
    owner, day, worth, channel = shop(seed=3, customers=900)
    product = np.where(owner % 2 == 0, "even", "odd")[day < DAYS]
    log = log_of(engine, orders_of, (owner, day, worth, channel), until=300, product_id=product)
    coded = covariates.codes(log, log.as_of, ["channel", "country", "first_basket", "cohort", "first_product"])
    # One country tells nobody apart.
    assert coded.names == ("channel", "first_basket", "cohort", "first_product")
    number = np.array([int(name[1:]) for name in coded.ids.to_pylist()])
    assert [coded.levels[0][c] for c in coded.codes[:, 0]] == [CHANNELS[c] for c in channel[number]]
    assert [coded.levels[3][c] for c in coded.codes[:, 3]] == [("even", "odd")[n % 2] for n in number]
    first = np.full(900, DAYS)
    np.minimum.at(first, owner, day)
    spent = np.zeros(900)
    np.add.at(spent, owner[day == first[owner]], worth[day == first[owner]])
    bin_of = coded.codes[:, 1]
    shares = np.bincount(bin_of) / len(bin_of)
    assert shares == pytest.approx([0.25] * 4, abs=0.05)
    highest = [spent[number][bin_of == b].max() for b in range(4)]
    assert highest == sorted(highest)
    month = [(START + timedelta(days=int(first[n]))).month for n in number]
    assert [coded.levels[2][c] for c in coded.codes[:, 2]] == [f"2023-Q{(m + 2) // 3}" for m in month]


def test_rare_levels_and_unknown_ones_are_other(duckdb, orders_of, drawn):
    owner, day = drawn[0], drawn[1]
    few = np.where(owner % 100 == 0, "rare", np.where(owner % 3 == 0, "often", None))[day < DAYS]
    log = log_of(duckdb, orders_of, drawn, country=few)
    coded = covariates.codes(log, log.as_of, ["country"])
    assert coded.levels == (("often", "other"),)
    assert np.bincount(coded.codes[:, 0])[1] == sum(i % 3 != 0 or i % 100 == 0 for i in range(6000))


def test_first_product_is_the_dearest_of_the_first_day(duckdb, orders_of, drawn):
    owner, day = drawn[0], drawn[1]
    product = np.where(owner % 2 == 0, "even", "odd")[day < DAYS]
    log = log_of(duckdb, orders_of, drawn, product_id=product)
    coded = covariates.codes(log, log.as_of, ["first_product"])
    number = np.array([int(name[1:]) for name in coded.ids.to_pylist()])
    assert [coded.levels[0][c] for c in coded.codes[:, 0]] == [("even", "odd")[n % 2] for n in number]


def test_what_comes_after_an_origin_is_not_seen(duckdb, orders_of, drawn):
    """Another future: other customers come, by other channels, for other products and a hundred times the money."""
    owner, day, worth, channel = drawn
    later = day > 200
    other = np.where(later, np.random.default_rng(8).permutation(6000)[owner], owner)
    both = []
    for who, spent, names in ((owner, worth, CHANNELS), (other, np.where(later, 100 * worth, worth), ("new",) * 3)):
        seen = day < DAYS
        at = [(names if new else CHANNELS)[c] for new, c in zip(later[seen], channel[owner[seen]], strict=True)]
        product = [f"{'z' if new and names[0] == 'new' else 'p'}{c % 5}" for new, c in zip(later, who, strict=True)]
        columns = {"channel": at, "product_id": np.array(product)[seen]}
        log = log_of(duckdb, orders_of, (who, day, spent, channel), **columns)
        wanted = ["channel", "first_product", "first_basket", "cohort"]
        both.append(covariates.codes(log, START + timedelta(days=200), wanted))
    one, two = both
    assert one.names == ("channel", "first_product", "first_basket", "cohort")
    assert (two.names, two.levels) == (one.names, one.levels)
    assert two.ids.equals(one.ids)
    np.testing.assert_array_equal(two.codes, one.codes)


def test_effects_of_the_channels_are_found(found):
    factor = {part.name: part for part in found.parts}
    rates = [factor[f"buying: channel {name}"] for name in CHANNELS]
    gaps = np.log([rates[1].factor / rates[0].factor, rates[2].factor / rates[0].factor])
    # About 2,000 customers and 6,000 purchases a channel.
    assert gaps == pytest.approx(-SLOWER[1:], abs=0.2)


def test_customers_are_forecast_better_than_all_alike(found, one, scene, log, drawn):
    owner, day, _, _ = drawn
    number = np.array([int(name[1:]) for name in scene.customers().ids.to_pylist()])
    pairs = np.unique(np.stack([owner, day])[:, day >= DAYS], axis=1)
    came = np.bincount(pairs[0], minlength=6000)[number]
    each = Outcomes(np.arange(len(number)), came, np.ones(len(number)))
    plain = Outcomes(scene.customers().cell, came, np.ones(len(number)))
    ours = judged(found.forecast(365), each).crps
    theirs = judged(one.predict(log.past.cells, days=365), plain).crps
    gain = theirs - ours
    assert gain.mean() > 2 * gain.std() / np.sqrt(len(gain))


def test_a_customers_row_is_that_of_their_groups_model(found, scene):
    forecast = found.forecast(91, rate=3e-4)
    cells = scene.cells
    group = np.repeat(np.arange(3), [len(c.age) for c in found.kinds.cells])[found.row]
    for i in (0, 17, 4000):
        at = {
            name: getattr(cells, field)[[scene.customers().cell[i]]].astype(float)
            for name, field in (("x", "repeats"), ("t_x", "recency"), ("T", "age"))
        }
        p = found.params[group[i]]
        assert forecast.orders[i] == pytest.approx(paretonbd.expected(p, **at, t=91.0)[0], rel=1e-6)
        pmf = forecast.pmf[forecast.start[forecast.group[i]] : forecast.start[forecast.group[i] + 1]]
        mean = forecast.p_active[i] * (pmf @ np.arange(len(pmf)))
        assert mean == pytest.approx(forecast.orders[i], rel=1e-5)


def test_channels_that_tell_nothing_take_no_part(duckdb, orders_of, drawn):
    owner, day = drawn[0], drawn[1]
    luck = np.random.default_rng(5).integers(0, 2, 6000)
    log = log_of(duckdb, orders_of, drawn, channel=np.array(["a", "b"])[luck[owner[day < DAYS]]])
    one = Fitted("paretonbd", paretonbd, paretonbd.fit(log.past.cells))
    with pytest.raises(FitError, match=r"like those of another \(channel\)"):
        asked(log, one, scene_of(log), ("channel",))


def test_without_lines_only_the_first_basket_and_the_cohort_are_known(duckdb, orders_of, drawn):
    log = log_of(duckdb, orders_of, drawn, lines=False)
    coded = covariates.codes(log, log.as_of, ["channel", "country", "first_product", "first_basket", "cohort"])
    assert coded.names == ("first_basket", "cohort")


def test_an_odd_cohort_is_named_and_alike_ones_are_not(duckdb, orders_of):
    rng = np.random.default_rng(6)
    customers, days = 8000, 1000
    first = rng.integers(0, 720, customers)
    odd = (first >= 181) & (first < 273)  # the third quarter of 2023
    rate = rng.gamma(0.7, np.where(odd, 0.35, 1.0) / 50.0)
    here = np.minimum(rng.exponential(1 / rng.gamma(0.6, 1 / 150.0, customers)), days - 1 - first)
    number = rng.poisson(rate * here)
    owner = np.r_[np.arange(customers), np.repeat(np.arange(customers), number)]
    later = first[owner[customers:]] + rng.uniform(size=number.sum()) * here[owner[customers:]]
    day = np.r_[first, np.floor(later)].astype(int)
    tables = {"order_contribution": orders_of(duckdb, np.char.mod("c%06d", owner), day, np.ones(len(day)))}
    log = read(duckdb, tables, Settings(), START + timedelta(days=days - 1))
    one = Fitted("paretonbd", paretonbd, paretonbd.fit(log.past.cells))
    told = covariates.odd_cohorts(one, log.past.cells, log.as_of)
    assert [cohort for cohort, _, _ in told] == ["2023-Q3"]
    assert told[0][1] < -4
    assert "0.3" in told[0][2] or "0.4" in told[0][2]
    alike = Fitted("paretonbd", paretonbd, paretonbd.fit(_without(log, 2023, 3)))
    assert covariates.odd_cohorts(alike, _without(log, 2023, 3), log.as_of) == []


def test_the_settings_let_calendar_and_covariates_compete(log, scene):
    named = Predict(models=("paretonbd",), challenger=False, covariates=("channel",))
    ready, failed = answers(methods(named), scene)
    assert not failed
    assert list(ready) == ["paretonbd", "season", "covariates"]
    assert [answer.per for answer in ready.values()] == ["cell", "cell", "customer"]
    assert ready["covariates"].one.name == "season"
    assert {part.name for part in ready["season"].parts} >= {"weekday 1", "weekday 7"}
    assert {part.name for part in ready["covariates"].parts} >= {"buying: channel web", "leaving: channel fair"}
    assert len(ready["covariates"].forecast(91).orders) == len(scene.customers().ids)
    plain = Predict(models=("paretonbd",), challenger=False, season=False, covariates=())
    assert list(answers(methods(plain), scene)[0]) == ["paretonbd"]


def test_regular_buyers_are_judged_too(log):
    one = Fitted("mbgcnbdk", mbgcnbdk, mbgcnbdk.fit(log.past.cells, k=2))
    assert covariates.odd_cohorts(one, log.past.cells, log.as_of) == []


def _without(log, year, quarter):
    """Return the histories of all who did not first buy in a quarter."""
    cells = log.past.cells
    month = (np.datetime64(log.as_of) - cells.age).astype("datetime64[M]").astype(int)
    keep = month // 3 != (year - 1970) * 4 + quarter - 1
    return Cells(cells.repeats[keep], cells.recency[keep], cells.age[keep], cells.count[keep])
