"""Which of the methods forecast best, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keepwell.models.shapes import Floats

SAME = 1e-6  # relative difference of CRPS that is rounding: where nobody leaves, the models are one


@dataclass(frozen=True, slots=True)
class Scored:
    """Mean CRPS of each method at one origin, and the covariance of these means over customers."""

    methods: tuple[str, ...]
    customers: float
    mean: Floats  # shape (methods,)
    covariance: Floats  # shape (methods, methods)

    def of(self, method: str) -> float:
        """Return the mean CRPS of a method that took part."""
        return float(self.mean[self.methods.index(method)])


def scored(crps: Mapping[str, Floats], count: Floats) -> Scored:
    """Condense one origin's scores, by method, whose rows stand for `count` customers each."""
    methods = tuple(crps)
    each = np.stack([crps[m] for m in methods])
    customers = count.sum()
    mean = each @ count / customers
    away = each - mean[:, None]
    covariance = (away * count) @ away.T / customers / max(customers - 1, 1)
    return Scored(methods, float(customers), mean, covariance)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who won over which origins, in words too."""

    champion: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lead:
    """By how much one method's mean CRPS lies below another's, as a share of the other's, and its standard error."""

    share: float
    se: float


def verdict(rounds: Sequence[Scored], labels: Mapping[str, str]) -> Verdict | None:
    """Return the method of the lowest mean CRPS over the origins, or a simpler one that is within one standard error.

    Each origin counts by its customers, so that the mean is one over forecasts of a customer; see `means` for methods
    that did not take part at every origin. The error is that of the mean difference to the best: over the origins at
    which both took part, or over customers where there is one such origin.

    Args:
        rounds: The origins.
        labels: Names and labels of the methods that may win, the simplest first.

    Returns:
        None where none of them took part anywhere.
    """
    there = [m for m in labels if any(m in r.methods for r in rounds)]
    if not there:
        return None
    crps = means(rounds, there)
    best = there[int(np.argmin(crps))]
    for method, value in zip(there, crps, strict=True):
        if method == best or value - crps.min() <= max(_error(rounds, method, best), SAME * crps.min()):
            break
    number = _times(sum(method in r.methods for r in rounds), "origin")
    if method == best:
        return Verdict(method, f"lowest mean CRPS over {number} of the backtest")
    return Verdict(method, f"simpler than {labels[best]} and within one standard error of its CRPS, {number}")


def lowest(rounds: Sequence[Scored], methods: Sequence[str]) -> str:
    """Return the method of the lowest mean CRPS; see `means`."""
    return methods[int(means(rounds, methods).argmin())]


def means(rounds: Sequence[Scored], methods: Sequence[str]) -> Floats:
    """Return the mean CRPS of each method over the origins, shape (methods,); each must have taken part somewhere.

    Some origins are harder than others. A method that was absent at some is compared where it was present: the score
    is taken for the sum of what the origin and what the method contributes, by least squares weighted with customers.
    Where all took part everywhere, these are plain weighted means.
    """
    rows = [
        (i, j, r.of(m), np.sqrt(r.customers))
        for i, r in enumerate(rounds)
        for j, m in enumerate(methods)
        if m in r.methods
    ]
    origin, method = (np.array([row[k] for row in rows], np.int64) for k in (0, 1))
    score, root = (np.array([row[k] for row in rows]) for k in (2, 3))
    design = np.zeros((len(rows), len(rounds) + len(methods)))
    design[np.arange(len(rows)), origin] = root
    design[np.arange(len(rows)), len(rounds) + method] = root
    effects = np.linalg.lstsq(design, score * root, rcond=None)[0]
    present = np.unique(origin)
    weight = np.array([rounds[i].customers for i in present])
    answer: Floats = effects[len(rounds) :] + weight @ effects[present] / weight.sum()
    return answer


def lead(rounds: Sequence[Scored], method: str, other: str) -> Lead | None:
    """Return by how much `method` leads `other` over the origins at which both took part; None without any."""
    both = [r for r in rounds if method in r.methods and other in r.methods]
    weight = np.array([r.customers for r in both])
    if not both or not (base := float(weight @ [r.of(other) for r in both])):
        return None
    base /= weight.sum()
    gap = float(weight @ [r.of(other) - r.of(method) for r in both]) / weight.sum()
    return Lead(gap / base, _error(both, method, other) / base)


def _error(rounds: Sequence[Scored], a: str, b: str) -> float:
    """Return the standard error of the mean difference between two methods."""
    both = [r for r in rounds if a in r.methods and b in r.methods]
    if len(both) > 1:
        gap = np.array([r.of(a) - r.of(b) for r in both])
        share = np.array([r.customers for r in both])
        share = share / share.sum()
        spread = share @ (gap - share @ gap) ** 2 * len(gap) / (len(gap) - 1)
        return float(np.sqrt(spread * (share @ share)))
    if not both:
        return 0.0
    i, j = both[0].methods.index(a), both[0].methods.index(b)
    c = both[0].covariance
    return float(np.sqrt(max(c[i, i] + c[j, j] - 2 * c[i, j], 0.0)))


def _times(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")
