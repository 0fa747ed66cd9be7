"""What `keepwell.open()` gives."""

import re
import shutil
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import keepwell
from keepwell.errors import ConfigError, DataError, WorkspaceError
from keepwell.tables import CONTRACTS

SMALL = {"memory": "512MB", "threads": 2, "draws": 64}


@pytest.fixture(scope="session")
def shop(orders_csv, tmp_path_factory, plain):
    """A shop that ran once."""
    one = keepwell.open(plain(tmp_path_factory.mktemp("shop") / "orders.keepwell"), create=True)
    one.run(orders_csv, contact_cost=0.8, **SMALL)
    return one


def test_a_table_has_the_contracts_schema_and_the_order_of_its_key(shop):
    ledger = shop.ledger()
    assert isinstance(ledger, pa.Table)
    assert ledger.schema.names == list(CONTRACTS["ledger"].columns)
    assert ledger.schema.field("contribution").type == pa.decimal128(18, 4)
    keys = list(zip(ledger["customer_id"].to_pylist(), ledger["month"].to_pylist(), strict=True))
    assert keys == sorted(keys)


def test_every_table_of_a_run_can_be_read_and_its_key_is_unique(shop):
    assert shop.tables() == sorted(CONTRACTS)
    for name in shop.tables():
        table = shop.table(name)
        key = list(CONTRACTS[name].key)
        assert table.num_rows == table.group_by(key).aggregate([]).num_rows, name


def test_polars_and_pandas_give_the_same_money(shop):
    exact = sum(shop.ledger()["contribution"].to_pylist())
    assert shop.ledger("polars")["contribution"].sum() == exact
    assert shop.ledger("pandas")["contribution"].sum() == exact


def test_the_shortcuts_are_the_tables(shop):
    for name in ("values", "plan", "segments", "customers", "equity"):
        assert getattr(shop, name)() == shop.table(name)


def test_an_unknown_kind_of_table_is_a_sentence(shop):
    with pytest.raises(ConfigError, match="Say 'arrow', 'polars' or 'pandas'"):
        shop.values("excel")


def test_an_unknown_table_is_answered_with_the_nearest(shop):
    with pytest.raises(DataError, match="Did you mean 'values'"):
        shop.table("value")


def test_an_unknown_option_is_a_sentence(shop, orders_csv):
    with pytest.raises(ConfigError, match="no option 'margn'"):
        shop.run(orders_csv, margn=0.4)


def test_options_go_before_the_file_and_the_file_before_the_defaults(tmp_path, orders_csv):
    shop = keepwell.open(tmp_path / "w", create=True)
    path = shop.init()
    text = path.read_text().replace("#margin = 0.3", "margin = 0.35").replace("#per_year = 4.0", "per_year = 6")
    text = text.replace("#challenger = true", "challenger = false").replace("#season = true", "season = false")
    path.write_text(text)
    assert shop.settings.contact.per_year == 6
    shop.run(orders_csv, margin=0.5, **SMALL)
    used = shop.settings_of()
    assert (used.assumptions.margin, used.contact.per_year, used.assumptions.discount_rate) == (0.5, 6, 0.1)
    assert used.as_of == max(shop.table("order_lines")["order_date"].to_pylist())


def test_the_shop_reads_one_run_until_it_runs_again(shop, orders_csv):
    before = shop.summary()["run"]
    other = keepwell.open(shop.folder)
    assert other.summary()["run"] == before
    later = shop.run(orders_csv, as_of=date(2024, 6, 30), contact_cost=0.8, **SMALL)["run"]
    assert other.summary()["run"] == before
    assert shop.summary()["run"] == later
    assert [run["current"] for run in shop.runs()] == [False, True]
    assert shop.table("equity", run=before) == other.equity() != shop.equity()


def test_adding_says_what_was_new(tmp_path, orders_csv):
    shop = keepwell.open(tmp_path / "w", create=True)
    rows = len(orders_csv.read_text().splitlines()) - 1
    told = {"name": "orders.csv", "rows": rows, "source": "main", "mode": "append", "unreadable": 0}
    assert shop.add(orders_csv) == [told | {"new": True}]
    assert shop.add(orders_csv) == [told | {"new": False}]
    assert shop.runs() == []
    with pytest.raises(WorkspaceError, match="no run is current yet"):
        shop.values()


def test_opening_what_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(WorkspaceError, match="there is no workspace"):
        keepwell.open(tmp_path / "w")
    keepwell.open(tmp_path / "w", create=True)
    assert not (tmp_path / "w").exists()


def test_explaining_gives_the_same_by_id_and_by_key(shop):
    customer = next(row for row in shop.customers().to_pylist() if row["customer_key"] == "K001")
    by_id, by_key = shop.explain(customer["customer_id"]), shop.explain(" k001 ")
    assert by_id == by_key
    assert by_id.to_dict()["customer"]["customer_key"] == "K001"


def test_the_arithmetic_of_a_value_comes_out(shop):
    for key in ("K001", "K002", "K003"):
        told = shop.explain(key)
        for value in told.values:
            product = value["discounted_orders"] * value["spend"]
            assert product == pytest.approx(value["expected_contribution"])
            weight = value["spend_weight"]
            shrunk = weight * value["own_mean_order"] + (1 - weight) * value["everybodys_mean_order"]
            assert shrunk * value["of_late"] == pytest.approx(value["spend"])


def test_orders_are_the_chance_of_being_active_times_the_orders_if_active(shop):
    told = shop.explain("K002")
    assert [value["horizon"] for value in told.values] == ["3m", "6m", "12m", "life"]
    for value in told.values:
        assert value["p_active"] * value["orders_if_active"] == pytest.approx(value["expected_orders"])


def test_what_moved_a_forecast_multiplies_from_everybodys_mean_to_the_customers_own(shop):
    year = [row for row in shop.values().to_pylist() if row["horizon"] == "12m"]
    for key in ("K001", "K002", "K003"):
        told = shop.explain(key)
        moved, own = told.moved, next(row for row in told.values if row["horizon"] == "12m")
        assert moved.everybody == pytest.approx(sum(row["expected_orders"] for row in year) / len(year))
        assert moved.everybody * moved.by_repeats * moved.by_silence == pytest.approx(own["expected_orders"])
        assert moved.everybody_spend * moved.by_spend == pytest.approx(own["spend"])
        assert "What moved it" in told.text()


def test_a_run_of_an_earlier_version_says_to_run_again(shop, tmp_path):
    copied = tmp_path / "old.keepwell"
    shutil.copytree(shop.folder, copied)
    path = copied / "runs" / shop.summary()["run"] / "values.parquet"
    kept = pq.read_table(path).drop_columns(["p_order_30"])
    path.unlink()
    pq.write_table(kept, path)
    old = keepwell.open(copied)
    assert old.ledger().num_rows == shop.ledger().num_rows
    with pytest.raises(WorkspaceError, match=r"'values' has no 'p_order_30'.*Run again"):
        old.values()


def test_what_orders_bring_of_late_is_one_factor_for_all_with_as_many_repeats(shop):
    told = [shop.explain(key) for key in ("K001", "K002", "K003", "K004", "K005", "K006")]
    factors = {}
    for one in told:
        group = min(one.history["repeats"], 5)
        factors.setdefault(1 if group == 1 else 2 if group in (2, 3, 4) else group, []).append(one.values[0]["of_late"])
    for same in factors.values():
        assert same == pytest.approx([same[0]] * len(same))
    assert max(map(len, factors.values())) > 1


def test_the_months_of_an_explanation_add_up_to_its_orders(shop, orders_csv):
    told = shop.explain("K002")
    assert sum(row["contribution"] for row in told.months) == told.totals["contribution"]
    assert sum(row["contribution"] for row in told.orders) == told.totals["contribution"]
    plain = [line.split(",") for line in orders_csv.read_text().splitlines()]
    until = str(told.as_of)
    assert told.totals["gross"] == sum(Decimal(row[3]) for row in plain if row[1] == "K002" and row[2] <= until)


def test_an_explanation_says_the_verdict_and_why(shop):
    text = shop.explain("K001").text()
    for part in ("Customer K001", "What they did", "What they earned us", "Who is alike", "Keep or stop"):
        assert part in text
    assert re.search(r"\d\.\d{4} x \d+\.\d{4} = \d+\.\d{4}", text)


def test_a_customer_may_be_given_as_a_number(shop):
    with pytest.raises(DataError, match="no customer '17850'"):
        shop.explain(17850)


def test_an_unknown_customer_is_answered_with_the_nearest(shop):
    with pytest.raises(DataError, match=r"no customer 'K01'. Those most like it: 'K0"):
        shop.explain("K01")


def test_the_unknown_customer_has_a_ledger_and_no_value(shop):
    told = shop.explain("unknown")
    assert told.values == ()
    assert told.verdict is None
    assert told.totals["gross"] == Decimal(shop.summary()["money"]["unknown_customer"])
    assert "no value can be told" in told.text()


def test_an_export_has_the_shops_own_key_beside_the_id(shop, tmp_path):
    shop.export("values", tmp_path / "values.parquet")
    written, read = pq.read_table(tmp_path / "values.parquet"), shop.values()
    keys = dict(zip(*(shop.customers()[name].to_pylist() for name in ("customer_id", "customer_key")), strict=True))
    assert written.column_names[:2] == ["customer_id", "customer_key"]
    assert written.drop_columns("customer_key").equals(read)
    assert written["customer_key"].to_pylist() == [keys[one] for one in read["customer_id"].to_pylist()]
