"""Where the forecasts cannot bear weight: what is wrong, what follows from it, and what would mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from keepwell.models.posterior import Posterior
from keepwell.predict.backtest import Tested, over
from keepwell.predict.choice import Chosen
from keepwell.predict.contest import lead
from keepwell.predict.correlation import Correlation
from keepwell.predict.covariates import odd_cohorts
from keepwell.predict.fitted import FEWEST_CUSTOMERS, FEWEST_REPEATS, too_few
from keepwell.predict.log import Log
from keepwell.tables import HORIZONS

COVERAGE = 0.9
TENTH = 0.03  # share of customers that a tenth may hold more or less before it is worth a word
UNSURE_K = 0.7  # the Pareto k above which importance weights cannot be trusted (Vehtari et al. 2024)
AWAY = 3.0  # standard errors


@dataclass(frozen=True, slots=True)
class Warned:
    """One row of the table."""

    kind: str
    subject: str  # a model, a cohort, a horizon, or 'all'
    words: str
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What the warnings are judged by."""

    log: Log
    failed: Sequence[str]  # a sentence for each method that could not be made ready
    chosen: Mapping[str, Chosen]  # by horizon
    tests: Sequence[Tested]
    correlation: Correlation | None  # of what an order brings with how often customers come
    known: Mapping[str, Posterior] = field(default_factory=dict)  # what is known of the parameters, by model
    mended: frozenset[str] = frozenset()  # horizons whose distributions the backtest has mended


def warned(case: Case) -> Iterator[Warned]:
    """Yield all that is to be said, no subject twice under one kind."""
    seen = set()
    for look in LOOKS:
        for each in look(case):
            if (each.kind, each.subject) not in seen:
                seen.add((each.kind, each.subject))
                yield each


def _too_few(case: Case) -> Iterator[Warned]:
    cells = case.log.past.cells
    if few := too_few(cells):
        yield Warned(
            "too few",
            "all",
            f"{few}. So everybody is given one pooled rate with their own past laid over it, and nobody is ever told "
            f"to have left. From {FEWEST_CUSTOMERS} customers and {FEWEST_REPEATS} repeat purchases on, models are "
            "fitted.",
            float(cells.count.sum()),
        )


def _not_fitted(case: Case) -> Iterator[Warned]:
    if too_few(case.log.past.cells):
        return
    for sentence in case.failed:
        subject = sentence.split(" could not be fitted: ")[0]
        words = f"{sentence}. So it took no part, and another method stands in. A longer log mends most such failures."
        yield Warned("not fitted", subject, words)


def _too_short(case: Case) -> Iterator[Warned]:
    whole = (case.log.as_of - case.log.first).days
    for name, days in HORIZONS.items():
        furthest = max((t.origin.horizon for t in over(case.tests, days)), default=0)
        if 2 * furthest > days:
            continue
        tried = f"the longest test looked {furthest} days ahead" if furthest else "there was no test at all"
        why = f"The log spans {whole} days, too few to test a forecast over {days} days"
        mend = f"A log of {days + 91} days or more can test it."
        if whole >= days + 91:
            why = f"Too few customers were known {days} days ago to test a forecast over so many"
            mend = f"Once more of them are known for {days} days it can be tested."
        yield Warned(
            "too short",
            name,
            f"{why}: {tried}. So nobody knows how far off it is, and its interval rests on an assumption. {mend}",
            float(whole),
        )


def _flat(case: Case) -> Iterator[Warned]:
    for one in case.chosen.values():
        model = one.model
        if not model.fit.converged:
            yield Warned(
                "flat fit",
                model.name,
                f"{model.fit.ending} So forecasts within the span of the log stand, and a whole life hangs on what "
                "these purchases cannot tell. A longer log mends it.",
            )


def _unsure(case: Case) -> Iterator[Warned]:
    for name, known in case.known.items():
        if known.k > UNSURE_K:
            yield Warned(
                "unsure fit",
                name,
                f"What is not known of the parameters could not be weighed well (Pareto k {known.k:.2f}, good below "
                f"{UNSURE_K}). So sd, lower and upper of the fit, and the widths that rest on them, are rough; the "
                "forecasts themselves are not touched. More customers mend it.",
                known.k,
            )


def _beaten(case: Case) -> Iterator[Warned]:
    for name, days in HORIZONS.items():
        one = case.chosen[name]
        if not one.beaten_by:
            continue
        found = lead([test.scored for test in over(case.tests, days)], one.beaten_by, one.method)
        share = found.share if found else None
        by = f" by {found.share:.1%} (standard error {found.se:.1%})" if found else ""
        yield Warned(
            "beaten",
            name,
            f"'{one.beaten_by}', which needs no model, forecast the past better{by}. So a customer's numbers may say "
            "less than they seem to. Look for what the models do not see: a season, a closed shop, a change of how "
            "customers are counted.",
            share,
        )


def _off(case: Case) -> Iterator[Warned]:
    for name, days in HORIZONS.items():
        method = case.chosen[name].method
        taken = [t for t in over(case.tests, days) if method in t.scored.methods]
        if not taken:
            continue
        found = {m: _pooled(taken, method, m) for m in ("coverage_90", *(f"pit_{d}" for d in range(10)))}
        covered, error = found.pop("coverage_90")
        if covered < COVERAGE - max(TENTH, AWAY * error):
            mended = "So the intervals of single customers are too narrow by that much."
            if name in case.mended:
                mended = "So the intervals of single customers were widened by what was missing there."
            yield Warned(
                "coverage",
                name,
                f"{covered:.0%} of customers came out within their 90% interval in the backtest, over {days} days. "
                f"{mended} A season or a change that the models do not see is the usual cause.",
                covered,
            )
        worst = max(found, key=lambda m: abs(found[m][0] - 0.1) - AWAY * found[m][1])
        share, error = found[worst]
        if abs(share - 0.1) > max(TENTH, AWAY * error):
            yield Warned("calibration", name, _tenth(int(worst.removeprefix("pit_")), share, days), share)


def _tenth(tenth: int, share: float, days: int) -> str:
    low, high = 10 * tenth, 10 * (tenth + 1)
    more = "more" if share > 0.1 else "fewer"
    return (
        f"{share:.1%} of customers, and not 10%, came out between the {low}% and {high}% points of what had been "
        f"forecast for them over {days} days. So {more} of them than told end there, and chances read from a "
        "customer's quantiles are off by about that. What happens at all origins alike (a trend, a season) is the "
        "usual cause."
    )


def _pooled(tests: Sequence[Tested], method: str, measure: str) -> tuple[float, float]:
    """Return the mean of a share over the origins and its standard error, from customers and between origins."""
    values = np.array([v for t in tests for m, g, name, v in t.scores if (m, g, name) == (method, "all", measure)])
    weight = np.array([t.customers for t in tests])
    share = weight / weight.sum()
    mean = float(share @ values)
    chance = mean * (1 - mean) / weight.max()  # the same customers come back at each origin
    between = float(share @ (values - mean) ** 2) * float(share @ share) if len(values) > 1 else 0.0
    return mean, float(np.sqrt(chance + between))


def _correlated(case: Case) -> Iterator[Warned]:
    found = case.correlation
    if found is None or not found.matters:
        return
    more = "more" if found.rank > 0 else "less"
    yield Warned(
        "correlated spend",
        "all",
        f"Customers who come often spend {more} an order: the rank correlation is {found.rank:+.2f} (standard error "
        f"{found.se:.2f}). So the mean of all orders says too {'little' if found.rank > 0 else 'much'} of frequent "
        f"customers and too {'much' if found.rank > 0 else 'little'} of rare ones. What is expected of an order "
        "follows that as far as it is seen in sums, by number of repeats; beyond it single customers may be off. A "
        "log with more origins to measure it at mends that.",
        found.rank,
    )


def _odd_cohorts(case: Case) -> Iterator[Warned]:
    for cohort, z, words in odd_cohorts(case.chosen["12m"].answer.one, case.log.past.cells, case.log.as_of):
        yield Warned("odd cohort", cohort, words, z)


LOOKS: tuple[Callable[[Case], Iterator[Warned]], ...] = (
    _too_few,
    _not_fitted,
    _too_short,
    _flat,
    _unsure,
    _beaten,
    _off,
    _correlated,
    _odd_cohorts,
)
