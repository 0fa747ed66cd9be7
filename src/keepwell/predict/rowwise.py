"""Carry the forecast of a method that sees each customer to the valuing of batches.

Such a method answers with one row per customer. Its numbers travel in a table beside `history`, joined by the engine,
so that a batch finds its own rows; what customers share (the distributions of the count) is sent with the work. What a
forecast calls `p_active` is here but the share of customers who draw from that distribution: whether somebody is still
a customer is told by purchase models only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from keepwell.engine import Engine
from keepwell.models.shapes import Floats, Forecast, Ints
from keepwell.predict.horizon import Ahead
from keepwell.predict.methods import Customers
from keepwell.predict.value import Rows

if TYPE_CHECKING:
    import ibis.expr.types as ir

BATCH_ROWS = 65_536
PARTS = ("p_active", "orders", "discounted", "doubt", "group")


@dataclass(frozen=True, slots=True)
class Told:
    """A `Forecaster` that reads its numbers from the batch."""

    horizon: str
    start: Ints
    pmf: Floats

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(f"{part}_{self.horizon}" for part in PARTS)

    def of(self, batch: pa.RecordBatch) -> Rows:
        """Return the rows of a batch."""
        p, orders, discounted, doubt, group = (batch.column(name).to_numpy(zero_copy_only=False) for name in self.reads)
        group = group.astype(np.int64)
        share = np.divide(discounted, orders, out=np.ones_like(orders), where=orders > 0)
        return Rows(
            orders=orders,
            discounted=discounted,
            doubt=doubt,
            none=1 - p * (1 - self.pmf[self.start[group]]),
            group=group,
            start=self.start,
            pmf=self.pmf,
            discount=share,
        )


@dataclass(frozen=True, slots=True)
class Beside:
    """What was forecast customer by customer."""

    history: ir.Table  # with the columns that `forecasters` read
    forecasters: Mapping[str, Told]  # by horizon

    @property
    def reads(self) -> tuple[str, ...]:
        """All columns read."""
        return tuple(name for told in self.forecasters.values() for name in told.reads)


def beside(
    engine: Engine, history: ir.Table, who: Customers, forecasts: Mapping[str, Forecast], aheads: Mapping[str, Ahead]
) -> Beside:
    """Lay forecasts of customers, by horizon, beside the table `history`.

    What is not known of the parameters is taken from the purchase model's own forecast of the horizon, as a share.
    """
    columns: dict[str, np.ndarray] = {}
    for name, forecast in forecasts.items():
        cells = aheads[name]
        moved = np.sqrt((cells.moves**2).sum(axis=0))
        doubt = np.divide(moved, cells.discounted, out=np.zeros_like(moved), where=cells.discounted > 0)
        parts = (
            forecast.p_active,
            forecast.orders,
            forecast.discounted,
            forecast.discounted * doubt[who.cell],
            forecast.group,
        )
        columns |= {f"{part}_{name}": values for part, values in zip(PARTS, parts, strict=True)}
    whole = pa.table({"customer_id": who.ids, **columns})
    told = engine.table(whole.to_batches(max_chunksize=BATCH_ROWS), whole.schema)
    joined = history.join(told, "customer_id")
    return Beside(joined, {name: Told(name, f.start, f.pmf) for name, f in forecasts.items()})
