"""From records to people: the walk through identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from keepwell.decided import Decided
from keepwell.engine import Engine, collected, number
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.tables import checked
from keepwell.unify.identity.clean import bare, cleaned
from keepwell.unify.identity.edges import NO_EDGE, by_email, judged
from keepwell.unify.identity.groups import groups, members
from keepwell.unify.identity.ids import aliases, named, with_age
from keepwell.unify.identity.merges import merges
from keepwell.unify.identity.ranks import DECIDED, NUMBER
from keepwell.unify.identity.score import scored
from keepwell.unify.identity.words import Words, words

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from keepwell.unify.identity.cluster import Clusters, Edges

_PLACES = pa.schema([("place", pa.int64()), ("cluster", pa.int64())])
_USED = pa.schema([("elder", pa.int64()), ("younger", pa.int64()), ("by", pa.int64())])
_EDGE = ("elder", "younger", "rank", "bits", "nameless")


@dataclass(frozen=True, slots=True)
class Identified:
    """Tables of the contract; `members` has `customer_id`, `household_id` and `account_id` of all customers."""

    people: ir.Table
    merges: ir.Table
    aliases: ir.Table
    groups: ir.Table
    members: ir.Table


def identified(
    records: ir.Table, settings: Settings, engine: Engine, *, decided: Decided, tell: Tell = quiet
) -> Identified:
    """Find out which records are of one person.

    Args:
        records: One row per different record: the columns of `people` without `customer_id`; and `first_arrived`,
            `first_file` and `first_line`, if records came in place of others that they correct.
        settings: `identity` has the rules.
        engine: Holds the records, and computes.
        decided: What people said of pairs of records; it goes before all evidence.
        tell: Told what is being done.

    Raises:
        ConfigError: `identity.phone_country` is no country.
    """
    rules = settings.identity
    speaking = rules.match and number(engine, _speaking(records)) > 0
    if speaking:
        tell("bringing names, addresses and telephone numbers into one form")
        clean = cleaned(records, engine, country=rules.phone_country)
        count = number(engine, clean.count())
        tell(f"comparing {count:,} records of people")
        pairs = engine.keep(judged(scored(clean, engine, records=count), clean, rules))
    else:
        clean = engine.keep(bare(records))
        count = number(engine, clean.count())
        pairs = engine.keep(by_email(clean if rules.match else clean.limit(0)))
    spoken = words(decided, clean, engine)
    tell("finding who is one person")
    one = _by_key(clean if not rules.match else clean.filter(clean.numbered))
    edges = _edges(pairs, one, spoken, engine, count=count)
    answer = _answer(edges, pairs, clean, spoken, engine, count=count)
    places = engine.table(_batches(_PLACES, np.arange(count), answer.eldest), _PLACES)
    clean = engine.keep(with_age(clean.join(places, "place"), records))
    people = engine.keep(checked("people", named(records, clean)))
    used = np.flatnonzero(answer.used)
    joined = engine.table(_batches(_USED, edges.elder[used], edges.younger[used], edges.rank[used]), _USED)
    belong = engine.keep(members(people, clean))
    return Identified(
        people=people,
        merges=merges(pairs, joined, clean, records, spoken, engine, count=count),
        aliases=aliases(people, clean),
        groups=groups(belong, people, clean),
        members=belong,
    )


def _speaking(records: ir.Table) -> ir.IntegerScalar:
    """Count the records that tell more than a number and an e-mail."""
    return records.filter(ibis.or_(*(records[c].notnull() for c in ("name", "phone", "street", "company")))).count()


def _edges(pairs: ir.Table, one: ir.Table, spoken: Words, engine: Engine, *, count: int) -> Edges:
    """Return all edges: decided ones, equal customer numbers (`one`), and what the pairs are."""
    from keepwell.unify.identity.cluster import Edges

    told = collected(engine, pairs.filter(pairs["rank"] != NO_EDGE).select(*_EDGE))
    elder, younger, rank = (_whole(told, name) for name in _EDGE[:3])
    bits, nameless = told["bits"].to_numpy().astype(np.float64), told["nameless"].to_numpy().astype(np.bool_)
    kept = ~np.isin(elder * count + younger, spoken.refused.elder * count + spoken.refused.younger)
    keyed = collected(engine, one)
    said, sure = len(spoken.same.elder), len(spoken.same.elder) + len(keyed)
    return Edges(
        elder=np.concatenate([spoken.same.elder, _whole(keyed, "elder"), elder[kept]]),
        younger=np.concatenate([spoken.same.younger, _whole(keyed, "younger"), younger[kept]]),
        rank=np.concatenate([np.repeat([DECIDED, NUMBER], [said, len(keyed)]).astype(np.int64), rank[kept]]),
        bits=np.concatenate([np.zeros(sure), bits[kept]]),
        nameless=np.concatenate([np.zeros(sure, np.bool_), nameless[kept]]),
    )


def _by_key(clean: ir.Table) -> ir.Table:
    """Return each record of one customer number (or, where there is none, of one e-mail) with the eldest of it."""
    one = clean.select("own_id", "place")
    eldest = one.group_by("own_id").aggregate(elder=_.place.min())
    both = one.join(eldest, "own_id")
    return both.filter(both.elder != both.place).select("elder", younger="place")


def _answer(edges: Edges, pairs: ir.Table, clean: ir.Table, spoken: Words, engine: Engine, *, count: int) -> Clusters:
    from keepwell.unify.identity.cluster import Conflicts, clustered

    soft = collected(engine, pairs.filter(pairs.conflict).select("elder", "younger"))
    never = spoken.never
    conflicts = Conflicts(
        elder=np.concatenate([_whole(soft, "elder"), never.elder]),
        younger=np.concatenate([_whole(soft, "younger"), never.younger]),
        hard=np.repeat([False, True], [len(soft), len(never.elder)]),
    )
    lesser = np.zeros(count, np.bool_)
    silent = clean.filter(clean["first"].isnull()).select("place")
    lesser[_whole(collected(engine, silent), "place")] = True
    return clustered(count, edges, conflicts, lesser=lesser)


def _whole(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """Return a column of whole numbers; of no rows, too, which Arrow gives as objects."""
    return table[name].to_numpy().astype(np.int64)


def _batches(schema: pa.Schema, *arrays: Any) -> list[pa.RecordBatch]:
    """Return whole numbers as one batch."""
    return [pa.record_batch([pa.array(values, pa.int64()) for values in arrays], schema=schema)]
