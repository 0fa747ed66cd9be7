"""Dates: whole-column decisions, shapes, zones; every reading against Python's own."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell.engine import collected
from keepwell.unify import dates
from keepwell.unify.columns import shapes


def read(engine, texts, *, sisters=(), told="", zone="UTC"):
    """Return the decision and the (moment, day) of each text, in order."""
    table = column(engine, texts)
    own = dates.evidence(engine, table.text, shapes(engine, table.text))
    reading = dates.decided(own, [evidence(engine, s) for s in sisters], told=told)
    moment, day = dates.stamps(table.text, reading, zone=zone)
    rows = collected(engine, table.select("i", moment=moment, day=day).order_by("i")).to_pylist()
    return reading, [(row["moment"], row["day"]) for row in rows]


def column(engine, texts):
    batch = pa.record_batch({"i": pa.array(range(len(texts)), pa.int64()), "text": pa.array(texts, pa.string())})
    return engine.table([batch], batch.schema)


def evidence(engine, texts):
    table = column(engine, texts)
    return dates.evidence(engine, table.text, shapes(engine, table.text))


def days(engine, texts, **how):
    return [day for _moment, day in read(engine, texts, **how)[1]]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-05", datetime(2024, 3, 5)),
        ("2024/3/5", datetime(2024, 3, 5)),
        ("2024-03-05 14:06", datetime(2024, 3, 5, 14, 6)),
        ("2024-03-05T14:06:07", datetime(2024, 3, 5, 14, 6, 7)),
        ("2024-03-05T14:06:07.250Z", datetime(2024, 3, 5, 14, 6, 7, 250000)),
        ("2024-03-05 14:06:07 -0500", datetime(2024, 3, 5, 19, 6, 7)),
        ("2024-03-05T14:06:07+05:30", datetime(2024, 3, 5, 8, 36, 7)),
        ("2024-03-05 14:06:07 UTC", datetime(2024, 3, 5, 14, 6, 7)),
        ("20240305", datetime(2024, 3, 5)),
        ("20240305140607", datetime(2024, 3, 5, 14, 6, 7)),
        ("15-03-2024", datetime(2024, 3, 15)),
        ("15.03.2024", datetime(2024, 3, 15)),
        ("15/3/24", datetime(2024, 3, 15)),
        ("15/03/2024 8:26", datetime(2024, 3, 15, 8, 26)),
        ("3/15/2024 8:26 PM", datetime(2024, 3, 15, 20, 26)),
        ("3/15/2024, 8:26:01 pm", datetime(2024, 3, 15, 20, 26, 1)),
        ("15 Mar 2024", datetime(2024, 3, 15)),
        ("15-MAR-24", datetime(2024, 3, 15)),
        ("15 March 2024 10:00", datetime(2024, 3, 15, 10)),
        ("March 15, 2024", datetime(2024, 3, 15)),
        ("Mar 15, 2024", datetime(2024, 3, 15)),
        ("Fri, 15 Mar 2024 10:00:00 +0100", datetime(2024, 3, 15, 9)),
        ("1710496800", datetime(2024, 3, 15, 10)),
        ("1710496800000", datetime(2024, 3, 15, 10)),
    ],
)
def test_a_date_is_read_in_any_of_the_usual_shapes(duckdb, text, moment):
    assert read(duckdb, [text])[1] == [(moment, moment.date() if "0500" not in text else date(2024, 3, 5))]


@pytest.mark.parametrize("text", ["soon", "2024-13-01", "2024-02-30", "0024-01-01", "infinity", "12", "99999999"])
def test_what_is_no_date_is_null(duckdb, text):
    assert days(duckdb, [text, "2024-01-01", "2024-01-02"])[0] is None


def test_one_day_above_12_decides_for_the_whole_column(duckdb):
    assert days(duckdb, ["01/02/2024", "13/02/2024"])[0] == date(2024, 2, 1)
    assert days(duckdb, ["01/02/2024", "02/13/2024"])[0] == date(2024, 1, 2)


def test_where_nothing_decides_the_sister_files_do_then_day_first_is_assumed_and_said(duckdb):
    assert days(duckdb, ["01/02/2024"], sisters=[["02/13/2024"]]) == [date(2024, 1, 2)]
    reading, read_days = read(duckdb, ["01/02/2024"])
    assert read_days[0][1] == date(2024, 2, 1)
    (note,) = dates.notes("when", reading, evidence(duckdb, ["01/02/2024"]))
    assert "assumed" in note
    assert "--date-order mdy" in note


def test_the_switch_goes_before_the_column(duckdb):
    assert days(duckdb, ["01/02/2024"], told="mdy") == [date(2024, 1, 2)]


def test_of_two_formats_the_commoner_is_read_and_the_other_is_not(duckdb):
    assert days(duckdb, ["2024-01-05", "2024-01-06", "13/01/2024"]) == [date(2024, 1, 5), date(2024, 1, 6), None]
    assert days(duckdb, ["14/01/2024", "13/01/2024", "01/25/2024"])[2] is None


def test_a_wall_clock_is_the_shops_and_an_offset_is_its_own(duckdb):
    zone = "America/New_York"
    _, (wall, instant) = read(duckdb, ["2024-07-01 23:00:00", "2024-07-02T03:30:00Z"], zone=zone)
    assert wall == (datetime(2024, 7, 2, 3), date(2024, 7, 1))
    assert instant == (datetime(2024, 7, 2, 3, 30), date(2024, 7, 1))


def test_native_stamps_keep_their_zone(duckdb):
    batch = pa.record_batch({
        "wall": pa.array([datetime(2024, 7, 1, 23)], pa.timestamp("us")),
        "instant": pa.array([datetime(2024, 7, 2, 3, 30, tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
        "day": pa.array([date(2024, 7, 1)]),
    })  # fmt: skip
    table = duckdb.table([batch], batch.schema)
    found = {name: dates.stamps(table[name], None, zone="America/New_York") for name in table.columns}
    row = collected(duckdb, table.select(**{f"{n}_{i}": v[i] for n, v in found.items() for i in (0, 1)})).to_pylist()[0]
    assert (row["wall_0"], row["wall_1"]) == (datetime(2024, 7, 2, 3), date(2024, 7, 1))
    assert (row["instant_0"], row["instant_1"]) == (datetime(2024, 7, 2, 3, 30), date(2024, 7, 1))
    assert (row["day_0"], row["day_1"]) == (datetime(2024, 7, 1, 4), date(2024, 7, 1))


STAMPS = st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31)).map(lambda d: d.replace(microsecond=0))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stamps=st.lists(STAMPS, min_size=1, max_size=30), minutes=st.integers(-12 * 4, 14 * 4).map(lambda q: q * 15))
def test_stamps_with_an_offset_are_pythons_and_their_day_is_the_zones(duckdb, stamps, minutes):
    zone = ZoneInfo("Europe/Berlin")
    aware = [s.replace(tzinfo=timezone(timedelta(minutes=minutes))) for s in stamps]
    found = read(duckdb, [s.isoformat() for s in aware], zone="Europe/Berlin")[1]
    assert found == [(s.astimezone(UTC).replace(tzinfo=None), s.astimezone(zone).date()) for s in aware]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stamps=st.lists(STAMPS, min_size=1, max_size=30), order=st.sampled_from(["%d/%m/%Y", "%m/%d/%Y"]))
def test_one_order_for_a_column_reads_every_date_that_strftime_wrote(duckdb, stamps, order):
    proof = datetime(2024, 12, 31)
    written = [s.strftime(order) for s in [*stamps, proof]]
    assert days(duckdb, written) == [s.date() for s in [*stamps, proof]]


def test_a_shape_that_names_no_month_is_no_date():
    assert dates.shape_of("00 Foo 0000") is None
    assert dates.shape_of("Foo, 00 Jan 0000") is None
