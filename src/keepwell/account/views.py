"""What the ledger says: of products, of losses, of where customers are heading, of cohorts and of channels."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir

from keepwell.account import cohorts as by_cohort
from keepwell.account.channels import acquisition
from keepwell.account.losses import loss_makers
from keepwell.account.products import by_line, moved, order_wide, pools, product_contribution
from keepwell.account.spending import monthly
from keepwell.account.trends import trends
from keepwell.account.whale import whale
from keepwell.engine import Engine, number
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, Tables


def views(
    tables: Tables,
    settings: Settings,
    engine: Engine,
    *,
    lines: ir.Table,
    orders: ir.Table,
    months: ir.Table,
    spend: ir.Table | None = None,
    contacts: ir.Table | None = None,
) -> Tables:
    """Return `whale`, `product_contribution`, `loss_makers`, `trends`, `cohorts` and `acquisition`.

    Args:
        tables: `files`, `products` and `customers`; one that is missing counts as empty.
        settings: `as_of` and `assumptions.margin` are read.
        engine: Materialises what is used more than once.
        lines: Order lines with `ledger_line` and `product`.
        orders: The table `order_contribution`.
        months: The table `ledger`.
        spend: Marketing money up to the last day; None: there is none.
        contacts: The contacts with their campaigns, as `contacts.costed` returns them; None: there are none.
    """
    files, products, customers = (_given(tables, name, engine) for name in ("files", "products", "customers"))
    spent = monthly(_given({}, "spend", engine) if spend is None else spend, contacts)
    until = settings.as_of or number(engine, months.month.max()) or date.min
    followed = by_cohort.cohorts(engine.keep(by_cohort.firsts(orders, customers)), months, until=until)
    grown = engine.keep(followed)
    return {
        "whale": engine.keep(whale(months)),
        "product_contribution": engine.keep(_products(lines, files, products, settings, engine)),
        "loss_makers": engine.keep(loss_makers(months)),
        "trends": engine.keep(trends(months, until=until)),
        "cohorts": grown,
        "acquisition": engine.keep(acquisition(grown, spent)),
    }


def _given(tables: Tables, name: str, engine: Engine) -> ir.Table:
    table = tables.get(name)
    return engine.table([], CONTRACTS[name].schema.to_pyarrow()) if table is None else table


def _products(lines: ir.Table, files: ir.Table, products: ir.Table, settings: Settings, engine: Engine) -> ir.Table:
    margin = settings.assumptions.margin
    each = by_line(lines, margin=margin)
    whole = engine.keep(pools(each, order_wide(files), margin=margin))
    return product_contribution(each, moved(each, whole), products)
