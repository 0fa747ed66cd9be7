"""What people decided, replayed into a run: consents that were told to us directly stand beside those of the files."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from ibis import _

from keepwell.decided import Decided
from keepwell.engine import Engine
from keepwell.tables import Tables, checked

if TYPE_CHECKING:
    import ibis.expr.types as ir

RECORDS = "records"  # the file of a consent that stands in the record book; its line is its place there


def with_told(tables: Tables, decided: Decided, engine: Engine) -> Tables:
    """Return the tables with the consents of the record book; those of people whom the run does not know are left out.

    A consent names a record of the person, or the id that the record would have alone, so that it goes with them
    wherever they are merged; of people without records it names the customer.
    """
    if not decided.consents:
        return tables
    told = _told(decided, engine)
    whose = tables["people"].select(of="record_id", whose="customer_id")
    own = tables["customers"].select(of="customer_id", whose="customer_id").anti_join(whose, "of")
    known = whose.union(own)
    if "aliases" in tables:
        former = tables["aliases"]
        known = known.union(former.select(of=former["alias"], whose="customer_id").anti_join(known, "of"))
    named = told.join(known, told.record == known.of).mutate(customer_id=_.whose)
    return {**tables, "consents": checked("consents", tables["consents"]).union(checked("consents", named))}


def _told(decided: Decided, engine: Engine) -> ir.Table:
    rows: list[dict[str, Any]] = [
        {
            "file": RECORDS,
            "line": place,
            "record": one.record,
            "channel": one.channel,
            "given": one.given,
            "at": one.at.astimezone(UTC).replace(tzinfo=None),
        }
        for place, one in enumerate(decided.consents, start=1)
    ]
    text: pa.DataType = pa.string()
    kinds: dict[str, pa.DataType] = {"file": text, "line": pa.int64(), "record": text, "channel": text}
    schema = pa.schema(kinds | {"given": pa.bool_(), "at": pa.timestamp("us")})
    return engine.table(pa.Table.from_pylist(rows, schema=schema).to_batches(), schema)
