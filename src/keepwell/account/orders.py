"""Order ids that several customers share.

Some shops number orders anew for each customer. Taken as one order, all first orders would be one customer's; so an
id that names several known customers stands for one order of each. Rows of it that name nobody stay together.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir


def shared(books: ir.Table) -> ir.Table:
    """Return the `order_id`s that name more than one known customer.

    Args:
        books: One row per order with its first and last known customer, `customer_id` and `last_customer`.
    """
    return books.filter(books.customer_id != books.last_customer).select("order_id")


def apart(lines: ir.Table, shared: ir.Table) -> ir.Table:
    """Return the lines with the customer's id added to the order ids that are shared."""
    marked = lines.left_join(shared.mutate(_shared=ibis.literal(value=True)), "order_id").drop("order_id_right")
    told = marked._shared.notnull().ifelse(marked.order_id + " " + marked.customer_id, marked.order_id)
    return marked.mutate(order_id=told).drop("_shared")
