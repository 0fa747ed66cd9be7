"""Keep-or-stop over every share that one may believe in.

Each customer falls into the hundredth of a share at which contact begins to pay on them; the curve is the running
sums over these hundred steps, so its cost does not grow with the number of shares.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.decide.plan import TOLERANCE, break_even
from keepwell.tables import checked, counted

STEPS = 100


def curve(values: ir.Table, *, cost: float, spread: float) -> ir.Table:
    """Return one row per share 0, 0.01, ... 1: the table `break_even`.

    Args:
        values: One row per customer with `expected`, the contribution of the next 12 months.
        cost: Of a customer's contacts, 12 months, discounted; 0 where none is stated. Then only customers who are
            expected to bring nothing are stopped, and `highest_cost` tells what contact may cost.
        spread: What 1 a year is worth today; `highest_cost` is money of a year, not discounted.
    """
    never = STEPS + 1
    needed = break_even(values.expected, cost=cost) * STEPS - TOLERANCE * STEPS
    binned = values.select("expected", step=needed.ceil().cast("int64").fill_null(never))
    found = binned.group_by("step").aggregate(n=binned.count(), m=binned.expected.sum())
    empty = ibis.range(0, never + 1).unnest().name("step").as_table().mutate(n=0, m=0.0)
    both = ibis.union(found.select("step", "n", "m"), empty.select(*_typed(empty)))
    steps = both.group_by("step").aggregate(n=counted(both.n.sum()), m=both.m.sum())
    # Stopped at a share are all who need more than it: the sums over the steps above.
    above = ibis.window(order_by=steps.step.desc(), preceding=None, following=0)
    running = steps.mutate(
        stopped=counted(steps.n.sum().over(above)) - steps.n, given=steps.m.sum().over(above) - steps.m
    )
    t = running.filter(running.step <= STEPS).cross_join(middle(values))
    share = t.step.cast("float64") / float(STEPS)
    return checked(
        "break_even",
        t.select(
            "stopped",
            share=share,
            saves=t.stopped.cast("float64") * cost - share * t.given,
            highest_cost=ibis.greatest(share * t.middle / spread, 0.0),
        ),
    )


def middle(values: ir.Table) -> ir.Table:
    """Return one row with the expected contribution that half of the customers reach (`middle`)."""
    order = [values.expected.desc()]
    ranked = values.select(
        "expected", rank=ibis.row_number().over(order_by=order), n=values.count().over(ibis.window())
    )
    # The first rank (from 0) at which the customers so far are at least half of all.
    half = ranked.filter(ranked.rank == (ranked.n - 1).floordiv(2))
    return half.aggregate(middle=half.expected.max().fill_null(0.0))


def _typed(t: ir.Table) -> list[Any]:
    return [t.step.cast("int64").name("step"), t.n.cast("int64").name("n"), t.m.cast("float64").name("m")]
