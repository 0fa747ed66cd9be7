"""Both engines do the same with the same expression."""

from decimal import Decimal

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from keepwell.engine import collected, number
from keepwell.tables import money

ORDERS = pa.table(
    {
        "customer_id": ["a", "a", "b", None],
        "amount": pa.array([Decimal("1.2345"), Decimal("-2.0000"), Decimal("10.5000"), None], pa.decimal128(18, 4)),
        "day": pa.array([1, 2, 3, 4], pa.int32()).cast(pa.date32()),
    }
)


def made(engine, table=ORDERS):
    return engine.table(table.to_batches(), table.schema)


def test_what_goes_in_comes_out(engine):
    out = collected(engine, made(engine)).sort_by("day")
    assert out.to_pylist() == ORDERS.to_pylist()


def test_money_products_keep_four_places(engine):
    orders = made(engine)
    square = orders.select(square=money(orders.amount * orders.amount), day=orders.day)
    out = collected(engine, square).sort_by("day")["square"].to_pylist()
    assert out == [Decimal("1.5240"), Decimal("4.0000"), Decimal("110.2500"), None]


def test_a_kept_table_gives_the_same_rows(engine):
    orders = made(engine)
    kept = engine.keep(orders.group_by("customer_id").aggregate(total=orders.amount.sum()))
    assert number(engine, kept.total.sum()) == Decimal("9.7345")


def test_an_empty_answer_keeps_its_columns(engine):
    orders = made(engine)
    out = collected(engine, orders.filter(orders.customer_id == "nobody"))
    assert (out.num_rows, out.column_names) == (0, ["customer_id", "amount", "day"])


def test_a_kernel_sees_every_row_once(engine):
    def doubled(batch):
        return pa.record_batch({"twice": pc.multiply(batch["n"], 2)})

    numbers = pa.table({"n": pa.array(range(10_000), pa.int64())})
    twice = engine.mapped(made(engine, numbers), doubled, pa.schema({"twice": pa.int64()}))
    assert number(engine, twice.twice.sum()) == 9_999 * 10_000


def test_files_are_read_together(engine, tmp_path):
    orders = made(engine)
    engine.write(orders, tmp_path / "one.parquet")
    engine.write(orders.filter(orders.customer_id == "b"), tmp_path / "two.parquet")
    both = engine.read(tmp_path / "one.parquet", tmp_path / "two.parquet")
    assert number(engine, both.count()) == 5
    assert number(engine, both.amount.sum(where=both.customer_id == ibis.literal("b"))) == Decimal("21.0000")


def test_a_kept_sum_has_the_type_that_was_asked_for(engine):
    orders = made(engine)
    total = orders.group_by("customer_id").aggregate(total=orders.amount.sum().cast("decimal(38,4)"))
    assert str(engine.keep(total).total.type()) == "decimal(38, 4)"
