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


@pytest.fixture(scope="session")
def regular_customers():
    """Cells of simulated MBG/CNBD-k customers, as a function of (p, people, seed), and their purchases afterwards.

    Days are so short that hardly any two purchases fall on one; those that do are left as they came.
    """

    def simulate(p, people, seed, *, oldest=7300, youngest=1900, days=0):
        rng = np.random.default_rng(seed)
        phases, leaving = rng.gamma(p.r, 1 / p.alpha, people), rng.beta(p.a, p.b, people)
        age = rng.integers(youngest, oldest + 1, people)
        repeats, recency, later = np.zeros((3, people), np.int64)
        logs = 0.0
        here, clock = np.flatnonzero(rng.random(people) > leaving), np.zeros(people)
        while len(here):
            gap = rng.gamma(getattr(p, "k", 1), 1, len(here)) / phases[here]
            clock[here] += gap
            seen = clock[here] <= age[here]
            logs += np.log(gap[seen]).sum()
            repeats[here[seen]] += 1
            recency[here[seen]] = np.maximum(np.rint(clock[here[seen]]), 1)
            later[here[~seen]] += clock[here[~seen]] <= age[here[~seen]] + days
            here = here[clock[here] <= age[here] + days]
            here = here[rng.random(len(here)) > leaving[here]]
        return Cells(repeats, recency, age, np.ones(people), log_intervals=float(logs)), later

    return simulate


@pytest.fixture(scope="session")
def chance_takers():
    """Cells, in chances, of simulated BG/BB customers as a function of (p, people, seed), and what they take later."""

    def simulate(p, people, seed, *, most=12, fewest=6, days=0):
        rng = np.random.default_rng(seed)
        takes, leaves = rng.beta(p.alpha, p.beta, people), rng.beta(p.gamma, p.delta, people)
        age = rng.integers(fewest, most + 1, people)
        repeats, recency, later = np.zeros((3, people), np.int64)
        here = np.ones(people, bool)
        for chance in range(1, most + days + 1):
            here &= rng.random(people) > leaves
            taken = here & (rng.random(people) < takes)
            past = taken & (chance <= age)
            repeats += past
            recency[past] = chance
            later += taken & (chance > age) & (chance <= age + days)
        return Cells(repeats, recency, age, np.ones(people)), later

    return simulate
