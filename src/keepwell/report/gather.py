"""What the report reads: small answers, each aggregated inside the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
from ibis import _

from keepwell.charts import (
    activity,
    bridge,
    calibration,
    cohorts,
    divided,
    forecast,
    goods,
    keep,
    losses,
    profiles,
    staying,
    tenths,
    triangle,
    turning,
    waterfall,
    whale,
    winning,
    worth,
)
from keepwell.engine import Engine, collected
from keepwell.tables import CONTRACTS, LEDGER_LINES, UNKNOWN, Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

LISTED = 20  # customers named in a list; the export has them all
TOLD = 50  # rules, reasons or segments in a table
Gathered = dict[str, pa.Table]


def gathered(tables: Tables, engine: Engine) -> Gathered:
    """Execute every query of the report; a table that the run lacks counts as empty."""
    full = {
        name: tables.get(name, engine.table([], contract.schema.to_pyarrow())) for name, contract in CONTRACTS.items()
    }
    return {name: collected(engine, query(full)) for name, query in QUERIES.items()}


def years(tables: Tables) -> ir.Table:
    """Return the ledger's lines per calendar year."""
    ledger = tables["ledger"]
    lines = (*LEDGER_LINES, "contribution")
    sums = {line: ledger[line].sum().cast("decimal(38,4)") for line in lines}
    orders = ledger.orders.sum().cast("decimal(38,0)").cast("int64")
    by_year = ledger.group_by(year=ledger.month.year().cast("int64"))
    return by_year.aggregate(orders=orders, **sums).order_by("year")


def unknown(tables: Tables) -> ir.Table:
    """Return the ledger of facts that name nobody, in one row; nulls where there are none."""
    ledger = tables["ledger"].filter(_.customer_id == UNKNOWN)
    lines = {line: ledger[line].sum().cast("decimal(38,4)") for line in (*LEDGER_LINES, "contribution")}
    return ledger.aggregate(months=ledger.count(), **lines)


def heads(tables: Tables) -> ir.Table:
    """Return how many customers bought, and how many of them on one day only."""
    past = tables["history"]
    once = (past.repeats == 0).cast("int64").sum().cast("decimal(38,0)").cast("int64")
    return past.aggregate(bought=past.count(), once=once, first=past.first_date.min())


def best_customers(tables: Tables) -> ir.Table:
    """Return the customers of whom most is expected in 12 months."""
    values = tables["values"].filter(_.horizon == "12m")
    best = values.order_by(_.expected_contribution.desc(), _.customer_id).limit(LISTED)
    kinds = tables["segments"].filter(_["scheme"] == "kind").select("customer_id", kind="segment")
    named = _named(best, tables).left_join(kinds, "customer_id").drop("customer_id_right")
    return named.order_by(named.expected_contribution.desc(), named.customer_id)


def _named(rows: ir.Table, tables: Tables) -> ir.Table:
    """Add the customer's own key and name."""
    people = tables["customers"].select("customer_id", "customer_key", "name")
    return rows.left_join(people, "customer_id").drop("customer_id_right")


def losers(tables: Tables) -> ir.Table:
    """Return the customers who cost most beyond what they brought."""
    worst = tables["loss_makers"].order_by(_.contribution, _.customer_id).limit(LISTED)
    return _named(worst, tables).order_by(_.contribution, _.customer_id)


def _moved_most(tables: Tables, turns: tuple[str, ...], *, sign: int) -> ir.Table:
    """Return the customers of these turns whose yearly contribution changed most; `sign` -1 for falls."""
    found = tables["trends"].filter(_.turn.isin(turns))
    found = found.mutate(change=found.recent - found.before).filter(_.change * sign > 0)
    order = (found.change if sign < 0 else found.change.desc(), found.customer_id)
    shown = _named(found.order_by(*order).limit(LISTED), tables)
    return shown.order_by(shown.change if sign < 0 else shown.change.desc(), shown.customer_id)


def falling(tables: Tables) -> ir.Table:
    """Return the customers who lost most since the year before."""
    return _moved_most(tables, ("fading", "newly unprofitable", "gone"), sign=-1)


def rising(tables: Tables) -> ir.Table:
    """Return the customers who gained most since the year before."""
    return _moved_most(tables, ("growing", "recovered"), sign=1)


def identity(tables: Tables) -> ir.Table:
    """Return customers and buyers as they are, and as they would be if every own id were a customer, in one row.

    Columns: `alone` and `customers`, `bought_before` and `bought`, `again_before` and `again` (on two days or more),
    and `contribution` of known customers.
    """
    people, orders = tables["people"], tables["order_contribution"]
    known = tables["customers"].filter(_.customer_id != UNKNOWN)
    owns = people.group_by("customer_id").aggregate(owns=_.own_id.nunique())
    several = owns.filter(_.owns > 1)
    bought = orders.filter(_.purchase & (_.customer_id != UNKNOWN))
    days = bought.select("customer_id", "order_date").distinct()
    theirs = days.semi_join(several, "customer_id")
    own = people.semi_join(several, "customer_id").select("record_id", "own_id")
    lines = tables["order_lines"].semi_join(theirs, ["customer_id", "order_date"])
    before = lines.filter(_.gross > 0).inner_join(own, "record_id").select("own_id", "order_date").distinct()
    now, theirs_now, theirs_before = (
        _buyers(table, whose) for table, whose in ((days, "customer_id"), (theirs, "customer_id"), (before, "own_id"))
    )
    sums = now.cross_join(theirs_now.rename(some="bought", some_again="again"))
    sums = sums.cross_join(theirs_before.rename(own="bought", own_again="again"))
    sums = sums.cross_join(known.aggregate(customers=_.count()))
    extra = several.aggregate(extra=(_.owns - 1).sum().fill_null(0).cast("decimal(38,0)").cast("int64"))
    ledger = tables["ledger"].filter(_.customer_id != UNKNOWN)
    sums = sums.cross_join(extra).cross_join(ledger.aggregate(contribution=_.contribution.sum().cast("decimal(38,4)")))
    return sums.select(
        "customers",
        "bought",
        "again",
        "contribution",
        alone=sums.customers + sums.extra,
        bought_before=sums.bought - sums.some + sums.own,
        again_before=sums.again - sums.some_again + sums.own_again,
    )


def _buyers(days: ir.Table, whose: str) -> ir.Table:
    """Return how many `bought`, and how many did so `again` on another day."""
    each = days.group_by(whose).aggregate(days=_.count())
    again = (each.days > 1).cast("int64").sum().fill_null(0).cast("decimal(38,0)").cast("int64")
    return each.aggregate(bought=each.count(), again=again)


def merges(tables: Tables) -> ir.Table:
    """Return pairs of records by kind of evidence and what they were taken for."""
    return tables["merges"].group_by("kind", "state").aggregate(pairs=_.count()).order_by("kind", "state")


def households(tables: Tables) -> ir.Table:
    """Return how many households and companies there are, and the customers in them."""
    customers = _.customers.sum().cast("decimal(38,0)").cast("int64")
    return tables["groups"].group_by("kind").aggregate(groups=_.count(), customers=customers).order_by("kind")


def verdicts(tables: Tables) -> ir.Table:
    """Return how many customers have each action and verdict, and what they add up to."""
    plan = tables["plan"]
    sums = {column: plan[column].sum() for column in ("gain", "gain_lower", "gain_upper", "cost")}
    return plan.group_by("action", "verdict").aggregate(customers=plan.count(), **sums).order_by("action", "verdict")


def stop_list(tables: Tables) -> ir.Table:
    """Return the customers whose contact loses most, surest verdicts first."""
    plan = tables["plan"].filter(_.action == "stop")
    order = (_.right.desc(), _.gain, _.customer_id)
    return _named(plan.order_by(*order).limit(LISTED), tables).order_by(*order)


def close_calls(tables: Tables) -> ir.Table:
    """Return the customers on whom the assumed range does not decide, those with most at stake first."""
    plan = tables["plan"].filter(_.verdict == "unsure").mutate(stake=_.gain_upper - _.gain_lower)
    order = (_.stake.desc(), _.customer_id)
    return _named(plan.order_by(*order).limit(LISTED), tables).order_by(*order)


def rfm(tables: Tables) -> ir.Table:
    """Return the RFM classes that most is expected of."""
    found = tables["segment_profiles"].filter(_["scheme"] == "rfm")
    return found.order_by(_.expected.desc(), _.segment).limit(TOLD)


def tiers(tables: Tables) -> ir.Table:
    """Return the value tiers, from the most to the least expected of a customer."""
    found = tables["segment_profiles"].filter((_["scheme"] == "tier") & (_.customers > 0))
    return found.order_by((_.expected / _.customers).desc(), _.segment)


def files(tables: Tables) -> ir.Table:
    """Return the files as they were read."""
    return tables["files"].order_by("name", "file")


def rejected(tables: Tables) -> ir.Table:
    """Return the quarantine by reason, each with its first line as an example."""
    names = tables["files"].select("file", "name")
    bad = tables["quarantine"].left_join(names, "file").drop("file_right")
    found = bad.group_by("name", "column", "reason").aggregate(
        rows=_.count(), money=_.money.sum().cast("decimal(38,4)"), line=_.line.min(), value=_.value.argmin(_.line)
    )
    return found.order_by(found.rows.desc(), found.name, found.column, found.reason).limit(TOLD)


def repeated(tables: Tables) -> ir.Table:
    """Return the duplicates by file and the file that has them already."""
    names = tables["files"].select("file", "name")
    first = names.rename(of_file="file", first="name")
    rows = tables["duplicates"].left_join(names, "file").drop("file_right")
    rows = rows.left_join(first, "of_file").drop("of_file_right")
    return (
        rows.group_by("name", "first")
        .aggregate(rows=_.count(), money=_.money.sum().cast("decimal(38,4)"))
        .order_by("name", "first")
    )


def caught(tables: Tables) -> ir.Table:
    """Return what the rules on lines that are no product caught, the largest money first."""
    found = tables["line_rules"]
    order = (found.money.abs().desc(), found["rule"], found.ledger_line, found.product_id, found.description)
    return found.order_by(*order).limit(TOLD)


def undone(tables: Tables) -> ir.Table:
    """Return cancellations with and without a sale that they undo."""
    found = tables["cancellations"].mutate(matched=_.of_file.notnull())
    sums = found.group_by("matched").aggregate(rows=_.count(), money=_.amount.sum().cast("decimal(38,4)"))
    return sums.order_by(sums.matched.desc())


def fitted(tables: Tables) -> ir.Table:
    """Return the fits on the whole history: those of the latest origin."""
    fits = tables["fits"]
    return fits.filter(fits.origin == fits.origin.max()).order_by("model", "parameter")


def bases(tables: Tables) -> ir.Table:
    """Return the models used, in words, with the customers valued by them."""
    return tables["values"].group_by("horizon", "basis").aggregate(customers=_.count()).order_by("horizon", "basis")


def scores(tables: Tables) -> ir.Table:
    """Return mean CRPS and customers of each method and test, over all customers."""
    wanted = tables["backtest"].filter((_["group"] == "all") & _.measure.isin(["crps", "customers"]))
    found = {name: _.value.max(where=_.measure == name) for name in ("crps", "customers")}
    return wanted.group_by("origin", "horizon", "method").aggregate(**found).order_by("origin", "horizon", "method")


def soon(tables: Tables) -> ir.Table:
    """Return per horizon the orders and buyers expected, and how many will order within 30, 60 and 90 days."""
    values = tables["values"]
    within = {f"within_{days}": values[f"p_order_{days}"].sum() for days in (30, 60, 90)}
    buyers = (1.0 - values.p_zero).sum()
    sums = values.group_by("horizon").aggregate(
        customers=_.count(), orders=_.expected_orders.sum(), buyers=buyers, **within
    )
    return sums.order_by("horizon")


def leaving(tables: Tables) -> ir.Table:
    """Return per horizon the subscribers, how many are expected to leave, and the ends of their chances."""
    chances = tables["values"].filter(_.p_leave.notnull())
    order = ibis.window(group_by="horizon", order_by=[chances.p_leave, chances.customer_id])
    of = chances.count().over(ibis.window(group_by="horizon"))
    rank = ibis.row_number().over(order).cast("float64") + 1.0
    ranked = chances.select("horizon", "p_leave", place=10.0 * rank / of.cast("float64"))
    return (
        ranked.group_by("horizon")
        .aggregate(
            subscribers=_.count(),
            leave=_.p_leave.sum(),
            p_leave=_.p_leave.mean(),
            least=_.p_leave.mean(where=_.place <= 1.0),
            most=_.p_leave.mean(where=_.place > 9.0),
        )
        .order_by("horizon")
    )


def currencies(tables: Tables) -> ir.Table:
    """Return the currencies of the files."""
    named = tables["order_lines"].filter(_.currency.notnull() & (_.currency != ""))
    return named.select("currency").distinct().order_by("currency")


QUERIES: dict[str, Callable[[Tables], ir.Table]] = {
    "whale": whale.whale_data,
    "totals": waterfall.waterfall_data,
    "worth": worth.worth_data,
    "activity": activity.activity_data,
    "cohorts": cohorts.cohorts_data,
    "forecast": forecast.forecast_data,
    "calibration": calibration.calibration_data,
    "keep": keep.keep_data,
    "kinds": profiles.profiles_data,
    "tiers": tiers,
    "rfm": rfm,
    "years": years,
    "unknown": unknown,
    "heads": heads,
    "best": best_customers,
    "equity": lambda tables: tables["equity"].order_by("horizon"),
    "backtest": lambda tables: tables["backtest"].order_by("origin", "horizon", "method", "group", "measure"),
    "verdicts": verdicts,
    "stop": stop_list,
    "close": close_calls,
    "files": files,
    "rejected": rejected,
    "repeated": repeated,
    "caught": caught,
    "undone": undone,
    "fits": fitted,
    "bases": bases,
    "currencies": currencies,
    "tenths": tenths.tenths_data,
    "scores": scores,
    "soon": soon,
    "staying": staying.staying_data,
    "leaving": leaving,
    "losses": losses.losses_data,
    "losers": losers,
    "by_kind": divided.divided_data,
    "by_channel": divided.by_channel,
    "bridge": bridge.bridge_data,
    "turning": turning.turning_data,
    "falling": falling,
    "rising": rising,
    "triangle": triangle.triangle_data,
    "goods": goods.goods_data,
    "categories": goods.by_category,
    "winning": winning.winning_data,
    "identity": identity,
    "merges": merges,
    "households": households,
}
