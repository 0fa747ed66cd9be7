"""Customers whose truth is known, for the tests of the models."""

import numpy as np
import pytest

from keepwell.models.shapes import Cells


def _cells(who, day, first_age):
    """Return the cells of customers with purchases on the given days after their first, one a day at most."""
    people = len(first_age)
    keep = (day > 0) & (day <= first_age[who])
    who, day = np.unique(np.column_stack([who[keep], day[keep]]), axis=0).T
    recency = np.zeros(people, np.int64)
    np.maximum.at(recency, who, day)
    return Cells(np.bincount(who, minlength=people), recency, first_age, np.ones(people))


@pytest.fixture(scope="session")
def pareto_customers():
    """Cells of simulated Pareto/NBD customers, as a function of (p, people, seed)."""

    def simulate(p, people, seed, *, oldest=730, youngest=190):
        rng = np.random.default_rng(seed)
        buying, leaving = rng.gamma(p.r, 1 / p.alpha, people), rng.gamma(p.s, 1 / p.beta, people)
        age = rng.integers(youngest, oldest + 1, people)
        stay = np.minimum(rng.exponential(1, people) / leaving, age)
        orders = rng.poisson(buying * stay)
        who = np.repeat(np.arange(people), orders)
        return _cells(who, np.ceil(rng.random(len(who)) * stay[who]).astype(np.int64), age)

    return simulate


@pytest.fixture(scope="session")
def bg_customers():
    """Cells of simulated BG/NBD customers, as a function of (p, people, seed)."""

    def simulate(p, people, seed, *, oldest=730, youngest=190):
        rng = np.random.default_rng(seed)
        buying, leaving = rng.gamma(p.r, 1 / p.alpha, people), rng.beta(p.a, p.b, people)
        age = rng.integers(youngest, oldest + 1, people)
        whos, days = [], []
        here, clock = np.arange(people), np.zeros(people)
        while len(here):
            clock[here] += rng.exponential(1, len(here)) / buying[here]
            here = here[clock[here] <= age[here]]
            whos.append(here)
            days.append(np.ceil(clock[here]).astype(np.int64))
            here = here[rng.random(len(here)) > leaving[here]]
        return _cells(np.concatenate(whos), np.concatenate(days), age)

    return simulate
