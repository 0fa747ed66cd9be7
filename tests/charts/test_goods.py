"""Which products earn the money."""

from datetime import date
from decimal import Decimal

from keepwell.charts.goods import answer, figure, goods_data, shown
from keepwell.engine import collected


def told(engine, made, earned):
    """Return the data of {product: contribution}, earned over two months."""
    sums = dict.fromkeys(("units", "gross", "discounts", "refunds", "product_cost"), Decimal(0))
    rows = [
        {**sums, "product_id": what, "month": date(2024, m, 1), "name": f"thing {what}", "category": None, "lines": 1,
         "contribution_1": Decimal(v) / 2}
        for what, v in earned.items()
        for m in (1, 2)
    ]  # fmt: skip
    table = made.arrow("product_contribution", rows)
    return collected(engine, goods_data({"product_contribution": engine.table(table.to_batches(), table.schema)}))


def test_the_best_tenth_is_counted_over_all_products_though_few_are_told(duckdb, made):
    data = told(duckdb, made, {"": 5000, **{f"p{i:02d}": 100 - i for i in range(60)}})
    assert data.num_rows == 40
    best = sum(range(95, 101))
    part = f"{100 * best / sum(range(41, 101)):.0f}%"
    assert answer(data, currency="EUR") == (
        f"The best tenth of 60 products earn {part} of what products earn; none loses money"
    )


def test_losers_are_drawn_where_they_can_be_seen(duckdb, made):
    data = told(duckdb, made, {**{f"p{i:02d}": 100 - i for i in range(20)}, "bad": -50, "odd": -1})
    assert "2 lose €51.00" in answer(data, currency="EUR")
    assert [row["product_id"] for row in shown(data.to_pylist())][-1] == "bad"
    assert figure(data, currency="EUR").data[0].x[-1] == -50
