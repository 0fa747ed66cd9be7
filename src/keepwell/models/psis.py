"""Importance weights with the largest of them smoothed, and the diagnostic that says whether they can be trusted.

Points drawn from a proposal stand for a target when weighted by target / proposal. Where the target's tails are the
heavier, a few weights carry all. The largest M = min(S/5, 3 sqrt(S)) of S weights are replaced by the expected order
statistics of a generalised Pareto distribution fitted to them; its shape k says how many moments the weights have:
below 0.5 their variance is finite, up to 0.7 averages can be trusted, above it they can not.

Sources: Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed importance sampling, Journal of Machine Learning
Research 25(72):1-58; the fit: Zhang & Stephens (2009), A new and efficient estimation method for the generalized Pareto
distribution, Technometrics 51:316-325, its k drawn to 0.5 as if by ten more weights (appendix of the former).
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from keepwell.models.shapes import Floats

GOOD = 0.7  # k up to which averages over the weighted points can be trusted
FEWEST = 5  # weights in a tail that a shape can be fitted to
TYPICAL, WORTH = 0.5, 10  # the prior of k: this value, worth so many weights


def smoothed(log_ratios: Floats) -> tuple[Floats, float]:
    """Return the logarithms of the weights, which sum to 1, and k.

    `log_ratios` has shape (S,): ln(target / proposal) up to a constant. k is infinite where the tail is too short to
    fit, and -inf where all weights are the same.

    >>> weights, k = smoothed(np.zeros(100))
    >>> float(np.exp(weights).sum().round(12)), k
    (1.0, -inf)
    """
    logs = np.asarray(log_ratios, float) - np.max(log_ratios)
    order = np.argsort(logs, kind="stable")
    length = int(np.ceil(min(len(logs) / 5, 3 * np.sqrt(len(logs)))))
    if np.ptp(logs) < 1e-12:
        return logs - logsumexp(logs), -np.inf
    cut = max(float(logs[order[-length - 1]]) if length < len(logs) else -np.inf, float(np.log(np.finfo(float).tiny)))
    tail = order[logs[order] > cut]
    if len(tail) < FEWEST:
        return logs - logsumexp(logs), np.inf
    above = np.exp(logs[tail]) - np.exp(cut)
    k, scale = pareto_fit(above)
    if np.isfinite(k):
        places = (np.arange(len(tail)) + 0.5) / len(tail)
        logs[tail] = np.minimum(np.log(_quantile(places, k, scale) + np.exp(cut)), 0.0)
    return logs - logsumexp(logs), k


def effective(log_weights: Floats) -> float:
    """Return the number of equally weighted points that say as much; `log_weights` are of weights that sum to 1."""
    return float(np.exp(-logsumexp(2 * log_weights)))


def pareto_fit(excess: Floats) -> tuple[float, float]:
    """Return shape k and scale of the generalised Pareto distribution of rising `excess`, shape (n,), above 0."""
    n = len(excess)
    grid = 30 + int(np.sqrt(n))
    b = 1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    b = b / (3 * excess[int(n / 4 + 0.5) - 1]) + 1 / excess[-1]
    k = np.log1p(-b[:, None] * excess).mean(axis=1)
    logs = n * (np.log(-b / k) - k - 1)
    weights = np.exp(logs - logsumexp(logs))
    weights = np.where(weights >= 10 * np.finfo(float).eps, weights, 0.0)
    place = float(b @ weights / weights.sum())
    shape = float(np.log1p(-place * excess).mean())
    return (n * shape + WORTH * TYPICAL) / (n + WORTH), -shape / place


def _quantile(places: Floats, k: float, scale: float) -> Floats:
    if abs(k) < 1e-12:
        return -scale * np.log1p(-places)
    answer: Floats = scale * np.expm1(-k * np.log1p(-places)) / k
    return answer
