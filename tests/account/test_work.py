"""The cost model of the settings is read whole, or refused with what is wrong in it."""

from datetime import date
from decimal import Decimal

import pytest

from keepwell.account.capacity import months, spans
from keepwell.account.work import model
from keepwell.errors import ConfigError
from keepwell.settings import Costs

STORE = {"name": "store", "cost": "600", "minutes": 1000}
PACK = {"name": "pack", "resource": "store", "minutes": 3}


def read(*activities, resources=(STORE,)):
    return model(Costs(resources=resources, activities=activities))


def test_every_driver_is_understood_whatever_its_letters():
    told = ("order", "Line", "RETURN", "first  Order", "touch Ticket", "Touch sales visit")
    found = read(*({**PACK, "name": per, "per": per} for per in told))
    assert [(work.driver, work.kind) for work in found.works] == [
        ("order", ""), ("line", ""), ("return", ""), ("first order", ""), ("touch", "ticket"), ("touch", "sales visit"),
    ]  # fmt: skip
    assert found.works[0].minutes == 3
    assert [work.name for work in found.of("touch")] == ["touch Ticket", "Touch sales visit"]


@pytest.mark.parametrize(
    ("activity", "why"),
    [
        ({"resource": "desk"}, "there is no resource 'desk' at activity 'pack'. There are: store."),
        ({"per": "month"}, "'month' calls for no work"),
        ({"per": "touch"}, "'touch' calls for no work"),
        ({"minutes": "3 * boxes"}, "there is no name 'boxes'"),
        ({"minutes": "lines", "per": "touch call"}, "there is no name 'lines'"),
        ({"minutes": "minutes"}, "there is no name 'minutes'"),
        ({"minutes": -1}, "-1.0 minutes"),
        ({"name": " "}, "an activity has no name"),
    ],
)
def test_an_activity_that_cannot_be_used_says_why(activity, why):
    with pytest.raises(ConfigError, match=why):
        read({**PACK, **activity})


def test_two_activities_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="two activities are named 'pack'"):
        read(PACK, PACK)


@pytest.mark.parametrize(
    "other",
    [{}, {"first": "2024-03-01"}, {"last": "2024-03-01"}],
)
def test_a_resource_may_stand_twice_for_months_of_its_own_only(other):
    with pytest.raises(ConfigError, match="stands there twice for the same months"):
        read(PACK, resources=({**STORE, "last": "2024-05-31"}, {**STORE, **other}))
    assert len(read(PACK, resources=({**STORE, "last": "2024-05-31"}, {**STORE, "first": "2024-06-01"})).periods) == 2


def test_a_resource_that_ends_before_it_begins_is_refused():
    with pytest.raises(ConfigError, match="its last month 2024-01 is before its first, 2024-02"):
        read(resources=({**STORE, "first": "2024-02-01", "last": "2024-01-31"},))


@pytest.mark.parametrize("name", ["per order", "per contact"])
def test_a_resource_cannot_have_the_name_of_what_is_paid_a_time(name):
    with pytest.raises(ConfigError, match="stands for what is paid a time"):
        read({**PACK, "resource": name}, resources=({**STORE, "name": name},))


def test_the_days_before_the_first_fact_and_after_the_last_cost_nothing():
    found = spans(read(PACK), first=date(2024, 1, 22), last=date(2024, 3, 15))
    assert [(c.month.month, c.cost, c.minutes) for c in months(found)] == [
        (1, Decimal("193.5484"), Decimal("322.5806")),  # 10 of 31 days
        (2, 600, 1000),
        (3, Decimal("290.3226"), Decimal("483.8710")),  # 15 of 31
    ]
    assert {c.rate for c in months(found)} == {Decimal("0.6")}


def test_a_resource_of_other_months_costs_nothing_in_these():
    period = {**STORE, "first": "2025-01-01"}
    assert spans(read(PACK, resources=(period,)), first=date(2024, 1, 22), last=date(2024, 3, 15)) == ()
