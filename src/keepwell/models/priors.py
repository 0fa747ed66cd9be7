"""What is believed of a model's parameters before any data are seen: weak, proper, and the same in every unit.

Each prior is normal in linear combinations of the logarithms of the parameters. Times enter only relative to the span
of the log (the longest history), money only relative to the median customer's mean order, so that a log told in
weeks or in another currency leads to the same conclusions. With N(middle, sd):

    purchases in the span at the mean rate   ln(r / alpha x span)        N(0, 2)       between 0.02 and 50, 95%
    how customers differ in it               ln r                        N(0, 1)       between 0.14 and 7
    lifetime at the mean leaving rate        ln(beta / s / span)         N(0, 1.5)     between 0.05 and 19 spans
    how customers differ in it               ln s                        N(0, 1)       between 0.14 and 7
    mean odds to leave after a purchase      ln(a / b)                   N(-1, 1.5)    between 0.02 and 7
    how customers differ in it               ln b                        N(0.5, 1)     between 0.23 and 12
    order of a typical customer              ln(p gamma / q / median)    N(0, 1)       between a seventh and 7 medians
    how orders and customers differ          ln p, ln q                  N(1, 1)       between 0.4 and 19

The mean of a gamma distribution of rates is r / alpha; the mean lifetime itself, beta / (s - 1), need not exist.
A prior is a function theta -> (ln density, gradient), theta being the logarithms of the parameters, so that any other
can be given in its place. `independent` gives log-normal priors of each parameter on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keepwell.errors import ConfigError
from keepwell.models.shapes import Floats

Prior = Callable[[Floats], tuple[float, Floats]]


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """Independent normals of `ways @ theta`; plain arrays, so that it can be sent and kept."""

    ways: Floats  # shape (combinations, parameters)
    middle: Floats  # shape (combinations,)
    sd: Floats  # shape (combinations,)

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Return the logarithm of the density of `ways @ theta` and its gradient by theta."""
        away = (self.ways @ theta - self.middle) / self.sd
        value = -0.5 * float(away @ away) - float(np.log(self.sd).sum()) - len(away) * np.log(2 * np.pi) / 2
        return float(value), -self.ways.T @ (away / self.sd)


def independent(middle: Sequence[float], sd: Sequence[float]) -> NormalPrior:
    """Return log-normal priors, one a parameter: `middle` and `sd` are those of the logarithm."""
    return NormalPrior(np.eye(len(middle)), np.asarray(middle, float), np.asarray(sd, float))


def of_purchases(names: Sequence[str], *, span: float) -> NormalPrior:
    """Return the prior of a purchase model by the names of its parameters; `span` is the longest history.

    Raises:
        ConfigError: A parameter is none that a prior is known for.
    """
    span_log = float(np.log(max(span, 1.0)))
    return _prior(
        names,
        {
            "r": ({"r": 1.0}, 0.0, 1.0),
            "alpha": ({"r": 1.0, "alpha": -1.0}, -span_log, 2.0),
            "s": ({"s": 1.0}, 0.0, 1.0),
            "beta": ({"beta": 1.0, "s": -1.0}, span_log, 1.5),
            "a": ({"a": 1.0, "b": -1.0}, -1.0, 1.5),
            "b": ({"b": 1.0}, 0.5, 1.0),
        },
    )


def of_spend(names: Sequence[str], *, typical: float) -> NormalPrior:
    """Return the prior of Gamma-Gamma; `typical` is the median of customers' mean orders, above 0."""
    return _prior(
        names,
        {
            "p": ({"p": 1.0}, 1.0, 1.0),
            "q": ({"q": 1.0}, 1.0, 1.0),
            "gamma": ({"p": 1.0, "q": -1.0, "gamma": 1.0}, float(np.log(typical)), 1.0),
        },
    )


def _prior(names: Sequence[str], beliefs: Mapping[str, tuple[Mapping[str, float], float, float]]) -> NormalPrior:
    """Return the prior of `names`, each of which names one combination of logarithms."""
    strange = [name for name in names if name not in beliefs]
    if strange:
        raise ConfigError(f"no prior is known for {', '.join(strange)}", "", f"There are: {', '.join(beliefs)}.")
    ways = np.array([[beliefs[row][0].get(name, 0.0) for name in names] for row in names])
    return NormalPrior(ways, np.array([beliefs[n][1] for n in names]), np.array([beliefs[n][2] for n in names]))
