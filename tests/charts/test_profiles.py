"""Kinds of customers."""

from decimal import Decimal

from keepwell.charts.profiles import answer, figure, profiles_data
from keepwell.engine import collected


def profiled(engine, made, kinds, scheme="kind"):
    rows = [
        {
            "scheme": scheme,
            "segment": name,
            "customers": n,
            "customers_share": n / 100,
            "contribution": Decimal(n),
            "contribution_share": n / 100,
            "expected": float(e),
            "expected_share": share,
            "p_active": 0.5,
            "orders": 2.0,
        }
        for name, n, e, share in kinds
    ]
    table = made.arrow("segment_profiles", rows)
    return collected(engine, profiles_data({"segment_profiles": engine.table(table.to_batches(), table.schema)}))


def test_the_kind_with_most_expected_leads(engine, made):
    data = profiled(engine, made, [("rare", 80, 10, 0.1), ("often", 20, 90, 0.9)])
    assert answer(data) == "‘often’ customers, 20% of all, bring 90% of what is expected in the next 12 months"
    assert list(figure(data).data[0].y) == ["often", "rare"]


def test_other_schemes_are_no_kinds(duckdb, made):
    assert profiled(duckdb, made, [("A", 100, 5, 1.0)], scheme="tier").num_rows == 0


def test_shares_of_nothing_are_left_out(duckdb, made):
    data = profiled(duckdb, made, [("a", 50, 0, None), ("b", 50, -5, None)])
    assert "most is expected" in answer(data)
    assert figure(data).data


def test_one_kind_is_a_sentence(duckdb, made):
    data = profiled(duckdb, made, [("new", 100, 5, 1.0)])
    assert answer(data) == "100 customers, all of one kind: new"
    assert not figure(data).data
