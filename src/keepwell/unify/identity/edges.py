"""What a scored pair is: one person, perhaps one, or two; rules that no weight of evidence outvotes.

A household shares surname, address, telephone and often an e-mail, and father and son may share the whole name. So no
pair is one person whose first names differ, or whose days of birth do, whatever else they share: at most somebody is
asked. Full name with address alone does not do where the e-mails differ and nothing else agrees; and where telephones
differ too, no third record brings the two together. Two numbers in one source's count are two customers there: then
name and birthday alone do not do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.settings import Identity
from keepwell.unify.identity.clean import RECORDS_OF_A_BLOCK
from keepwell.unify.identity.model import ADDRESS, BORN, COMPARISONS, FIRST, LAST, OTHER, SAME, UNTOLD
from keepwell.unify.identity.ranks import HALF, KEYED, NAMED, VAGUE

if TYPE_CHECKING:
    import ibis.expr.types as ir

NO_EDGE = -1


def judged(pairs: ir.Table, clean: ir.Table, rules: Identity) -> ir.Table:
    """Add to scored pairs what they are.

    Columns added: `rank` (see `cluster`, NO_EDGE where the pair joins nothing), `kind` ('email', 'phone', 'matched'),
    `nameless`, `conflict` (they are two people) and `doubtful` (perhaps one: somebody should look).
    """
    pairs = _with_sides(pairs, clean)
    first, last, email, phone = (pairs[f"gamma_{name}"] for name in ("first", "last", "email", "phone"))
    address, born = pairs.gamma_address, pairs.gamma_born
    key = (email == SAME) | (phone == SAME)
    sure = pairs.probability >= rules.merge_above
    two_births = born == BORN["other"]
    alike = first >= FIRST["slip"]
    alike |= (first == FIRST["beginning"]) & key
    # Father and son: the same name at the same address, each with an e-mail of his own.
    apart = (email == OTHER) & (phone != SAME) & (born < BORN["near"])
    # Another telephone and no e-mail to set it right: then a first name that is only like the other does not do.
    loose = (email == UNTOLD) & (phone == OTHER) & (born < BORN["near"]) & (first != FIRST["same"])
    apart |= loose
    twice = pairs.two_numbers & ~key & (address != ADDRESS["same"])
    by_key = ((email == SAME) & alike & (last != LAST["other"])) | ((phone == SAME) & alike & (last >= LAST["part"]))
    named = ~pairs.elder_lesser & ~pairs.younger_lesser & alike & ~two_births & ~apart & ~twice & (sure | by_key)
    neither = pairs.elder_lesser & pairs.younger_lesser
    letter = first == FIRST["initial"]
    # Two letters are compared as letters; where one tells no name at all, only a key of its own speaks.
    silent = (first == UNTOLD) & ((email == SAME) | ((phone == SAME) & (email != OTHER)))
    half = ((letter & sure & ~apart & ~twice) | silent) & ~two_births
    rank = ibis.cases(
        (named, NAMED), (neither & half & key, KEYED), (~neither & half, HALF), (neither & half, VAGUE), else_=NO_EDGE
    )
    kind = ibis.cases(
        ((email == SAME) & (rank != NO_EDGE), "email"), ((phone == SAME) & (rank != NO_EDGE), "phone"), else_="matched"
    )
    strangers = (first >= FIRST["slip"]) & apart & (phone == OTHER) & (email == OTHER)
    conflict = ((first == FIRST["other"]) | two_births | strangers) & (rank == NO_EDGE)
    both = (email == SAME) & (phone == SAME)
    likely = (pairs.probability >= rules.review_above) & ((first >= FIRST["beginning"]) | (address == ADDRESS["same"]))
    return pairs.mutate(
        rank=rank.cast("int64"),
        kind=kind,
        nameless=silent,
        conflict=conflict,
        doubtful=(likely & ~conflict & (first != UNTOLD)) | (both & ~two_births & (rank == NO_EDGE)),
    )


def by_email(clean: ir.Table) -> ir.Table:
    """Return the pairs of nameless records with one e-mail, each with the eldest that has it, as `judged` has them."""
    told = clean.filter(clean.email.notnull()).select("place", "email")
    eldest = told.group_by("email").aggregate(elder=_.place.min(), n=_.count())
    both = told.join(eldest.filter(eldest.n <= RECORDS_OF_A_BLOCK), "email")
    both = both.filter(both.elder != both.place)
    unknown = {f"gamma_{name}": ibis.literal(UNTOLD, "int64") for name in COMPARISONS}
    no, nothing = ibis.literal(value=False), both.place.cast("float64") * 0
    return both.select(
        "elder", younger="place", probability=nothing + 1, bits=nothing, **unknown,
        **{f"mw_{name}": nothing for name in COMPARISONS},
        rank=ibis.literal(KEYED, "int64"), kind=ibis.literal("email"), nameless=no, conflict=no, doubtful=no,
    )  # fmt: skip


def _with_sides(pairs: ir.Table, clean: ir.Table) -> ir.Table:
    """Say which of the two tell no first name in full, and whether one source has given them two numbers."""
    for side in ("elder", "younger"):
        told: Any = clean.select(
            **{f"{side}_place": clean.place, f"{side}_lesser": clean["first"].isnull()},
            **{f"{side}_count": clean.count_of, f"{side}_own": clean.own_id},
        )
        pairs = pairs.join(told, pairs[side] == told[f"{side}_place"]).drop(f"{side}_place")
    one_count = (pairs.elder_count == pairs.younger_count).fill_null(ibis.literal(value=False))
    return pairs.mutate(two_numbers=one_count & (pairs.elder_own != pairs.younger_own))
