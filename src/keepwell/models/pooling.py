"""Partial pooling: customers of one kind buy and leave faster than those of another, as far as the data say so.

A group of customers is known by its levels: one of each covariate (channel, country...). Its purchase model is that of
all customers, but with the buying scale and the leaving scale multiplied:

    ln scale(group) = ln scale + sum over covariates c of effect[c, level of the group],

the second and the fourth parameter of each purchase model (alpha, and beta or b). The effects of the levels of one
covariate on one scale are drawn from a normal distribution of mean 0 and a variance of its own, estimated from the data
by MacKay's fixed point (1992, Neural Computation 4:415-447): variance = sum of squared effects / (levels - trace of
their posterior covariance / variance). So a level of few customers borrows from the rest, and a covariate that tells
nothing shrinks to nothing (Efron & Morris 1975, JASA 70:311-319, is the plainest case). The covariance is Laplace's,
from the curvature of the posterior density at its peak.

Effects are logarithms of times: they do not hang on the unit of time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from keepwell.models.fitter import Objective
from keepwell.models.histories import Rows, sorted_rows
from keepwell.models.shapes import Cells, Floats, Ints

BUYING, LEAVING = 1, 3  # places of the two scales among the parameters
LOOSE = 2.0  # sd of the logarithms of the common parameters around where they start: it holds them on a ridge
MOST = 1.5  # largest sd of the effects of a covariate
NOTHING = 0.02  # sd of the effects below which a covariate tells nothing
ROUNDS, STEPS = 25, 20
FEWEST_OTHERS = 3  # groups from which their spread can be told
LITTLE = 1e-5  # what a step must promise to gain in the logarithm of the density
SERVES = 0.1  # a curvature serves as long as the next step promises less than this share of the last one's gain
SETTLED = 0.02  # relative change of the sds at which the search ends


@dataclass(frozen=True, slots=True)
class Kinds:
    """Groups of customers and their levels."""

    cells: tuple[Cells, ...]  # of each group
    levels: Ints  # shape (groups, covariates): of each group, from 0
    sizes: tuple[int, ...]  # levels of each covariate

    @property
    def design(self) -> Floats:
        """Return which levels each group has, shape (groups, all levels)."""
        first = np.r_[0, np.cumsum(self.sizes)][:-1]
        table = np.zeros((len(self.cells), sum(self.sizes)))
        for c in range(len(self.sizes)):
            table[np.arange(len(self.cells)), first[c] + self.levels[:, c]] = 1.0
        return table


@dataclass(frozen=True, slots=True)
class Pooling:
    """Effects of all levels on the logarithms of the two scales."""

    theta: Floats  # logarithms of the common parameters, shape (parameters,)
    buying: Floats  # shape (all levels,): above 0 is slower
    leaving: Floats
    buying_sd: Floats  # of each effect, from its posterior
    leaving_sd: Floats
    spreads: Floats  # sd of the effects of each covariate, shape (2, covariates): buying, leaving
    log_likelihood: float  # of all groups, at these effects

    @property
    def tells(self) -> Floats:
        """Return the larger of the two spreads of each covariate, shape (covariates,)."""
        most: Floats = self.spreads.max(axis=0)
        return most


def pooled(kinds: Kinds, objective: Callable[[Rows], Objective], *, start: Floats) -> Pooling:
    """Estimate the effects of the levels and how much they spread.

    Args:
        kinds: The groups.
        objective: Gives the log-likelihood of rows with its gradient, over the logarithms of the parameters.
        start: Logarithms of the parameters of all customers together.
    """
    search = _Search(kinds, objective, start)
    spreads = np.full((2, len(kinds.sizes)), 0.3)
    place = np.r_[start, np.zeros(2 * search.levels)]
    for _ in range(ROUNDS):
        place, bend, value = search.peak(place, search.sds(spreads))
        before, spreads = spreads, search.next_spreads(place, np.diag(np.linalg.inv(bend)), spreads)
        if np.abs(np.log(np.maximum(spreads, NOTHING) / np.maximum(before, NOTHING))).max() < SETTLED:
            break
    sds = np.sqrt(np.diag(search.covariance(place, search.sds(spreads))))
    return search.reported(place, sds, spreads, value)


def at_fixed(kinds: Kinds, objective: Callable[[Rows], Objective], *, start: Floats, spreads: Floats) -> Pooling:
    """Return the effects of the highest posterior density where their spreads, shape (2, covariates), are given."""
    search = _Search(kinds, objective, start)
    place, _, value = search.peak(np.r_[start, np.zeros(2 * search.levels)], search.sds(spreads))
    return search.reported(place, np.sqrt(np.diag(search.covariance(place, search.sds(spreads)))), spreads, value)


def logs_of(pooling: Pooling, design: Floats) -> Floats:
    """Return the logarithms of each group's parameters, shape (groups, parameters)."""
    logs = np.tile(pooling.theta, (len(design), 1))
    logs[:, BUYING] += design @ pooling.buying
    logs[:, LEAVING] += design @ pooling.leaving
    return logs


class _Search:
    """The way to the peak: places are the common logarithms, then the effects on buying, then those on leaving."""

    def __init__(self, kinds: Kinds, objective: Callable[[Rows], Objective], start: Floats) -> None:
        self.design, self.start = kinds.design, start
        self.levels = self.design.shape[1]
        self.of = np.repeat(np.arange(len(kinds.sizes)), kinds.sizes)
        self._each = [objective(sorted_rows(cells)) for cells in kinds.cells]
        size = len(start)
        self._ways = np.zeros((len(self.design), size, size + 2 * self.levels))
        self._ways[:, np.arange(size), np.arange(size)] = 1.0
        self._ways[:, BUYING, size : size + self.levels] = self.design
        self._ways[:, LEAVING, size + self.levels :] = self.design
        self._bend: Floats | None = None

    def sds(self, spreads: Floats) -> Floats:
        """Return the prior sd of each coordinate of a place."""
        each = np.maximum(spreads, NOTHING / 10)[:, self.of].ravel()
        all_of_them: Floats = np.r_[np.full(len(self.start), LOOSE), each]
        return all_of_them

    def likelihood(self, place: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood, and each group's gradient by its own logarithms."""
        logs = np.einsum("gip,p->gi", self._ways, place)
        found = [each(row) for each, row in zip(self._each, logs, strict=True)]
        return float(sum(value for value, _ in found)), np.array([slope for _, slope in found])

    def curvature(self, place: Floats, slopes: Floats, width: float = 1e-5) -> Floats:
        """Return minus the second derivatives of the log-likelihood by the place: each group's, then put together."""
        size = len(self.start)
        whole = np.zeros((len(place), len(place)))
        rows = np.empty((len(self.design), size, size))
        for i in range(size):
            moved = place.copy()
            moved[i] += width  # a common logarithm moves all groups at once, each by itself
            rows[:, i] = (slopes - self.likelihood(moved)[1]) / width
        for ways, bend in zip(self._ways, (rows + rows.transpose(0, 2, 1)) / 2, strict=True):
            roots, axes = np.linalg.eigh(bend)
            whole += ways.T @ (axes * np.maximum(roots, 0.0)) @ axes.T @ ways
        return whole

    def peak(self, place: Floats, sds: Floats) -> tuple[Floats, Floats, float]:
        """Climb to the highest posterior density; return the place, the curvature there and the log-likelihood.

        The likelihood's curvature costs as much as five steps, so it is kept as long as steps with it serve, from one
        call to the next.
        """
        away = np.r_[self.start, np.zeros(2 * self.levels)]
        weight, last = 1 / sds**2, np.inf
        fits, slopes = self.likelihood(place)
        for _ in range(STEPS):
            slope = np.einsum("gip,gi->p", self._ways, slopes) - weight * (place - away)
            fresh = self._bend is None or float(slope @ self._step(slope, weight)) > SERVES * last
            if fresh:
                self._bend = self.curvature(place, slopes)
            step = self._step(slope, weight)
            last = float(slope @ step)
            if last < LITTLE:
                break
            there = self._better(place, step, fits, weight, away)
            if there is None and fresh:
                break
            if there is None:
                last = 0.0  # the next round takes the curvature anew
            else:
                place, fits, slopes = there
        return place, self._whole(weight), fits

    def _whole(self, weight: Floats) -> Floats:
        kept: Floats = np.diag(weight) if self._bend is None else self._bend + np.diag(weight)
        return kept

    def _step(self, slope: Floats, weight: Floats) -> Floats:
        return np.linalg.solve(self._whole(weight), slope).astype(np.float64)

    def covariance(self, place: Floats, sds: Floats) -> Floats:
        """Return the covariance of the posterior at its peak."""
        self._bend = self.curvature(place, self.likelihood(place)[1])
        return np.linalg.inv(self._whole(1 / sds**2)).astype(np.float64)

    def _better(
        self, place: Floats, step: Floats, fits: float, weight: Floats, away: Floats
    ) -> tuple[Floats, float, Floats] | None:
        """Return the first of ever shorter steps that gains."""
        now = fits - float(weight @ (place - away) ** 2) / 2
        step = step / max(1.0, float(np.abs(step).max()))
        for halving in range(20):
            there = place + step / 2**halving
            reached, slopes = self.likelihood(there)
            if np.isfinite(reached) and reached - float(weight @ (there - away) ** 2) / 2 > now:
                return there, reached, slopes
        return None

    def next_spreads(self, place: Floats, variances: Floats, spreads: Floats) -> Floats:
        """Return MacKay's next spreads."""
        size, kinds = len(self.start), spreads.shape[1]
        answer = np.empty_like(spreads)
        for i, begin in enumerate((size, size + self.levels)):
            part = slice(begin, begin + self.levels)
            prior = np.maximum(spreads[i], NOTHING / 10)[self.of] ** 2
            known = np.bincount(self.of, weights=1 - np.minimum(variances[part] / prior, 1.0), minlength=kinds)
            squares = np.bincount(self.of, weights=place[part] ** 2, minlength=kinds)
            answer[i] = np.clip(np.sqrt(squares / np.maximum(known, 1e-9)), NOTHING / 10, MOST)
        return answer

    def reported(self, place: Floats, sds: Floats, spreads: Floats, value: float) -> Pooling:
        """Return what was found."""
        size, n = len(self.start), self.levels
        parts = (place[size : size + n], place[size + n :], sds[size : size + n], sds[size + n :])
        return Pooling(place[:size], *parts, spreads, value)


def grouped(cells: Cells, group: Ints, count: Ints, groups: int) -> tuple[Cells, ...]:
    """Divide cells among groups.

    Args:
        cells: The histories.
        group: The group of each row of a table of customers, shape (rows,).
        count: The cell of each such row.
        groups: How many groups there are.
    """
    size = len(cells.age)
    key, customers = np.unique(group * size + count, return_counts=True)
    of, cell = key // size, key % size
    ends = np.searchsorted(of, np.arange(groups + 1))
    return tuple(
        Cells(
            cells.repeats[cell[a:b]],
            cells.recency[cell[a:b]],
            cells.age[cell[a:b]],
            customers[a:b].astype(np.float64),
        )
        for a, b in pairwise(ends.tolist())
    )


def alone(groups: Sequence[Cells]) -> Kinds:
    """Return groups that differ by one covariate, each being a level of its own."""
    return Kinds(tuple(groups), np.arange(len(groups))[:, None], (len(groups),))


def unlike(kinds: Kinds, objective: Callable[[Rows], Objective], *, start: Floats) -> list[tuple[int, float, float]]:
    """Hold each group of one covariate against the others: how often its customers buy, at the others' parameters.

    A group's own effect on buying is where its own likelihood has its peak (the leaving of all staying as it is). The
    others' effects have a mean and a spread beyond their own errors (DerSimonian & Laird 1986, by moments).

    Returns:
        Place of the group, z (above 0: buys more), factor on the rate of buying; the largest |z| first.
    """
    found = [_own(objective(sorted_rows(cells)), start) for cells in kinds.cells]
    known = {i: one for i, one in enumerate(found) if one is not None}
    usable = list(known)
    effects, errors = np.array(list(known.values())).reshape(-1, 2).T
    answer = []
    for i in range(len(usable)):
        others = np.arange(len(usable)) != i
        if others.sum() < FEWEST_OTHERS:
            continue
        mean, spread, error = _combined(effects[others], errors[others])
        z = (effects[i] - mean) / np.sqrt(errors[i] ** 2 + spread**2 + error**2)
        answer.append((usable[i], -float(z), float(np.exp(mean - effects[i]))))
    return sorted(answer, key=lambda row: (-abs(row[1]), row[0]))


def _own(objective: Objective, start: Floats) -> tuple[float, float] | None:
    """Return the effect on the buying scale that the group's likelihood is largest at, and its sd."""

    def slope(effect: float) -> float:
        place = start.copy()
        place[BUYING] += effect
        return float(objective(place)[1][BUYING])

    low, high = -5.0, 5.0
    if slope(low) <= 0 or slope(high) >= 0:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    bend = (slope(low - 1e-3) - slope(low + 1e-3)) / 2e-3
    return ((low + high) / 2, float(1 / np.sqrt(bend))) if bend > 0 else None


def _combined(effects: Floats, errors: Floats) -> tuple[float, float, float]:
    """Return mean, spread and error of the mean of effects known with these errors."""
    weight = 1 / errors**2
    mean = float(weight @ effects / weight.sum())
    beyond = float(weight @ (effects - mean) ** 2) - (len(effects) - 1)
    spread = np.sqrt(max(beyond, 0.0) / (weight.sum() - (weight**2).sum() / weight.sum()))
    weight = 1 / (errors**2 + spread**2)
    return float(weight @ effects / weight.sum()), float(spread), float(1 / np.sqrt(weight.sum()))
