"""Which products earn the money, and which lose it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, money_axis, plain, sentence, unit
from keepwell.charts.words import money, plural, share
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
LISTED = 20  # best and worst products told; the export has them all
BEST, WORST = 10, 5  # drawn
SEEN = 0.01  # of the best product's bar
LONGEST = 34  # letters of a name
SUMS = ("units", "gross", "discounts", "refunds", "product_cost", "contribution_1")


def goods_data(tables: Tables) -> ir.Table:
    """Return the best and the worst products over all months.

    Columns: `product_id`, `name`, `category`, `SUMS`, `place` (from 1, the best first), and on every row `products`,
    `losing` (products below 0), `lost` (by them), `whole` (of all products) and `tenth` (of the best tenth of them).
    """
    t = tables["product_contribution"].filter(_.product_id != "")
    sums = {name: t[name].sum().cast("decimal(38,4)") for name in SUMS}
    each = t.group_by("product_id").aggregate(name=t.name.max(), category=t.category.max(), **sums)
    place = ibis.row_number().over(order_by=[each.contribution_1.desc(), each.product_id]).cast("int64") + 1
    ranked = each.mutate(place=place)
    n = each.aggregate(products=_.count())
    ranked = ranked.cross_join(n)
    whole = ranked.aggregate(
        losing=(_.contribution_1 < 0).cast("int64").sum().cast("decimal(38,0)").cast("int64"),
        lost=_.contribution_1.sum(where=_.contribution_1 < 0).cast("decimal(38,4)"),
        whole=_.contribution_1.sum().cast("decimal(38,4)"),
        tenth=_.contribution_1.sum(where=_.place * 10 <= ibis.greatest(_.products, 10)).cast("decimal(38,4)"),
    )
    shown = ranked.filter((ranked.place <= LISTED) | (ranked.place > ranked.products - LISTED))
    return shown.cross_join(whole).order_by("place")


def by_category(tables: Tables) -> ir.Table:
    """Return the sums per group of products, the best first; products without one stand under none."""
    t = tables["product_contribution"].filter(_.product_id != "")
    sums = {name: t[name].sum().cast("decimal(38,4)") for name in SUMS}
    found = t.group_by("category").aggregate(products=t.product_id.nunique().cast("int64"), **sums)
    return found.order_by(found.contribution_1.desc(), found.category)


def answer(data: pa.Table, *, currency: str) -> str:
    """Say how much the best tenth of the products earn, and how many lose."""
    rows = data.to_pylist()
    if not rows:
        return "No row names a product, so what each of them earns is not known"
    first = rows[0]
    losing = (
        f"{first['losing']:,} lose {money(-(first['lost'] or 0), currency)}" if first["losing"] else "none loses money"
    )
    if first["products"] < 10 or first["whole"] <= 0:
        return f"{plural(first['products'], 'product')} earned {money(first['whole'], currency)}; {losing}"
    of = share(first["tenth"] / first["whole"])
    return f"The best tenth of {first['products']:,} products earn {of} of what products earn; {losing}"


def shown(rows: list[Row]) -> list[Row]:
    """Return the products that are drawn: the best, and the worst whose loss is large enough to be seen."""
    best = rows[:BEST]
    least = -SEEN * float(max(r["contribution_1"] for r in best))
    worst = [r for r in rows[-WORST:] if r["contribution_1"] < min(0, least) and r["place"] > len(best)]
    return [*best, *worst]


def figure(data: pa.Table, *, currency: str) -> go.Figure:
    """Draw the best products, and those that lose most."""
    rows, title = data.to_pylist(), answer(data, currency=currency)
    if len(rows) < 2:
        return sentence(title)
    drawn_rows = shown(rows)
    left = [float(r["contribution_1"]) for r in drawn_rows]
    colours = [palette.PROFIT if value >= 0 else palette.LOSS for value in left]
    labels = [_label(r, currency) for r in drawn_rows]
    bars = go.Bar(orientation="h", y=labels, x=left, marker={"color": colours})
    drawn = go.Figure(bars)
    framed(drawn, title, x=f"After product cost, {unit(currency)}", y="", height=90 + 40 * len(drawn_rows))
    drawn.update_yaxes(autorange="reversed", type="category", showgrid=False)
    drawn.update_xaxes(**money_axis(currency, top=max(map(abs, left))))
    return drawn


def _label(row: Row, currency: str) -> str:
    name = row["name"] or row["product_id"]
    short = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    return f"{plain(short)}<br><b>{plain(money(row['contribution_1'], currency))}</b> ({plain(row['product_id'])})"
