"""Where each customer's contribution is heading, and since when.

Years are counted back from the last day: the last 12 months, that of the last day included, the 12 before, and so
on. A year holds every season once, so that neither Christmas nor a quiet summer passes for a turn. What winning the
customer cost is left out: it comes once, and would make everybody recover in their second year.

The *rolling year* of a month is the contribution of the 12 months that end with it. A turn compares today's with that
of 12 months ago, or, for those who were no customer for a whole year by then, with their own first 12 months. The
rolling year steps up in a month that earned something and down 12 months later, and a turning point is such a step.

The slope is Theil's: the median, over all pairs of full years as a customer, of the change from one to the other by
the years between. Source: Sen (1968), Journal of the American Statistical Association 63(324):1379-1389.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from keepwell.tables import UNKNOWN, checked, counted, money

YEAR = 12  # months
CHANGE = 0.25  # of the year before: a change beyond it is called growing or fading
Month = Any  # an Ibis value


def index(month: Month) -> Month:
    """Return the months since the year 0 of an Ibis date, as int64."""
    return month.year().cast("int64") * 12 + month.month().cast("int64") - 1


def first_day(number: Month) -> Month:
    """Return the first day of a month given by its `index`."""
    year, of_year = (number // 12).cast("int32"), (number % 12 + 1).cast("int32")
    return ibis.date(year, of_year, ibis.literal(1, "int32"))


def trends(ledger: ir.Table, *, until: date) -> ir.Table:
    """Return one row per known customer: the table `trends`.

    Args:
        ledger: Contribution and acquisition per customer and month.
        until: Last day observed.
    """
    now = until.year * 12 + until.month - 1
    months = earned(ledger)
    told = turns(months, now=now)
    points = turning_points(months, told, now=now)
    joined = told.left_join(points, "customer_id").drop("customer_id_right")
    joined = joined.left_join(slopes(months, now=now), "customer_id").drop("customer_id_right")
    since = ibis.cases((joined.turn == "gone", joined.last_order), else_=joined.since)
    return checked("trends", joined.mutate(turned=first_day(since)))


def earned(ledger: ir.Table) -> ir.Table:
    """Return what each known customer earned by month.

    Returns:
        `customer_id`, `at` (`index` of the month), `amount` (contribution before what winning them cost) and `bought`.
    """
    known = ledger.filter(ledger.customer_id != UNKNOWN)
    return known.select(
        "customer_id",
        at=index(known.month),
        amount=known.contribution + known.acquisition,
        bought=known.orders > 0,
    )


def turns(months: ir.Table, *, now: int) -> ir.Table:
    """Return where each customer stands.

    Args:
        months: As `earned` returns them.
        now: `index` of the last month.

    Returns:
        `customer_id`, `recent`, `before`, `then` (the rolling year that today's is compared with), `start` (`index` of
        its month), `turn` and `last_order` (`index` of its month; null where there is none).
    """
    t = months.mutate(first=months.at.min().over(ibis.window(group_by="customer_id")))
    t = t.mutate(start=ibis.greatest(t["first"] + (YEAR - 1), now - YEAR))
    last, then = (t.at > now - 2 * YEAR) & (t.at <= now - YEAR), (t.at > t.start - YEAR) & (t.at <= t.start)
    sums = t.group_by("customer_id", "first", "start").aggregate(
        recent=money(t.amount.sum(where=t.at > now - YEAR).fill_null(0)),
        before=money(t.amount.sum(where=last).fill_null(0)),
        then=money(t.amount.sum(where=then).fill_null(0)),
        last_order=t.at.max(where=t.bought),
    )
    return sums.mutate(turn=_turn(sums, now=now))


def _turn(t: ir.Table, *, now: int) -> Any:
    change = (t.recent - t.then).cast("float64")
    enough = CHANGE * t.then.abs().cast("float64")
    return ibis.cases(
        (t["first"] > now - YEAR, "new"),
        ((t.recent < 0) & (t.then >= 0), "newly unprofitable"),
        (t.last_order.fill_null(0) <= now - YEAR, "gone"),
        ((t.recent > 0) & (t.then <= 0), "recovered"),
        (change > enough, "growing"),
        (change < -enough, "fading"),
        else_="steady",
    )


def turning_points(months: ir.Table, turns: ir.Table, *, now: int) -> ir.Table:
    """Return since when the rolling year goes the way that the turn says: `customer_id`, `since` (`index`).

    For 'newly unprofitable' the month in which it fell below 0 for the last time, for 'recovered' that in which it
    rose above 0; for 'growing' and 'fading' the first step after its last low or high.
    """
    turned = turns.filter(turns.turn.isin(["growing", "fading", "newly unprofitable", "recovered"]))
    steps = _steps(months, now=now).inner_join(turned.select("customer_id", "then", "start", "turn"), "customer_id")
    so_far = ibis.window(group_by="customer_id", order_by="at", preceding=None, following=0)
    each = ibis.window(group_by="customer_id")
    t = steps.filter(steps.at > steps.start).mutate(level=_.then + _.step.sum().over(so_far))
    low, high = ibis.least(t.level.min().over(each), t.then), ibis.greatest(t.level.max().over(each), t.then)
    t = t.mutate(low=low, high=high)
    extreme = ((t.turn == "growing") & (t.level == t.low)) | ((t.turn == "fading") & (t.level == t.high))
    t = t.mutate(extreme=t.at.max(where=extreme).over(each).fill_null(t.start), was=t.level - t.step)
    crossed = ibis.cases(
        (t.turn == "newly unprofitable", (t.level < 0) & (t.was >= 0)),
        (t.turn == "recovered", (t.level > 0) & (t.was <= 0)),
        else_=False,
    )
    swings = t.turn.isin(["growing", "fading"])
    return t.group_by("customer_id").aggregate(
        since=t.at.min(where=swings & (t.at > t.extreme)).coalesce(t.at.max(where=crossed))
    )


def _steps(months: ir.Table, *, now: int) -> ir.Table:
    """Return how the rolling year changed in each of the last 12 months: `customer_id`, `at`, `step`."""
    year = months.filter(months.at > now - 2 * YEAR)
    out = year.at <= now - YEAR
    moved = year.select("customer_id", at=year.at + out.ifelse(YEAR, 0), step=out.ifelse(-year.amount, year.amount))
    summed = moved.group_by("customer_id", "at").aggregate(step=money(moved.step.sum()))
    return summed.filter(summed.step != 0)


def slopes(months: ir.Table, *, now: int) -> ir.Table:
    """Return Theil's slope over the full years of each customer: `customer_id`, `slope` (money a year, float64).

    Customers of less than two full years are left out.
    """
    ages = months.group_by("customer_id").aggregate(years=(now + 1 - _.at.min()) // YEAR)
    old = ages.filter(ages.years >= 2)
    sums = months.mutate(year=(now - _.at) // YEAR).group_by("customer_id", "year").aggregate(whole=_.amount.sum())
    grid = old.mutate(year=ibis.range(0, old.years).unnest()).drop("years")
    filled = grid.left_join(sums, ["customer_id", "year"])
    years = filled.select("customer_id", "year", whole=filled.whole.fill_null(0).cast("float64"))
    other = years.rename(earlier="year", less="whole")
    pairs = years.inner_join(other, [years.customer_id == other.customer_id, years.year < other.earlier])
    each = pairs.select("customer_id", slope=(pairs.whole - pairs.less) / (pairs.earlier - pairs.year).cast("float64"))
    return _middle(each)


def _middle(each: ir.Table) -> ir.Table:
    """Return the median `slope` of each customer."""
    group = ibis.window(group_by="customer_id")
    place = counted(ibis.row_number().over(ibis.window(group_by="customer_id", order_by=each.slope)))
    ranked = each.mutate(place=2 * place + 1 - each.count().over(group).cast("int64"))
    middle = ranked.filter(ranked.place.between(-1, 1))
    return middle.group_by("customer_id").aggregate(slope=middle.slope.mean())
