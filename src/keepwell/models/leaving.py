"""The chance that a subscriber leaves within a period, from what is known of them.

The log-odds of leaving are a sum of smooth functions of numbers (tenure, charges), of effects of kinds (contract, way
of paying) and, for the pairs asked for, of their products. A smooth function is a broken line: a slope, and changes of
the slope at quantiles of the training rows. Each term has a variance of its own in a normal prior, found by empirical
Bayes: the marginal likelihood (by Laplace) is climbed with Fellner and Schall's step

    1/s2 <- (k - tr[V]/s2) / (b'b)

over the k coefficients b of a term with posterior covariance V, so a term that says nothing shrinks to nothing and is
dropped, and no penalty is set by hand. Tenure enters as one of the numbers, so that the fall of the hazard with age,
where the easy leavers have left, is found and not assumed. The chance given is the mean over what is not known of the
coefficients, sigma(m / sqrt(1 + pi v / 8)): little-known customers are drawn to the middle.

Source: Wood & Fasiolo (2017), Biometrics 73:1071-1081 (Fellner-Schall); MacKay (1992), Neural Computation 4:720-736
(mean of the logistic); Spiegelhalter (1986), Statistics in Medicine 5:421-433 (calibration).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.special import betainc, expit

from keepwell.errors import DataError, FitError
from keepwell.models.shapes import Floats, Ints

Table = Mapping[str, Any]  # columns of one length: numbers are numbers, everything else is a kind
KNOTS, PAIR_KNOTS = 10, 6  # changes of slope of a smooth function, and of one that is part of a pair
FIRST = 10.0  # precision of every term at the start
GONE = 1e6  # precision from which on a term is dropped
STEPS = 200
SETTLED = 0.01  # change of any term's degrees of freedom at which the variances have settled


@dataclass(frozen=True, slots=True)
class Number:
    """How a column of numbers becomes columns of a broken line."""

    name: str
    mean: float
    sd: float
    knots: tuple[float, ...]  # in standard deviations from the mean


@dataclass(frozen=True, slots=True)
class Kind:
    """How a column of kinds becomes columns of zeros and ones."""

    name: str
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaving:
    """A fitted model; `terms` name and the rest describe the columns that were kept, in their order."""

    numbers: tuple[Number, ...]
    kinds: tuple[Kind, ...]
    pairs: tuple[tuple[str, str], ...]
    center: Floats  # mean of each kept column on the training rows, shape (columns,)
    kept: Ints  # place of each kept column among all, shape (columns,)
    coefficients: Floats  # shape (1 + columns,); the first is the level
    covariance: Floats  # shape (1 + columns, 1 + columns)
    freedom: Mapping[str, float]  # effective degrees of freedom by term; a term dropped has none
    log_likelihood: float  # of the training rows, at the coefficients
    customers: int
    settled: bool


def fit(table: Table, left: Any, *, pairs: Sequence[tuple[str, str]] = ()) -> Leaving:
    """Fit to subscribers of whom it is known whether they left within the period.

    Args:
        table: What was known at the start of the period, shape (n,) a column, without gaps.
        left: Whether each left, shape (n,).
        pairs: Names of columns whose effects may depend on each other.

    Raises:
        DataError: A column has gaps or another length, or a pair names none.
        FitError: Nobody left, or everybody.
    """
    gone = np.asarray(left, float)
    if not 0 < gone.sum() < len(gone):
        problem = f"{gone.sum():g} of {len(gone)} left: the chance of leaving cannot be told from that"
        raise FitError(problem, "", "Take a period in which some left and some stayed.")
    numbers, kinds = _described(table, len(gone))
    for name in (name for pair in pairs for name in pair if name not in table):
        raise DataError(f"there is no column {name!r}", "pairs", f"There are: {', '.join(table)}.")
    chosen = tuple((a, b) for a, b in pairs)
    whole, term = _columns(table, numbers, kinds, chosen)
    names = list(dict.fromkeys(term))
    group = np.array([names.index(name) for name in term])
    center = whole.mean(axis=0)
    varied = np.flatnonzero(np.ptp(whole, axis=0) > 0)
    end = _settled(whole[:, varied] - center[varied], group[varied], gone)
    kept = varied[end.kept]
    freedom = dict.fromkeys(names, 0.0) | {names[g]: float(f) for g, f in enumerate(end.freedom)}
    return Leaving(
        numbers=numbers,
        kinds=kinds,
        pairs=chosen,
        center=center[kept],
        kept=kept,
        coefficients=end.coefficients,
        covariance=end.covariance,
        freedom=freedom,
        log_likelihood=end.value,
        customers=len(gone),
        settled=end.settled,
    )


def predict(fitted: Leaving, table: Table) -> Floats:
    """Return the chance of leaving within the period, shape (n,).

    A kind never seen counts as the average one. Raises DataError where a column is missing or has gaps.
    """
    whole, _ = _columns(table, fitted.numbers, fitted.kinds, fitted.pairs)
    there = np.column_stack([np.ones(len(whole)), whole[:, fitted.kept] - fitted.center])
    middle = there @ fitted.coefficients
    spread = np.einsum("ij,ij->i", there @ fitted.covariance, there)
    chance: Floats = expit(middle / np.sqrt(1 + np.pi * spread / 8))
    return chance


def log_loss(chance: Floats, left: Any) -> float:
    """Return minus the mean log-likelihood of what came, at chances within (0, 1)."""
    gone = np.asarray(left, float)
    return -float(np.mean(gone * np.log(chance) + (1 - gone) * np.log1p(-chance)))


def spiegelhalter(chance: Floats, left: Any) -> float:
    """Return Spiegelhalter's Z: normal with variance 1 where the chances are right, whatever they are.

    >>> round(spiegelhalter(np.array([0.2, 0.2, 0.2, 0.2, 0.2]), [1, 0, 0, 0, 0]), 3)
    0.0
    """
    gone = np.asarray(left, float)
    tilt = 1 - 2 * chance
    return float(((gone - chance) * tilt).sum() / np.sqrt((tilt**2 * chance * (1 - chance)).sum()))


@dataclass(frozen=True, slots=True)
class Tenth:
    """One tenth of the subscribers by chance of leaving."""

    customers: int
    expected: float  # mean chance
    actual: float  # share that left
    lower: float  # of the share, that a 99% binomial band of the mean chance allows
    upper: float

    @property
    def within(self) -> bool:
        """Whether what came lies within the band."""
        return self.lower <= self.actual <= self.upper


def tenths(chance: Floats, left: Any, *, level: float = 0.99) -> list[Tenth]:
    """Return ten groups of (nearly) equal size by chance, the lowest first, each with its binomial band."""
    gone = np.asarray(left, float)
    parts = np.array_split(np.argsort(chance, kind="stable"), 10)
    return [_tenth(chance[part], gone[part], (1 - level) / 2) for part in parts if len(part)]


def _tenth(chance: Floats, gone: Floats, tail: float) -> Tenth:
    n, mean = len(chance), float(chance.mean())
    counts = np.arange(n + 1)
    upto = 1 - betainc(counts + 1.0, np.maximum(n - counts, 1e-9), mean)  # P(count or fewer)
    upto[-1] = 1.0
    lower, upper = (int(np.searchsorted(upto, end)) for end in (tail, 1 - tail))
    return Tenth(n, mean, float(gone.mean()), lower / n, min(upper, n) / n)


def _described(table: Table, n: int) -> tuple[tuple[Number, ...], tuple[Kind, ...]]:
    numbers, kinds = [], []
    for name in table:
        value = _column(table, name, n)
        if value.dtype.kind in "fiu":
            numbers.append(_number(name, value.astype(float)))
        else:
            kinds.append(Kind(name, tuple(np.unique(value.astype(str)).tolist())))
    return tuple(numbers), tuple(kinds)


def _column(table: Table, name: str, n: int | None = None) -> npt.NDArray[Any]:
    if name not in table:
        raise DataError(f"there is no column {name!r}", "the table", f"There are: {', '.join(table)}.")
    value = np.asarray(table[name])
    if n is not None and value.shape != (n,):
        raise DataError(f"column {name!r} has shape {value.shape} and not ({n},)", "the table", "Give one value a row.")
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        row = int(np.flatnonzero(~np.isfinite(value))[0])
        raise DataError(f"column {name!r} has a gap", f"row {row + 1}", "Fill it, or make 'not known' a kind.")
    return value


def _number(name: str, value: Floats) -> Number:
    mean, sd = float(value.mean()), float(value.std()) or 1.0
    places = np.quantile((value - mean) / sd, np.linspace(0, 1, KNOTS + 2)[1:-1])
    return Number(name, mean, sd, tuple(np.unique(places).tolist()))


def _columns(
    table: Table, numbers: Sequence[Number], kinds: Sequence[Kind], pairs: Sequence[tuple[str, str]]
) -> tuple[Floats, list[str]]:
    """Return all columns, shape (n, columns), and the name of the term that each belongs to."""
    parts, term = [], []
    short: dict[str, Floats] = {}
    for one in numbers:
        z = (_column(table, one.name).astype(float) - one.mean) / one.sd
        bent = np.maximum(z[:, None] - np.array(one.knots), 0.0)
        few = np.unique(np.linspace(0, max(len(one.knots) - 1, 0), PAIR_KNOTS).astype(np.int64))
        short[one.name] = np.column_stack([z, bent[:, few[few < len(one.knots)]]])
        parts += [z[:, None], bent]
        term += [one.name] + [f"{one.name} bends"] * bent.shape[1]
    for kind in kinds:
        short[kind.name] = (_column(table, kind.name).astype(str)[:, None] == np.array(kind.levels)).astype(float)
        parts.append(short[kind.name])
        term += [kind.name] * len(kind.levels)
    for a, b in pairs:
        product = (short[a][:, :, None] * short[b][:, None, :]).reshape(len(short[a]), -1)
        parts.append(product)
        term += [f"{a} and {b}"] * product.shape[1]
    return np.column_stack(parts), term


@dataclass(frozen=True, slots=True)
class _End:
    coefficients: Floats
    covariance: Floats
    kept: Ints  # places of the columns that were kept
    freedom: Floats  # by term
    value: float
    settled: bool


def _settled(columns: Floats, group: Ints, gone: Floats) -> _End:
    """Alternate Newton's step for the coefficients with Fellner and Schall's for the variances, until both rest."""
    terms = int(group.max(initial=-1)) + 1
    precision, freedom = np.full(terms, FIRST), np.zeros(terms)
    kept, settled = np.arange(columns.shape[1]), False
    beta = np.zeros(1 + len(kept))
    beta[0] = np.log(gone.mean() / (1 - gone.mean()))
    there = np.column_stack([np.ones(len(columns)), columns])
    for _ in range(STEPS):
        penalty = np.r_[1e-8, precision[group[kept]]]
        beta, covariance, moved = _newton(there, gone, beta, penalty)
        size = np.bincount(group[kept], minlength=terms)
        spread = np.bincount(group[kept], np.diag(covariance)[1:], minlength=terms)
        square = np.bincount(group[kept], beta[1:] ** 2, minlength=terms)
        found = np.maximum(size - precision * spread, 0.0)
        settled = moved < 1e-3 and bool(np.abs(found - freedom).max(initial=0.0) < SETTLED)
        freedom = found
        if settled:
            break
        precision = np.clip(found / np.maximum(square, 1e-300), 1e-4, 10 * GONE)
        stays = precision[group[kept]] < GONE
        if not stays.all():
            kept = kept[stays]
            beta, there = beta[np.r_[True, stays]], there[:, np.r_[True, stays]]
            freedom = np.where(precision < GONE, freedom, 0.0)
    value = there @ beta
    total = float(gone @ value - np.logaddexp(0.0, value).sum())
    return _End(beta, covariance, kept, freedom, total, settled)


def _newton(there: Floats, gone: Floats, beta: Floats, penalty: Floats) -> tuple[Floats, Floats, float]:
    """Return the coefficients after one step, their covariance, and the longest move."""
    chance = expit(there @ beta)
    bend = (there * (chance * (1 - chance))[:, None]).T @ there
    bend[np.diag_indices(len(beta))] += penalty
    factor = cho_factor(bend)
    step = cho_solve(factor, there.T @ (gone - chance) - penalty * beta)
    step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
    covariance: Floats = cho_solve(factor, np.eye(len(beta)))
    return beta + step, covariance, float(np.abs(step).max())
