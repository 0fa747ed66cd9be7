from dataclasses import replace

import pytest

from keepwell.errors import ConfigError
from keepwell.simulate.worlds import OUTSIDE, WORLDS, world


def test_a_name_that_is_no_world_is_answered_with_the_nearest_one():
    with pytest.raises(ConfigError, match="Did you mean 'clumpy'"):
        world("clumsy")


def test_shares_that_do_not_add_up_are_refused():
    kinds = world("mail-order").temperaments
    with pytest.raises(ConfigError, match=r"add up to 0\.8"):
        replace(world("mail-order"), temperaments=kinds[1:])


def test_every_world_is_found_under_its_own_name():
    assert all(world(name).name == name for name in WORLDS)


def test_at_least_two_worlds_lie_outside_the_models():
    assert {"clumpy", "price-change"} <= set(OUTSIDE) <= set(WORLDS)


@pytest.mark.parametrize("name", WORLDS)
def test_what_one_mailing_causes_ends_before_the_next(name):
    mailing = world(name).mailing
    assert mailing.response_days <= 365 / mailing.per_year


@pytest.mark.parametrize("name", WORLDS)
def test_no_customer_comes_after_the_history(name):
    assert world(name).arrivals <= world(name).days
