"""Which method the values of each horizon are made with, and what is said of the choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from keepwell.models.shapes import Cells
from keepwell.predict.backtest import Tested, over
from keepwell.predict.contest import Verdict, lead, lowest, verdict
from keepwell.predict.fitted import Fitted
from keepwell.predict.methods import BASELINES, LABELS, Answer, Method, by_cell, pooled
from keepwell.predict.origins import Origin, horizon_of
from keepwell.tables import HORIZONS, YEAR_DAYS

LIFE = "life"
NO_TEST = "the log is too short for a backtest, the simplest is taken"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The method of one horizon."""

    method: str
    answer: Answer
    words: str
    beaten_by: str = ""  # the baseline of lower CRPS, where there is one

    @property
    def model(self) -> Fitted:
        """The purchase model that the method is, or that it leans on."""
        return self.answer.one


def choices(
    among: Sequence[Method], ready: Mapping[str, Answer], failed: Sequence[str], tests: Sequence[Tested], cells: Cells
) -> dict[str, Chosen]:
    """Choose for each horizon, 'life' included: the champion of its backtest, or what stands in for it.

    A life cannot be tested, so its method is that of 12 months; where that forecasts customers one by one, the best
    purchase model of 12 months, because a life is asked of a model only.
    """
    if not ready:
        alone = Chosen("pooled", pooled(cells), "; ".join(["pooled rate with wide doubt", *failed]))
        return dict.fromkeys((*HORIZONS, LIFE), alone)
    labels = {method.name: method.label for method in among if method.name in ready}
    models = {name: label for name, label in labels.items() if ready[name].per == "cell"}
    answer = {name: _chosen(labels, ready, failed, over(tests, days)) for name, days in HORIZONS.items()}
    year = answer[list(HORIZONS)[-1]]
    if models and year.answer.per == "customer":
        year = _chosen(models, ready, failed, over(tests, YEAR_DAYS))
    return answer | {LIFE: replace(year, answer=by_cell(year.model, cells))}


def chosen(
    among: Sequence[Method], ready: Mapping[str, Answer], failed: Sequence[str], tests: Sequence[Tested], cells: Cells
) -> Chosen:
    """Choose the method for the stretch of time that `tests` looked over; see `choices`."""
    if not ready:
        return Chosen("pooled", pooled(cells), "; ".join(["pooled rate with wide doubt", *failed]))
    return _chosen({one.name: one.label for one in among if one.name in ready}, ready, failed, tests)


def _chosen(
    labels: Mapping[str, str], ready: Mapping[str, Answer], failed: Sequence[str], tests: Sequence[Tested]
) -> Chosen:
    rounds = [test.scored for test in tests]
    best = verdict(rounds, labels) or Verdict(next(iter(labels)), NO_TEST)
    trees = ready[best.champion].trees
    notes = ([trees.words] if trees else []) + list(failed)
    beaten_by = ""
    if any(best.champion in one.methods for one in rounds):
        beaten_by = lowest(rounds, [best.champion, *BASELINES]).replace(best.champion, "")
    if beaten_by:
        notes.append(f"beware: '{beaten_by}' forecast better in the backtest")
    words = "; ".join([f"{labels[best.champion]} ({best.reason})", *notes])
    return Chosen(best.champion, ready[best.champion], words, beaten_by)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is told of a horizon's contest, at the latest origin that was judged over it."""

    origin: Origin
    method: str
    measure: str
    value: float


def marks(chosen: Mapping[str, Chosen], tests: Sequence[Tested]) -> Iterator[Mark]:
    """Yield for each tested horizon the champion, the best method of all, and by how much the champion won."""
    for name, days in HORIZONS.items():
        taken = over(tests, days)
        there = [test.origin for test in taken if horizon_of(test.origin.horizon) == name]
        if not there:
            continue
        rounds, champion = [test.scored for test in taken], chosen[name].method
        yield Mark(there[-1], champion, "champion", 1.0)
        # As in the contest, methods that may win are held against each other; the first of them meets the baselines.
        first = lowest(rounds, [method for method in _methods(taken) if method not in BASELINES])
        yield Mark(there[-1], lowest(rounds, [*BASELINES, first]), "best", 1.0)
        found = lead(rounds, champion, lowest(rounds, BASELINES))
        if found is not None:
            yield Mark(there[-1], champion, "won_by", found.share)
            yield Mark(there[-1], champion, "won_by_se", found.se)


def _methods(tests: Sequence[Tested]) -> list[str]:
    return sorted({name for test in tests for name in test.scored.methods}, key=_rank)


def _rank(name: str) -> tuple[int, str]:
    order = list(LABELS)
    return (order.index(name) if name in order else len(order), name)
