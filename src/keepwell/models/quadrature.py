"""Gauss-Legendre nodes, and panels that follow how fast an integrand changes."""

from __future__ import annotations

from functools import cache

import numpy as np

from keepwell.models.shapes import Floats


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
