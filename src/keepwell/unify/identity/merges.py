"""The table `merges`: which records were taken, or might be taken, for one person, and by what evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa
from ibis import _

from keepwell.engine import Engine
from keepwell.tables import CONTRACTS, checked, trimmed
from keepwell.unify.identity.model import COMPARISONS, prior
from keepwell.unify.identity.ranks import DECIDED, NUMBER
from keepwell.unify.identity.words import Words

if TYPE_CHECKING:
    import ibis.expr.types as ir

WHAT = {
    "first": "first name", "last": "last name", "email": "e-mail", "phone": "telephone", "address": "address",
    "born": "day of birth",
}  # fmt: skip
_SHOWN = {"first": "first_told", "last": "last", "email": "email", "phone": "phone", "address": "lives", "born": "born"}
_STATES: list[tuple[str, Any]] = [("elder", pa.int64()), ("younger", pa.int64()), ("state", pa.string())]
_WORD = pa.schema(_STATES)
_COLUMNS = tuple(CONTRACTS["merges"].columns)


def merges(
    pairs: ir.Table, used: ir.Table, clean: ir.Table, records: ir.Table, spoken: Words, engine: Engine, *, count: int
) -> ir.Table:
    """Return the table `merges`.

    Of the pairs that joined a cluster those stand here that joined it, one fewer than it has records: the others
    follow. Of several doubtful pairs between two clusters the weightiest is proposed.

    Args:
        pairs: See `edges.judged`.
        used: `elder`, `younger` and `by` (their rank) of the pairs that joined clusters.
        clean: See `cleaned`, with `cluster`.
        records: As `identified` takes them.
        spoken: What people decided.
        engine: Holds the tables.
        count: How many records there are.
    """
    decided = engine.table([_said(spoken)], _WORD)
    joined = used.filter(~_.by.isin([DECIDED, NUMBER])).select("elder", "younger", state=ibis.literal("merged"))
    parts = [joined, _proposed(pairs, decided, clean)]
    shown = ibis.union(*parts)
    weighed = engine.keep(pairs.join(shown, ["elder", "younger"]))
    told = _told(weighed, clean, records, count=count)
    keyed = used.filter(_.by == NUMBER).join(clean.select("place", "numbered"), used.elder == clean.place)
    kind = keyed.numbered.ifelse("number", "email")
    numbers = keyed.select("elder", "younger", kind=kind, state=ibis.literal("merged"))
    plain = numbers.union(decided.select("elder", "younger", kind=ibis.literal("decided"), state="state"))
    bare = plain.mutate(probability=ibis.null("float64"), bits=ibis.null("float64"), evidence=ibis.literal("[]"))
    both = told.select(*bare.columns).union(bare)
    names = clean.select("place", "record_id")
    both = both.join(names.rename(left_record="record_id"), both.elder == names.place).drop("place")
    both = both.join(names.rename(right_record="record_id"), both.younger == names.place)
    return checked("merges", both.select(*_COLUMNS))


def _said(spoken: Words) -> pa.RecordBatch:
    """Return what people decided as rows."""
    states = (("merged", spoken.same), ("refused", spoken.refused), ("never", spoken.never))
    elder = np.concatenate([pairs.elder for _state, pairs in states])
    younger = np.concatenate([pairs.younger for _state, pairs in states])
    state = [name for name, pairs in states for _place in pairs.elder]
    arrays = [pa.array(elder, pa.int64()), pa.array(younger, pa.int64()), pa.array(state, pa.string())]
    return pa.record_batch(arrays, schema=_WORD)


def _proposed(pairs: ir.Table, decided: ir.Table, clean: ir.Table) -> ir.Table:
    """Return the doubtful pairs of different clusters, the weightiest of each two, on which nobody said a word."""
    doubtful = pairs.filter(pairs.doubtful).anti_join(decided, ["elder", "younger"])
    for side in ("elder", "younger"):
        of = clean.select(**{f"{side}_cluster": clean.cluster, f"{side}_place": clean.place})
        doubtful = doubtful.join(of, doubtful[side] == of[f"{side}_place"]).drop(f"{side}_place")
    apart = doubtful.filter(doubtful.elder_cluster != doubtful.younger_cluster)
    low = ibis.least(apart.elder_cluster, apart.younger_cluster)
    high = ibis.greatest(apart.elder_cluster, apart.younger_cluster)
    order = [ibis.desc(apart.bits), apart.elder, apart.younger]
    ranked = apart.mutate(nth=ibis.row_number().over(group_by=[low, high], order_by=order))
    return ranked.filter(ranked.nth == 0).select("elder", "younger", state=ibis.literal("proposed"))


def _told(weighed: ir.Table, clean: ir.Table, records: ir.Table, *, count: int) -> ir.Table:
    """Add the evidence of the pairs that no exact key joined."""
    lives = ibis.literal(" ").join([records[c].fill_null("") for c in ("street", "postcode", "city")])
    told = records.select(told_record="record_id", lives=trimmed(lives))
    shown = clean.join(told, clean.record_id == told.told_record)
    shown = shown.mutate(first_told=ibis.coalesce(shown["first"], shown.initial))
    for side in ("elder", "younger"):
        columns = {f"{side}_{name}": shown[column] for name, column in _SHOWN.items()}
        of = shown.select(**{f"{side}_place": shown.place}, **columns)
        weighed = weighed.join(of, weighed[side] == of[f"{side}_place"]).drop(f"{side}_place")
    exact = (weighed.state == "merged") & (weighed.kind != "matched")
    nothing = ibis.null("float64")
    return weighed.mutate(
        kind=(weighed.state == "merged").ifelse(weighed.kind, "matched"),
        probability=exact.ifelse(nothing, weighed.probability),
        bits=exact.ifelse(nothing, weighed.bits),
        evidence=exact.ifelse("[]", _evidence(weighed, count)),
    )


def _evidence(pairs: ir.Table, count: int) -> Any:
    """Return the evidence as JSON: what is expected of any two records, then each comparison that both can make."""
    start = float(np.log2(prior(count) / (1 - prior(count))))
    text = ibis.literal(f'[{{"what": "any two records", "left": "", "right": "", "bits": {start:.2f}}}')
    for name in COMPARISONS:
        sides = [_quoted(pairs[f"{side}_{name}"]) for side in ("elder", "younger")]
        one = (
            ibis.literal(f', {{"what": "{WHAT[name]}", "left": "') + sides[0] + '", "right": "' + sides[1]
            + '", "bits": ' + pairs[f"mw_{name}"].cast("decimal(9,2)").cast("string") + "}"
        )  # fmt: skip
        text += (pairs[f"gamma_{name}"] >= 0).ifelse(one, "")
    return text + "]"


def _quoted(value: Any) -> Any:
    """Return a text as it stands between quotes in JSON."""
    return value.fill_null("").replace("\\", "\\\\").replace('"', '\\"').re_replace(r"[\x00-\x1f]", " ")
