"""Every yes and no to being written to, as the rows of any file tell it.

A column of consents holds yes or no in the words of its source, or the moment of the yes. What is neither says
nothing: a consent is never read out of an empty or an unclear cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.tables import checked
from keepwell.unify.formats.shape import CONSENTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

CHANNELS = ("email", "sms", "phone", "post", "all")
YES = (
    "true", "yes", "y", "1", "t", "x", "subscribed", "opted in", "opt in", "optin", "opt-in", "opted-in", "opted_in",
    "granted", "accepted", "consented", "confirmed", "given", "ja", "oui", "si", "sí",
)  # fmt: skip
NO = (
    "false", "no", "n", "0", "f", "unsubscribed", "opted out", "opt out", "optout", "opt-out", "opted-out",
    "opted_out", "denied", "declined", "refused", "withdrawn", "revoked", "not subscribed", "not_subscribed",
    "never_subscribed", "never subscribed", "nein", "non",
)  # fmt: skip
_MOMENT = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$"


def consents(rows: ir.Table) -> ir.Table:
    """Return the table `consents` of typed rows with the consents as they stand, and `customer_id`.

    Without a moment of its own a consent was given when its row happened (`ordered_at`), where that is known.
    """
    happened = rows.ordered_at if "ordered_at" in rows.columns else ibis.null("timestamp")
    parts = []
    for name in CONSENTS:
        part = rows.filter(rows[name].notnull())
        said = part[name].lower().strip()
        moment = said.re_search(_MOMENT).ifelse(part[name].substr(0, 19).replace("T", " "), ibis.null("string"))
        parts.append(
            part.select(
                "file",
                "line",
                "customer_id",
                channel=_channel(part, name),
                given=_given(said),
                at=ibis.coalesce(part.consent_at, _as_moment(moment), happened),
            )
        )
    return checked("consents", ibis.union(*parts).filter(_.given.notnull()))


def _channel(rows: ir.Table, name: str) -> Any:
    """Return which channel a column's consents are for."""
    if name != "consent":
        return ibis.literal(name.removeprefix("consent_"))
    letters = rows.consent_channel.lower().re_replace(r"[^a-z]", "")
    said = ibis.cases(
        (letters.startswith("email") | letters.startswith("mail"), "email"),
        (letters.isin(["sms", "text", "mobile", "whatsapp"]), "sms"),
        (letters.isin(["phone", "call", "telephone", "telefon"]), "phone"),
        (letters.isin(["post", "letter", "catalogue", "catalog", "print", "brief"]), "post"),
        else_="all",
    )
    return said.fill_null("all")


def _given(said: Any) -> Any:
    """Return yes or no, null where the words are neither."""
    yes = said.isin(YES) | said.re_search(_MOMENT)
    return ibis.cases((yes, True), (said.isin(NO), False), else_=ibis.null("boolean"))


def _as_moment(text: Any) -> Any:
    return text.try_cast("timestamp")
