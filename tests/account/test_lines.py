"""The rules on lines that are no product: on small lines by hand, and against labels on a real file."""

import csv
from pathlib import Path

import pytest

from keepwell.account.lines import caught, line_rules, pairs, ruled
from keepwell.engine import collected
from keepwell.errors import ConfigError
from keepwell.settings import NO_PRODUCT, LineRule

LABELS = Path(__file__).with_name("no_product_labels.csv")


def told(engine, lines, rules=NO_PRODUCT):
    table = ruled(lines, caught(pairs(lines), rules))
    rows = collected(engine, table.order_by("line")).to_pylist()
    return [row["ledger_line"] or "product" for row in rows]


LOOKS = [
    # code, text, what it is
    ("POST", "POSTAGE", "shipping_charged"),
    ("post", None, "shipping_charged"),
    (" POST ", "x", "shipping_charged"),
    ("POSTER1", "POSTER", "product"),
    ("22222", "Next Day Carriage", "shipping_charged"),
    ("22222", "Delivery & Handling Fee", "shipping_charged"),
    ("22222", "P&P", "shipping_charged"),
    ("22222", "PACKING CHARGE", "shipping_charged"),
    ("22222", "SMALL POSTAGE STAMP", "product"),
    ("22222", "FRENCH CARRIAGE LANTERN", "product"),
    ("D", "Discount", "discounts"),
    ("DCGSSBOY", "BOYS PARTY BAG", "product"),
    ("DOG", "DOG BOWL", "product"),
    ("M", "Manual", "other"),
    ("m", "Manual", "other"),
    ("MUG", "MANUAL COFFEE GRINDER", "product"),
    ("99999", "CRUK Commission", "other"),
    ("S", "SAMPLES", "other"),
    ("TEST001", "This is a test product.", "other"),
    ("TESTER", "PERFUME TESTER", "product"),
    ("gift_0001_10", None, "other"),
    ("22016", "Dotcomgiftshop Gift Voucher £100.00", "other"),
    ("GIFTBOX", "GIFT BOX", "product"),
    ("GC1", "GIFT CARD HOLDER", "product"),
    ("GC2", "Gift Card €50", "other"),
    (None, None, "product"),
    (None, "Shipping", "shipping_charged"),
]


def test_looks_are_told_apart(engine, order_lines):
    lines = order_lines(engine, *({"gross": 1, "product_id": code, "description": text} for code, text, _ in LOOKS))
    found = told(engine, lines)
    assert [(*look[:2], line) for look, line in zip(LOOKS, found, strict=True)] == LOOKS


def test_the_first_rule_that_matches_decides_and_both_patterns_must_match(duckdb, order_lines):
    rules = (
        LineRule(name="free gift", ledger="gross", product_id=r"S\d", words="gift"),
        LineRule(name="all of s", ledger="other", product_id=r"S\d"),
        LineRule(name="späte Gebühr", ledger="tax", words="GEBÜHR"),
    )
    lines = order_lines(
        duckdb,
        {"gross": 1, "product_id": "S1", "description": "a gift"},
        {"gross": 1, "product_id": "s1", "description": "no present"},
        {"gross": 1, "product_id": "T1", "description": "a gift"},
        {"gross": 1, "product_id": "T1", "description": "Gebühr"},
    )
    assert told(duckdb, lines, rules) == ["gross", "other", "product", "tax"]
    table = ruled(lines, caught(pairs(lines), rules))
    assert collected(duckdb, table.order_by("line")).column("product").to_pylist() == [True, False, True, False]


def test_what_was_caught_is_listed_with_its_money(engine, order_lines):
    postage = {"product_id": "POST", "description": "POSTAGE"}
    lines = order_lines(engine, {"gross": 7, **postage}, {"refund": 2, **postage}, {"gross": 1})
    rows = collected(engine, line_rules(ruled(lines, caught(pairs(lines), NO_PRODUCT)))).to_pylist()
    assert [(r["rule"], r["ledger_line"], r["lines"], r["money"]) for r in rows] == [
        ("postage", "shipping_charged", 2, 5)
    ]


def test_without_rules_all_lines_are_products(duckdb, order_lines):
    assert told(duckdb, order_lines(duckdb, {"gross": 1, "product_id": "POST"}), ()) == ["product"]


@pytest.mark.parametrize("pattern", ["(", r"(?=x)", r"(a)\1", "a*+", "(?i)a", r"\p{L}"])
def test_a_pattern_that_engines_read_apart_is_refused(duckdb, order_lines, pattern):
    rule = LineRule(name="odd", ledger="other", words=pattern)
    with pytest.raises(ConfigError, match="line rule 'odd'"):
        caught(pairs(order_lines(duckdb, {"gross": 1})), (rule,))


def test_the_default_rules_find_what_was_labelled_by_hand(duckdb, shared_data, retail_file):
    labels = {row["code"]: row["label"] for row in csv.DictReader(LABELS.open())}
    table = duckdb.read(retail_file(shared_data))
    table = table.filter(table.money != 0)
    lines = ruled(table, caught(pairs(table), NO_PRODUCT))
    counted = lines.group_by(code=lines.product_id.upper(), line=lines.ledger_line.fill_null("product")).aggregate(
        n=lines.count()
    )
    hits = misses = false = wrong_line = 0
    for row in collected(duckdb, counted).to_pylist():
        # A code without a label has the shape of a product and no word of the trade of fees in its text.
        label = labels.get(row["code"], "product")
        said = row["line"]
        hits += row["n"] * (label != "product" and said != "product")
        misses += row["n"] * (label != "product" and said == "product")
        false += row["n"] * (label == "product" and said != "product")
        wrong_line += row["n"] * ("product" not in {label, said} and said != label)
    # Precision and recall are both 1: no false alarm and no miss.
    assert hits + misses == 3029
    assert (misses, false, wrong_line) == (0, 0, 0)


def test_no_product_of_another_shop_is_caught(duckdb, shared_data, order_lines):
    path = shared_data / "adventureworks" / "AdventureWorks_Products.csv"
    rows = list(csv.DictReader(path.open(encoding="latin-1")))
    lines = order_lines(
        duckdb, *({"gross": 1, "product_id": row["ProductSKU"], "description": row["ProductName"]} for row in rows)
    )
    assert len(rows) == 293
    assert set(told(duckdb, lines)) == {"product"}
