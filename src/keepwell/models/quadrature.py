"""Gauss-Legendre nodes, panels of them, and interpolation between Chebyshev points."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from keepwell.models.shapes import Floats

DIGITS = 27.0  # e^-27: error of an interpolation
CHUNK = 16_384  # places whose weights are in memory at once
FEWER = 20.0  # the same of two places at once, where points multiply
SPARE = 3  # nodes more than the theory asks for


@cache
def gauss(order: int) -> tuple[Floats, Floats]:
    """Return nodes and weights on [0, 1], shape (order,) each."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return (nodes + 1) / 2, weights / 2


@cache
def panels(count: int, order: int) -> tuple[Floats, Floats]:
    """Return nodes and weights on [0, 1] of `count` equal panels, shape (count * order,) each."""
    nodes, weights = gauss(order)
    places = (np.arange(count)[:, None] + nodes) / count
    return places.ravel(), np.tile(weights / count, count)


def lasting(z: Floats) -> Floats:
    """Return (1 - exp(-z)) / z, which is 1 at z = 0."""
    safe = np.where(np.abs(z) < 1e-9, 1.0, z)
    share: Floats = np.where(np.abs(z) < 1e-9, 1.0 - z / 2, -np.expm1(-safe) / safe)
    return share


def interpolated(function: Callable[[Floats, Floats], Floats], kind: Floats, place: Floats) -> Floats:
    """Return positive functions of kind and place, shape (n, k), asked at few places where a kind has many.

    Args:
        function: Takes kinds and places of shape (m,), returns (m, k); smooth in the logarithm of the place, without
            singularities nearer than pi to the real line.
        kind: In ascending order, shape (n,).
        place: Positive, shape (n,).
    """
    _, start = np.unique(kind, return_index=True)
    groups = np.split(np.log(place), start[1:])
    points = [_chebyshev(group) for group in groups]
    asked = np.log(function(np.repeat(kind[start], [len(p) for p in points]), np.exp(np.concatenate(points))))
    ends = np.cumsum([len(p) for p in points])[:-1]
    parts = zip(points, groups, np.split(asked, ends), strict=True)
    total: Floats = np.exp(np.concatenate([v if p is at else _barycentric(p, at) @ v for p, at, v in parts]))
    return total


def interpolated_twice(function: Callable[[Floats, Floats], Floats], first: Floats, second: Floats) -> Floats:
    """Return positive functions of two positive places, shape (n, k), asked at few points where there are many.

    Smooth in the logarithms of both, as in `interpolated`; `function` takes places of shape (m,) each.
    """
    logs = np.log(first), np.log(second)
    ones, twos = (_between(a.min(), a.max(), FEWER) for a in logs)
    if len(ones) * len(twos) >= len(first):
        return function(first, second)
    asked = function(np.repeat(np.exp(ones), len(twos)), np.tile(np.exp(twos), len(ones)))
    table = np.log(asked).reshape(len(ones), len(twos), -1)
    parts = []
    for i in range(0, len(first), CHUNK):
        along, across = (_weights(p, at[i : i + CHUNK]) for p, at in zip((ones, twos), logs, strict=True))
        parts.append(np.einsum("na,nb,abk->nk", along, across, table, optimize=True))
    total: Floats = np.exp(np.concatenate(parts))
    return total


def _between(low: float, high: float, digits: float) -> Floats:
    """Return the Chebyshev points at which a function is asked for values from `low` to `high`; one if they are one."""
    if high == low:
        return np.array([low])
    nodes = int(digits / np.arcsinh(2 * np.pi / (high - low))) + SPARE
    points: Floats = low + (high - low) * (1 + np.cos(np.pi * np.arange(nodes) / (nodes - 1))) / 2
    return points


def _weights(points: Floats, at: Floats) -> Floats:
    return np.ones((len(at), 1)) if len(points) == 1 else _barycentric(points, at)


def _chebyshev(places: Floats) -> Floats:
    """Return the points to ask at for values at `places`: Chebyshev points of their range, or they themselves."""
    # The error falls as rho^-nodes, rho that of the ellipse through the nearest singularities.
    points = _between(places.min(), places.max(), DIGITS)
    return points if 1 < len(points) < len(places) else places


def _barycentric(points: Floats, at: Floats) -> Floats:
    """Return the weights of the values at Chebyshev points, shape (len(at), points)."""
    signs = (-1.0) ** np.arange(len(points))
    signs[[0, -1]] /= 2
    gaps = at[:, None] - points
    hit = np.abs(gaps) < 1e-14
    weights = signs / np.where(hit, 1.0, gaps)
    weights = np.where(hit.any(axis=1, keepdims=True), hit, weights)
    total: Floats = weights / weights.sum(axis=1, keepdims=True)
    return total
