"""What is known of a model's parameters after the data: weighted draws from the posterior.

The highest point of likelihood x prior is found by the fitter over the logarithms of the parameters. From there the
axis in which least is known is walked, both ways, and at each step the others are put where they are likeliest: a
ridge that bends is followed. At each step the others are nearly normal (Laplace), which gives the axis its marginal
and the others their place and width. Points are drawn from these (a Student-t across the ridge, to be wider than it),
always at the same fixed places, and weighted by posterior / proposal, the largest weights smoothed (`psis`). Where
the diagnostic k is above 0.7 (or they are worth less than a fifth as many even ones) they are drawn again, up to three
times, from a mixture of Student-t around the weighted points (West). Where that does not mend it the draws come from
an ensemble sampler (emcee) instead, and its autocorrelation says what they are worth.

An evaluation sums over all distinct histories. Where that is long work, the same log-likelihood is evaluated with its
gradient at few points only, and a polynomial of the fourth degree through them gives the other points' weights; at
points kept apart it must agree with the log-likelihood to within 0.05, or all points are evaluated. No data are left
out.

Sources: Tierney & Kadane (1986), JASA 81:82-86 (Laplace, of marginals too); Vehtari et al. (2024), JMLR 25(72) (see
`psis`); West (1993), JRSS B 55:409-422 (the mixture); Foreman-Mackey et al. (2013), PASP 125:306-312 (emcee).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from scipy.special import gammaincinv, logsumexp, ndtri

from keepwell.models import gammagamma, priors, psis
from keepwell.models.fitter import Counted, Objective, curvature, searched
from keepwell.models.histories import checked, sorted_rows
from keepwell.models.priors import Prior
from keepwell.models.shapes import Cells, Fit, Floats, parameters

DRAWS = 1024
FREEDOM = 7.0  # of the proposal: heavier than any tail that a prior leaves, light enough to waste few points
STRIDE, LONGER, FARTHEST = 0.75, 1.1, 24  # first step along a ridge in its sds, growth of the steps, most of them
LOW = 12.0  # e^-12 of the ridge's top is where the walk ends
FLATTER = 0.85  # power of the marginal that is drawn from, to be wider than it
FINE = 4000  # stretches of the ridge on each of which the marginal is taken as even
LEAST_BEND = 0.01  # of a direction in which nothing holds a parameter: known to a factor e^10 at most
BOUNDS = (-40.0, 40.0)  # of the logarithms; the prior keeps them far inside
COSTLY = 50_000  # distinct histories, from which on few points are evaluated
KNOTS, CHECKS, CLOSE = 28, 8, 0.05  # evaluations that a polynomial goes through and is checked by, and how near
ROUNDS, CENTRES = 3, 256  # mixtures tried, and the centres of one
WIDER = 1.4  # kernels than is best for a normal
WORTH = 0.2  # share of the points that the weighted ones should be worth, or a mixture is tried
STEPS, WALKERS = 1500, 24  # of the sampler, a third of the steps more to begin with
LONGEST = 40_000_000  # distinct histories that the sampler's evaluations may sum over, all together


@dataclass(frozen=True, slots=True)
class Posterior:
    """Weighted draws of the parameters; plain arrays."""

    names: tuple[str, ...]
    draws: Floats  # shape (S, parameters), in the parameters' own units
    weights: Floats  # shape (S,); they sum to 1
    k: float  # Pareto k of the weights; nan where the draws come from the sampler
    ess: float  # equally weighted independent draws that say as much
    method: str  # how it was made, in words

    @property
    def mean(self) -> Floats:
        """Posterior mean of each parameter, shape (parameters,)."""
        answer: Floats = self.weights @ self.draws
        return answer

    @property
    def sd(self) -> Floats:
        """Posterior standard deviation of each parameter, shape (parameters,)."""
        answer: Floats = np.sqrt(self.weights @ (self.draws - self.mean) ** 2)
        return answer

    def quantile(self, q: float) -> Floats:
        """Return the q-quantile of each parameter, shape (parameters,), between the two draws that it lies between."""
        return np.array([weighted_quantile(column, self.weights, q) for column in self.draws.T])

    def thinned(self, draws: int) -> Posterior:
        """Return so many equally weighted draws, at even steps through the weights along the widest direction."""
        logs = np.log(self.draws)
        away = (logs - self.weights @ logs) * np.sqrt(self.weights)[:, None]
        widest = np.linalg.eigh(away.T @ away)[1][:, -1]
        order = np.argsort(logs @ (widest * np.sign(widest[np.argmax(np.abs(widest))])), kind="stable")
        reached = np.cumsum(self.weights[order])
        pick = order[np.minimum(np.searchsorted(reached, (np.arange(draws) + 0.5) / draws), len(order) - 1)]
        return replace(self, draws=self.draws[pick], weights=np.full(draws, 1 / draws))


def weighted_quantile(values: Floats, weights: Floats, q: float) -> float:
    """Return the q-quantile of weighted values; each lies in the middle of its own weight."""
    order = np.argsort(values, kind="stable")
    middle = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(q, middle, values[order]))


def of_purchases(
    model: Any, fit: Fit[Any], cells: Cells, *, prior: Prior | None = None, draws: int = DRAWS, seed: int = 1
) -> Posterior:
    """Return the posterior of a purchase model.

    Args:
        model: Its module; `objective` (or `objective_of`, given the parameters) gives the log-likelihood of sorted
            histories with its gradient.
        fit: Its fit to the same histories: where to start.
        cells: The histories, in whole days.
        prior: See `priors`; where it is None, that of `priors.of_purchases`.
        draws: Points.
        seed: Of the points.
    """
    rows = sorted_rows(checked(cells))
    names, start = _logarithms(fit)
    belief = prior or priors.of_purchases(names, span=float(rows.age.max(initial=1)))
    # A model that holds a number fixed has one likelihood for each.
    likelihood = model.objective_of(fit.params)(rows) if hasattr(model, "objective_of") else model.objective(rows)
    return posterior(likelihood, belief, names=names, start=start, draws=draws, seed=seed, size=len(rows.age))


def of_spend(
    fit: Fit[gammagamma.GammaGamma],
    *,
    n: Floats,
    mean: Floats,
    prior: Prior | None = None,
    draws: int = DRAWS,
    seed: int = 1,
) -> Posterior:
    """Return the posterior of Gamma-Gamma from customers with `n` orders of mean `mean`, shape (n,) each."""
    names, start = _logarithms(fit)
    belief = prior or priors.of_spend(names, typical=float(np.median(mean)))
    return posterior(
        gammagamma.objective(n, mean), belief, names=names, start=start, draws=draws, seed=seed, size=len(n)
    )


def of_covariance(fit: Fit[Any], *, draws: int = DRAWS, seed: int = 1) -> Posterior:
    """Return log-normal draws by the curvature of the likelihood alone, for a model without a prior."""
    names, middle = _logarithms(fit)
    z = ndtri(_points(draws, len(middle), seed)[:, :-1])
    covariance = np.nan_to_num(np.array(fit.log_covariance))  # what is not known is left where it is
    theta = middle + z @ _root(covariance).T
    even = np.full(draws, 1 / draws)
    return Posterior(names, np.exp(theta), even, float("nan"), float(draws), "normal by the curvature")


def posterior(
    likelihood: Objective,
    prior: Prior,
    *,
    names: Sequence[str],
    start: Floats,
    draws: int = DRAWS,
    seed: int = 1,
    size: int = 1,
) -> Posterior:
    """Return the posterior of positive parameters.

    Args:
        likelihood: theta -> (ln likelihood, gradient), theta being the logarithms of the parameters.
        prior: theta -> (ln density, gradient).
        names: Of the parameters.
        start: Where to climb from, logarithms.
        draws: Points of the importance sampling.
        seed: Of the points.
        size: What an evaluation sums over: with much, few evaluations are to do, if they can.
    """

    def both(theta: Floats) -> tuple[float, Floats]:
        value, slope = likelihood(theta)
        belief, by_belief = prior(theta)
        return value + belief, slope + by_belief

    density = Counted(both)  # what has no finite value there is impossible
    top, _ = searched(density, start, [BOUNDS] * len(start))
    covariance = _spread(density, top)
    points = _points(draws, len(start), seed)
    if size > COSTLY:
        near = _few_evaluations(density, top, covariance, points)
        if near is not None:
            return _weighted(names, *near, "Laplace, few evaluations, Pareto-smoothed importance weights")
    return _by_importance(density, names, top, covariance, points, seed, size)


def _by_importance(
    density: Objective, names: Sequence[str], middle: Floats, covariance: Floats, points: Floats, seed: int, size: int
) -> Posterior:
    words = ("Laplace along the ridge", *["a mixture around draws along the ridge"] * ROUNDS)
    done: list[Posterior] = []
    for drawn in words:
        theta, proposal = _around(done[-1], points) if done else _along(_ridge(density, middle, covariance), points)
        logs = np.array([_finite(density(t)[0]) for t in theta]) - proposal
        done.append(_weighted(names, theta, logs, f"{drawn}, Pareto-smoothed importance weights"))
        if done[-1].k <= psis.GOOD and done[-1].ess >= WORTH * len(points):
            return done[-1]
    trusted = [one for one in done if one.k <= psis.GOOD]
    if trusted:
        return max(trusted, key=lambda one: one.ess)
    return _sampled(density, names, middle, covariance, seed, size)


def _around(found: Posterior, points: Floats) -> tuple[Floats, Floats]:
    """Return draws of a mixture of Student-t around weighted draws, and the logarithm of its density, up to a constant.

    The centres are drawn in as for kernels as wide as is best for a normal; these are `WIDER`, for the tails' sake.
    """
    logs = np.log(found.draws)
    mean = found.weights @ logs
    covariance = (logs - mean).T @ ((logs - mean) * found.weights[:, None])
    size = len(mean)
    width = (4 / (CENTRES * (size + 2))) ** (1 / (size + 4))
    centres = mean + np.sqrt(1 - width**2) * (np.log(found.thinned(CENTRES).draws) - mean)
    root = WIDER * width * _root(covariance)
    spread = gammaincinv(FREEDOM / 2, points[:, -1]) * 2 / FREEDOM
    away = ndtri(points[:, :-1]) / np.sqrt(spread)[:, None]
    theta = centres[np.arange(len(points)) * CENTRES // len(points)] + away @ root.T
    apart = np.linalg.solve(root, (theta[:, None, :] - centres).reshape(-1, size).T).T.reshape(len(theta), -1, size)
    each = -(FREEDOM + size) / 2 * np.log1p((apart**2).sum(axis=2) / FREEDOM)
    return theta, logsumexp(each, axis=1)


@dataclass(frozen=True, slots=True)
class _Ridge:
    """The posterior around the line of its highest points along one axis, at `steps` places."""

    middle: Floats  # shape (parameters,)
    axes: Floats  # shape (parameters, parameters): the weakest axis, then the others
    at: Floats  # shape (steps,), rising: along the weakest axis
    others: Floats  # shape (steps, parameters - 1): where the others are likeliest
    roots: Floats  # shape (steps, parameters - 1, parameters - 1): square root of their covariance
    logs: Floats  # shape (steps,): logarithm of the marginal, up to a constant


def _ridge(density: Objective, middle: Floats, covariance: Floats) -> _Ridge:
    """Walk from `middle` both ways along the axis of the largest variance."""
    sizes, ways = np.linalg.eigh(covariance)
    axes, stride = ways[:, ::-1], STRIDE * np.sqrt(sizes[-1])
    top = _step(density, middle, axes, 0.0, np.zeros(len(middle) - 1))
    walks = [_walk(density, middle, axes, top, sign * stride) for sign in (-1.0, 1.0)]
    steps = [*walks[0][::-1], top, *walks[1]]
    return _Ridge(
        middle=middle,
        axes=axes,
        at=np.array([one.at for one in steps]),
        others=np.array([one.others for one in steps]),
        roots=np.array([one.root for one in steps]),
        logs=np.array([one.log for one in steps]),
    )


def _walk(density: Objective, middle: Floats, axes: Floats, top: _Step, stride: float) -> list[_Step]:
    """Return the steps from `top` one way, to where the marginal has fallen to nothing."""
    walked = [top]
    slope = np.zeros(len(top.others))
    while len(walked) <= FARTHEST and walked[-1].log > top.log - LOW:
        here = walked[-1]
        there = _step(density, middle, axes, here.at + stride, here.others + slope * stride)
        slope = (there.others - here.others) / stride
        stride *= LONGER
        walked.append(there)
    return walked[1:]


@dataclass(frozen=True, slots=True)
class _Step:
    """One place of the ridge."""

    at: float
    others: Floats
    root: Floats
    log: float  # of the marginal


def _step(density: Objective, middle: Floats, axes: Floats, at: float, guess: Floats) -> _Step:
    across = axes[:, 1:]

    def held(others: Floats) -> tuple[float, Floats]:
        value, slope = density(middle + at * axes[:, 0] + across @ others)
        return value, across.T @ slope

    top = searched(held, guess, [BOUNDS] * len(guess))[0]
    root: Floats = np.linalg.cholesky(_spread(held, top)).astype(np.float64)
    return _Step(at, top, root, _finite(held(top)[0]) + float(np.log(np.diag(root)).sum()))


def _spread(density: Objective, theta: Floats) -> Floats:
    """Return the covariance of the normal that bends as the density does."""
    sizes, ways = np.linalg.eigh(curvature(density, theta))
    answer: Floats = (ways / np.maximum(sizes, LEAST_BEND)) @ ways.T
    return (answer + answer.T) / 2


def _along(ridge: _Ridge, points: Floats) -> tuple[Floats, Floats]:
    """Return draws along the ridge and the logarithm of the density that they were drawn with, up to a constant."""
    edges = np.linspace(ridge.at[0], ridge.at[-1], FINE + 1)
    logs = FLATTER * np.interp((edges[1:] + edges[:-1]) / 2, ridge.at, ridge.logs)
    chances = np.exp(logs - logs.max())
    reached = np.r_[0.0, np.cumsum(chances / chances.sum())]
    at = np.interp(points[:, 0], reached, edges)
    spread = gammaincinv(FREEDOM / 2, points[:, -1]) * 2 / FREEDOM
    away = ndtri(points[:, 1:-1]) / np.sqrt(spread)[:, None]
    left = np.clip(np.searchsorted(ridge.at, at) - 1, 0, len(ridge.at) - 2)
    share = (at - ridge.at[left]) / (ridge.at[left + 1] - ridge.at[left])
    others = ridge.others[left] + share[:, None] * (ridge.others[left + 1] - ridge.others[left])
    roots = ridge.roots[left] + share[:, None, None] * (ridge.roots[left + 1] - ridge.roots[left])
    others = others + np.einsum("sij,sj->si", roots, away)
    size = away.shape[1]
    across = -(FREEDOM + size) / 2 * np.log1p((away**2).sum(axis=1) / FREEDOM)
    across -= np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    along = logs[np.clip(np.searchsorted(edges, at) - 1, 0, FINE - 1)]
    return ridge.middle + np.column_stack([at, others]) @ ridge.axes.T, along + across


def _weighted(names: Sequence[str], theta: Floats, logs: Floats, method: str) -> Posterior:
    weights, k = psis.smoothed(logs)
    return Posterior(tuple(names), np.exp(theta), np.exp(weights), k, psis.effective(weights), method)


def _finite(value: float) -> float:
    return value if np.isfinite(value) else -1e300


def _points(draws: int, dimensions: int, seed: int) -> Floats:
    """Return points that fill the unit cube evenly, one column more than dimensions (see `compound.points`)."""
    root = 1.0
    for _ in range(60):  # the root above 1 of x^(m+1) = x + 1
        root = (1 + root) ** (1 / (dimensions + 2))
    shift = np.random.default_rng(seed).random(dimensions + 1)
    lattice = (shift + np.outer(np.arange(1, draws + 1), root ** -np.arange(1.0, dimensions + 2))) % 1.0
    ranks = lattice.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    answer: Floats = (ranks + 0.5) / draws
    return answer


def _root(covariance: Floats) -> Floats:
    """Return a square root of a covariance, its axes one a column."""
    sizes, ways = np.linalg.eigh(covariance)
    answer: Floats = ways * np.sqrt(np.maximum(sizes, 1e-14 * sizes.max()))
    return answer


def _few_evaluations(
    density: Objective, middle: Floats, covariance: Floats, points: Floats
) -> tuple[Floats, Floats] | None:
    """Return normal draws and the logarithms of their weights by a polynomial, or None where it does not fit.

    In standard units z the polynomial is of ln posterior + |z|^2/2: near 0 everywhere the posterior is normal.
    """
    root = _root(covariance)
    z = ndtri(points[:, :-1])
    knots = z[:: max(len(z) // (KNOTS + CHECKS), 1)][: KNOTS + CHECKS]
    found = [density(middle + root @ at) for at in knots]
    base = density(middle)[0]
    values = np.array([value - base for value, _ in found]) + (knots**2).sum(axis=1) / 2
    slopes = np.array([slope @ root for _, slope in found]) + knots
    terms = _terms(len(middle))
    rows = np.vstack([_powers(knots[:KNOTS], terms), _slopes(knots[:KNOTS], terms)])
    asked = np.r_[values[:KNOTS], slopes[:KNOTS].ravel()]
    held = np.linalg.lstsq(rows, asked, rcond=None)[0]
    off = np.abs(_powers(knots[KNOTS:], terms) @ held - values[KNOTS:])
    if not np.isfinite(off).all() or off.max() > CLOSE:
        return None
    return middle + z @ root.T, _powers(z, terms) @ held


Term = tuple[int, ...]  # the coordinates that are multiplied


def _terms(size: int) -> list[Term]:
    return [term for degree in range(5) for term in combinations_with_replacement(range(size), degree)]


def _powers(z: Floats, terms: Sequence[Term]) -> Floats:
    return np.column_stack([np.prod(z[:, list(term)], axis=1) for term in terms])


def _slopes(z: Floats, terms: Sequence[Term]) -> Floats:
    """Return the derivatives of `_powers` by each coordinate, shape (points * coordinates, terms)."""
    parts = np.zeros((len(z), z.shape[1], len(terms)))
    for t, term in enumerate(terms):
        for i in set(term):
            rest = list(term)
            rest.remove(i)
            parts[:, i, t] = term.count(i) * np.prod(z[:, rest], axis=1)
    return parts.reshape(-1, len(terms))


def _sampled(
    density: Objective, names: Sequence[str], middle: Floats, covariance: Floats, seed: int, size: int
) -> Posterior:
    """Draw from the posterior by an ensemble of walkers, thinned by their autocorrelation."""
    import emcee

    rng = np.random.default_rng(seed)
    steps = int(np.clip(LONGEST // (size * WALKERS), 100, STEPS))
    burn = steps // 3
    start = middle + 0.5 * rng.normal(size=(WALKERS, len(middle))) @ _root(covariance).T
    sampler = emcee.EnsembleSampler(WALKERS, len(middle), lambda theta: _finite(density(theta)[0]))
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(start, burn + steps)
    long = float(np.max(sampler.get_autocorr_time(discard=burn, tol=0)))
    theta = sampler.get_chain(discard=burn, thin=max(int(long / 2), 1), flat=True)
    ess = steps * WALKERS / long
    words = f"emcee, because importance weights could not be trusted; {long:.0f} steps apart its draws are independent"
    return Posterior(tuple(names), np.exp(theta), np.full(len(theta), 1 / len(theta)), float("nan"), ess, words)


def _logarithms(fit: Fit[Any]) -> tuple[tuple[str, ...], Floats]:
    found = parameters(fit.params)
    return tuple(found), np.log(list(found.values()))
