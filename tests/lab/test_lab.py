"""The lab: published numbers in their own unit of time, truth found again, and every wrong input told."""

import json
import subprocess
import sys
from datetime import date, timedelta
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from keepwell import lab
from keepwell.errors import ConfigError, DataError, FitError
from keepwell.lab.families import FAMILIES, build
from keepwell.lab.purchases import PurchaseFit
from keepwell.lab.times import steps_in_unit
from keepwell.lab.within import none, quantile
from keepwell.models.shapes import Fit
from keepwell.models.shapes import parameters as plain

BUYING = [name for name in FAMILIES if find_spec(f"keepwell.models.{name}")]
PAST = {"x": [2.0, 0.0, 5.0, 1.0], "t_x": [30.0, 0.0, 12.0, 3.0], "T": [38.0, 20.0, 40.0, 39.0]}
TRUTH = {
    "paretonbd": {"r": 0.7, "alpha": 40.0, "s": 0.8, "beta": 150.0},
    "bgnbd": {"r": 0.6, "alpha": 25.0, "a": 0.9, "b": 3.0},
    "mbgnbd": {"r": 0.8, "alpha": 25.0, "a": 0.9, "b": 3.0},
    "mbgcnbdk": {"r": 2.0, "alpha": 25.0, "a": 0.9, "b": 3.0},
    "bgbb": {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.8},
}


def known(model, **params):
    """Return a fit with given parameters, as if they had been estimated."""
    p = build(import_module(f"keepwell.models.{model}"))(**params)
    nan = float("nan")
    fit = Fit(p, nan, dict.fromkeys(params, nan), ((nan,) * len(params),) * len(params), True, "given", 1.0, 1, 0)
    return PurchaseFit(model, fit, 1.0)


@pytest.fixture(scope="module")
def pareto():
    return known("paretonbd", **TRUTH["paretonbd"])


@pytest.fixture(scope="module")
def simulated(pareto):
    rng = np.random.default_rng(20)
    return pareto.simulate(3000, age=rng.integers(120, 400, 3000), rng=rng, ahead=90)


@pytest.fixture
def sample(shared_data):
    """The log of the CDNOW sample: 2,357 customers."""
    rows = [line.split() for line in (shared_data / "cdnow" / "CDNOW_sample.txt").read_text().splitlines() if line]
    days = [f"{r[2][:4]}-{r[2][4:6]}-{r[2][6:]}" for r in rows]
    return pa.table({"customer_id": [r[1] for r in rows], "date": days, "amount": [float(r[4]) for r in rows]})


def test_cdnow_in_weeks_is_fader_hardie_lee_2005_marketing_science_24(sample):
    past = lab.histories(sample, until="1997-09-30", ahead=39, unit="week")
    fit = lab.fit("bgnbd", past)
    np.testing.assert_allclose(list(plain(fit.params).values()), [0.2426, 4.4136, 0.7929, 2.4259], atol=6e-5)
    assert fit.log_likelihood == pytest.approx(-9582.43, abs=0.005)
    one = fit.predict(x=[2], t_x=[30.43], T=[38.86], ahead=39)
    assert one["expected"][0].as_py() == pytest.approx(1.226, abs=6e-4)


def test_cdnow_in_weeks_is_the_pareto_nbd_of_fader_and_hardies_notes(sample):
    past = lab.histories(sample, until=date(1997, 9, 30), ahead=39, unit="week")
    fit = lab.fit("paretonbd", past)
    np.testing.assert_allclose(list(plain(fit.params).values()), [0.5533, 10.578, 0.6062, 11.668], rtol=2e-4)
    assert fit.log_likelihood == pytest.approx(-9594.98, abs=0.005)
    loyal = fit.predict(x=[26.0], t_x=[30.86], T=[31.0], ahead=52)
    assert loyal["p_active"][0].as_py() == pytest.approx(0.9979, abs=6e-5)
    assert loyal["expected"][0].as_py() == pytest.approx(25.46, abs=0.006)
    assert fit.predict(past, ahead=39)["expected"].to_numpy().sum() == pytest.approx(1665, abs=0.6)


def test_weeks_rounded_to_two_digits_give_the_same_fit(sample):
    past = lab.histories(sample, until="1997-09-30", unit="week")
    rounded = {thing: np.round(past[thing].to_numpy(), 2) for thing in ("recency", "age")}
    fit = lab.fit("bgnbd", repeats=past["repeats"], **rounded)
    assert fit.params == lab.fit("bgnbd", past).params


def test_gamma_gamma_on_cdnow_is_fader_and_hardies_note_of_2013(sample):
    first = {}
    for row in sorted(sample.to_pylist(), key=lambda r: r["date"]):
        first.setdefault(row["customer_id"], row["date"])
    until = sample.filter(pa.array([d <= "1997-09-30" for d in sample["date"].to_pylist()]))
    later = until.filter(pa.array([r["date"] > first[r["customer_id"]] for r in until.to_pylist()]))
    spent = lab.histories(later, amount="amount")
    fit = lab.fit("gammagamma", n=spent["orders"], total=spent["total"])
    assert fit.fit.customers == 946
    np.testing.assert_allclose(list(plain(fit.params).values()), [6.25, 3.74, 15.44], rtol=2e-3)
    assert fit.log_likelihood == pytest.approx(-4055.92, abs=0.01)


def test_donations_are_the_bg_bb_of_fader_hardie_shang_2010_marketing_science_29(shared_data):
    read = pa_csv.read_csv(shared_data / "cdnow" / "donations.csv")  # frequency, recency, periods, weights
    fit = lab.fit("bgbb", read)
    np.testing.assert_allclose(list(plain(fit.params).values()), [1.204, 0.750, 0.657, 2.783], atol=6e-4)
    assert fit.log_likelihood == pytest.approx(-33225.58, abs=0.005)
    some = fit.predict(x=[0, 1, 2, 6], t_x=[0, 6, 4, 6], T=[6, 6, 6, 6], ahead=5)["expected"].to_pylist()
    assert some == pytest.approx([0.073, 1.148, 1.058, 3.753], abs=6e-4)
    expected = fit.predict(read, ahead=5)["expected"].to_numpy()
    assert expected @ read["weights"].to_numpy() == pytest.approx(12_884.2, abs=0.06)


def test_a_cohort_of_subscribers_is_fader_and_hardie_2007():
    fit = lab.fit("sbg", survivors=[1000, 869, 743, 653, 593, 551, 517, 491])
    np.testing.assert_allclose([fit.params.alpha, fit.params.beta], [0.668, 3.806], atol=6e-4)
    assert fit.survival(12.0) == pytest.approx(0.378, abs=1e-4)
    stay = fit.predict(time=[7], ahead=[5])["p_stay_5"][0].as_py()
    assert stay == pytest.approx(float(fit.survival(12.0) / fit.survival(7.0)))


@pytest.mark.parametrize("model", [name for name in BUYING if name in TRUTH])
def test_what_was_simulated_is_found_again(model):
    rng = np.random.default_rng(5)
    truth = known(model, **TRUTH[model])
    age = rng.integers(4, 12, 40_000) if model == "bgbb" else rng.integers(200, 700, 12_000)
    fit = lab.fit(model, truth.simulate(len(age), age=age, rng=rng))
    for name, value in TRUTH[model].items():
        # Five standard deviations, and a little for times rounded up to whole days.
        assert abs(getattr(fit.params, name) / value - 1) < 5 * fit.fit.sd[name] / value + 0.02, name


@pytest.mark.parametrize("model", [name for name in BUYING if name in TRUTH and name != "bgbb"])
def test_the_forecast_of_simulated_customers_is_what_they_then_do(model):
    rng = np.random.default_rng(6)
    truth = known(model, **TRUTH[model])
    made = truth.simulate(30_000, age=rng.integers(200, 500, 30_000), rng=rng, ahead=180)
    forecast = truth.predict(made, ahead=180)
    came = made["actual"].to_numpy()
    sure = 4 * came.std() / np.sqrt(len(came))
    assert forecast["expected"].to_numpy().mean() == pytest.approx(came.mean(), abs=sure)
    assert forecast["p_zero"].to_numpy().mean() == pytest.approx((came == 0).mean(), abs=0.012)
    inside = (came >= forecast["q05"].to_numpy()) & (came <= forecast["q95"].to_numpy())
    assert 0.9 <= inside.mean() <= 0.99  # of counts, so at least 90% lie within


@pytest.mark.parametrize("model", ["sbg", "betaweibull", "exponentialgamma", "weibullgamma"])
def test_simulated_subscriptions_are_found_again(model):
    rng = np.random.default_rng(8)
    first = lab.fit(model, survivors=[1000, 631, 468, 382, 326, 289, 262, 241])
    again = lab.fit(model, first.simulate(20_000, watched=rng.integers(4, 12, 20_000), rng=rng))
    ages = np.arange(1.0, 8.0)
    np.testing.assert_allclose(again.survival(ages), first.survival(ages), atol=0.015)


@pytest.mark.parametrize(
    ("model", "money"),
    [
        ("gammagamma", {"n": [1.0, 2.0], "mean": [30.0, 40.0]}),
        ("signedspend", {"n": [2.0], "total": [8.0], "squares": [50.0]}),
    ],
)
def test_simulated_spend_is_found_again(model, money):
    rng = np.random.default_rng(9)
    params = {"p": 6.0, "q": 4.0, "gamma": 15.0}
    if model == "signedspend":
        params = {"mean": 10.0, "between": 9.0, "within": 25.0, "freedom": 12.0, "scale": 25.0 * 10 / 12}
    p = build(import_module(f"keepwell.models.{model}"))(**params)
    nan = float("nan")
    given = Fit(p, nan, dict.fromkeys(params, nan), ((nan,),), True, "given", 1.0, 1, 0)
    made = lab.SpendFit(model, given).simulate(20_000, orders=rng.integers(1, 9, 20_000), rng=rng)
    again = lab.fit(model, made)
    assert again.params.mean == pytest.approx(p.mean, rel=0.02)
    weight = again.predict(**money)["spend_weight"].to_numpy()
    assert weight == pytest.approx(lab.SpendFit(model, given).predict(**money)["spend_weight"].to_numpy(), abs=0.03)


@pytest.mark.parametrize("factor", [1 / 7, 1 / 30.4375, 24.0])
def test_another_unit_of_time_changes_nothing_but_the_times(simulated, factor):
    days = lab.fit("paretonbd", simulated)
    arrays = {"t_x": simulated["recency"].to_numpy() * factor, "T": simulated["age"].to_numpy() * factor}
    other = lab.fit("paretonbd", x=simulated["repeats"], **arrays)
    assert other.params.r == pytest.approx(days.params.r, rel=1e-6)
    assert other.params.beta == pytest.approx(days.params.beta * factor, rel=1e-6)
    repeats = simulated["repeats"].to_numpy().sum()
    assert other.log_likelihood == pytest.approx(days.log_likelihood - repeats * np.log(factor), rel=1e-9)
    here = days.predict(simulated, ahead=84)["expected"].to_numpy()
    there = other.predict(x=simulated["repeats"], **arrays, ahead=84 * factor)["expected"].to_numpy()
    np.testing.assert_allclose(there, here, rtol=1e-6)


def test_times_without_a_common_step_are_cut_so_fine_that_it_does_not_show(simulated):
    rng = np.random.default_rng(3)
    odd = {name: simulated[name].to_numpy() * np.pi for name in ("recency", "age")}
    odd["age"] = odd["age"] + rng.random(len(odd["age"]))
    fit, days = lab.fit("paretonbd", repeats=simulated["repeats"], **odd), lab.fit("paretonbd", simulated)
    assert fit.params.alpha == pytest.approx(days.params.alpha * np.pi, rel=0.02)


def test_the_log_likelihood_is_the_models_own_formula_in_the_unit_of_the_data(simulated):
    weeks = {name: simulated[name].to_numpy() / 7 for name in ("recency", "age")}
    fit = lab.fit("paretonbd", repeats=simulated["repeats"], **weeks)
    x = simulated["repeats"].to_numpy().astype(float)
    each = import_module("keepwell.models.paretonbd").log_likelihood(
        fit.params, x=x, t_x=weeks["recency"], T=weeks["age"]
    )
    assert fit.log_likelihood == pytest.approx(each.sum(), rel=1e-9)


@pytest.mark.parametrize(
    ("times", "steps"),
    [([1, 5, 300], 1), ([30.43, 38.86], 7), ([k / 30.4375 for k in (3, 50)], 30.4375), ([0.25, 0.5, 1.75], 4)],
)
def test_the_step_of_the_times_is_found(times, steps):
    assert steps_in_unit(np.array(times, float)) == pytest.approx(steps)


def test_quantiles_and_the_chance_of_nothing_follow_from_the_distribution(pareto):
    histories = {name: np.array(v) for name, v in zip(("repeats", "recency", "age"), PAST.values(), strict=True)}
    cells, place = pareto.cells(histories | {"count": np.ones(4)})
    forecast = pareto.forecast(cells, ahead=300)
    for cell in range(len(cells.age)):
        group = forecast.group[cell]
        pmf = forecast.pmf[forecast.start[group] : forecast.start[group + 1]] * forecast.p_active[cell]
        pmf[0] += 1 - forecast.p_active[cell]
        assert none(forecast)[cell] == pytest.approx(pmf[0])
        for level in (0.05, 0.5, 0.95):
            assert quantile(forecast, level)[cell] == np.searchsorted(np.cumsum(pmf), level)
    assert len(place) == 4


def test_histories_count_a_day_once_and_what_came_after():
    log = pa.table(
        {
            "customer_id": ["b", "a", "a", "a", None, "a", "c"],
            "date": [date(2024, 1, d) for d in (3, 1, 1, 5, 6, 20, 31)],
            "amount": [5.0, 1.0, 2.0, 4.0, 9.0, 8.0, 1.0],
        }
    )
    past = lab.histories(log, until="2024-01-10", ahead=21, amount="amount").to_pylist()
    assert [row["customer_id"] for row in past] == ["a", "b"]  # c came later, and nobody is nobody
    a = past[0]
    assert (a["repeats"], a["recency"], a["age"], a["actual"]) == (1, 4, 9, 1)
    assert (a["orders"], a["total"], a["squares"]) == (2, 7.0, 3.0**2 + 4.0**2)
    assert a["log_intervals"] == pytest.approx(np.log(4))
    assert past[1]["actual"] == 0


@pytest.mark.parametrize("package", ["pandas", "polars", "dict"])
def test_any_frame_comes_back_as_it_was(package, simulated, pareto):
    few = simulated.slice(0, 5)
    if package == "dict":
        frame, kind = few.to_pydict(), pa.Table
    else:
        module = pytest.importorskip(package)
        frame = few.to_pandas() if package == "pandas" else module.from_arrow(few)
        kind = module.DataFrame
    answer = pareto.predict(frame, ahead=30)
    assert isinstance(answer, kind)
    names = list(answer.column_names if kind is pa.Table else answer.columns)
    assert names[:4] == ["repeats", "recency", "age", "actual"]
    assert {"p_active", "expected", "p_zero", "q95", "next_order"} <= set(names)


def test_names_of_other_libraries_are_understood(simulated):
    theirs = simulated.rename_columns(["frequency_cal", "recency_cal", "T_cal", "frequency_holdout"])
    ours = lab.fit("paretonbd", simulated)
    assert lab.fit("paretonbd", theirs).params == ours.params
    assert lab.compare([ours], theirs, ahead=90).table == lab.compare([ours], simulated, ahead=90).table


def test_equal_rows_may_be_counted(simulated):
    half = simulated.slice(0, 500)
    twice = pa.concat_tables([half, half])
    counted = half.append_column("count", pa.array(np.full(500, 2)))
    assert lab.fit("paretonbd", counted) == lab.fit("paretonbd", twice)


def test_the_better_model_wins_the_comparison(simulated):
    fits = [lab.fit(model, simulated) for model in ("bgnbd", "paretonbd")]
    found = lab.compare(fits, simulated, ahead=90)
    assert found.winner == "Pareto/NBD"  # it made the data
    rows = found.table.to_pylist()
    assert [row["crps"] for row in rows] == sorted(row["crps"] for row in rows)
    assert {"own past rate", "population mean"} < {row["method"] for row in rows}
    second = rows[1]["crps"]
    assert found.won_by == pytest.approx((second - rows[0]["crps"]) / second)
    assert f"{found.winner} forecasts best" in str(found)


@pytest.mark.parametrize("model", ["paretonbd", "bgnbd"])
def test_a_saved_fit_is_the_same_when_loaded(model, simulated, tmp_path):
    fit = lab.fit(model, simulated)
    path = fit.save(tmp_path / "fit.json")
    assert lab.load(path) == fit
    assert path.stat().st_size < 4000
    assert json.loads(path.read_text())["model"] == model


def test_saved_fits_of_spend_and_staying_are_the_same_when_loaded(tmp_path):
    stay = lab.fit("sbg", survivors=[1000, 631, 468, 382])
    assert lab.load(stay.save(tmp_path / "stay.json")) == stay
    rng = np.random.default_rng(1)
    spend = lab.fit("gammagamma", n=np.ones(50), mean=rng.gamma(4.0, 9.0, 50))
    loaded = lab.load(spend.save(tmp_path / "spend.json"))
    assert loaded.params == spend.params
    assert str(loaded) == str(spend)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        ("[1, 2]", "no saved fit"),
        ('{"a": 1}', "no saved fit"),
        ('{"keepwell_fit": 99, "keepwell": "9.9"}', "9.9, in another format"),
        ('{"keepwell_fit": 1, "kind": "purchases", "model": "os.path"}', "damaged"),
    ],
)
def test_what_is_no_saved_fit_is_refused(text, words, tmp_path):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        lab.load(path)
    with pytest.raises(DataError, match="no such file"):
        lab.load(tmp_path / "nowhere.json")


def test_a_fit_without_a_parameter_is_refused(simulated, tmp_path):
    path = lab.fit("paretonbd", simulated).save(tmp_path / "fit.json")
    content = json.loads(path.read_text())
    del content["params"]["beta"]
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="damaged"):
        lab.load(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"t_x": [30.0, 0.0, 12.0, 40.0]}, "recency 40 is above age 39 at row 3"),
        ({"x": [2.0, 0.5, 5.0, 1.0]}, "repeats 0.5 is no count at row 1"),
        ({"x": [2.0, -1.0, 5.0, 1.0]}, "repeats -1 is no count at row 1"),
        ({"t_x": [30.0, 0.0, 12.0, 0.0]}, "1 repeats at recency 0 at row 3"),
        ({"t_x": [30.0, 4.0, 12.0, 3.0]}, "recency 4 without a repeat at row 1"),
        ({"T": [38.0, np.nan, 40.0, 39.0]}, "age is missing or not finite at row 1"),
        ({"T": [38.0, 20.0]}, "differ in length"),
        ({"T": None}, "age is not given"),
        ({"x": ["two", "0", "5", "1"]}, "no number"),
        ({"y": [1.0]}, "'y' is not known"),
    ],
)
def test_an_impossible_history_is_told_with_its_row(change, words):
    with pytest.raises(DataError, match=words) as error:
        lab.fit("paretonbd", **(PAST | change))
    assert error.value.mend


def test_other_wrong_input_is_told(simulated, pareto):
    with pytest.raises(ConfigError, match="no model 'paretto'"):
        lab.fit("paretto", simulated)
    with pytest.raises(DataError, match="a list is no frame"):
        lab.fit("paretonbd", [1, 2])
    with pytest.raises(DataError, match=r"there is no column 'age' or 'T'.*there are: repeats"):
        lab.fit("paretonbd", simulated.drop_columns(["age"]))
    with pytest.raises(DataError, match=r"0\.5 is no whole number of steps"):
        pareto.predict(simulated, ahead=0.5)
    with pytest.raises(DataError, match="there is no column 'actual'"):
        lab.compare([pareto], simulated.drop_columns(["actual"]), ahead=90)
    with pytest.raises(ConfigError, match="no plot 'pie'"):
        pareto.plot(simulated, kind="pie")
    with pytest.raises(FitError, match="nobody ever came back"):
        lab.fit("paretonbd", x=[0, 0, 0], t_x=[0, 0, 0], T=[3, 4, 5])
    with pytest.raises(DataError, match=r"come to -3 at row 1.*signedspend"):
        lab.fit("gammagamma", n=np.ones(20), total=np.r_[4.0, -3.0, np.ones(18)])


def test_a_log_that_cannot_be_used_is_told():
    log = {"customer_id": ["a", "b"], "date": ["2024-01-01", "2024-02-01"]}
    with pytest.raises(DataError, match="ends on 2024-02-01, before 60 days"):
        lab.histories(log, until="2024-01-15", ahead=60)
    with pytest.raises(DataError, match="no column 'day'"):
        lab.histories(log, day="day")
    with pytest.raises(DataError, match="holds what is no day"):
        lab.histories(log | {"date": ["soon", "later"]})
    with pytest.raises(ConfigError, match="no unit of time"):
        lab.histories(log, unit="fortnight")
    with pytest.raises(DataError, match="nothing was bought by 2023-01-01"):
        lab.histories(log, until=date(2024, 1, 1) - timedelta(days=365))


@pytest.mark.parametrize("kind", ["repeats", "active", "holdout"])
def test_each_plot_has_traces_and_says_its_answer(kind, simulated, pareto):
    figure = pareto.plot(simulated, kind=kind, ahead=90)
    assert len(figure.data)
    assert any(sign.isdigit() for sign in figure.layout.title.text)


def test_expected_customers_by_repeats_are_what_the_model_draws(pareto, simulated):
    from keepwell.lab.plots import repeats

    found = {name: simulated[name].to_numpy().astype(float) for name in ("repeats", "recency", "age")}
    table = repeats(pareto, found | {"count": np.ones(simulated.num_rows)})
    actual, expected = (table[name].to_numpy() for name in ("actual", "expected"))
    assert expected.sum() == pytest.approx(actual.sum()) == simulated.num_rows
    assert ((actual - expected) ** 2 / expected).sum() < 30  # chi-squared of 7 degrees: above 30 once in 10,000


def test_the_lab_is_not_imported_before_it_is_used():
    code = "import sys, keepwell; sys.exit(any(m in sys.modules for m in ('keepwell.lab', 'numpy', 'pyarrow')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    code = "import sys; from keepwell import lab; sys.exit(any(m in sys.modules for m in ('ibis', 'plotly', 'pandas')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
