"""Cohorts, beside a slow plain version that asks each cohort's customers one after the other."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from keepwell.account.cohorts import cohorts, firsts
from keepwell.engine import collected
from keepwell.tables import CONTRACTS, LEDGER_LINES

UNTIL = date(2024, 5, 20)
NOTHING = dict.fromkeys((*LEDGER_LINES, "contribution_1", "contribution_2", "assumed_sales"), Decimal(0))


def placed(engine, name, rows):
    schema = CONTRACTS[name].schema.to_pyarrow()
    return engine.table([pa.RecordBatch.from_pylist(rows, schema=schema)], schema)


def told(engine, orders, ledger, channels):
    """Return the table.

    Of (customer, day, purchase), (customer, month, orders, contribution, acquisition) and {customer: channel}.
    """
    bought = [
        {**NOTHING, "order_id": f"o{i}", "customer_id": who, "order_date": day, "month": day.replace(day=1),
         "purchase": kept, "contribution": Decimal(0)}
        for i, (who, day, kept) in enumerate(orders)
    ]  # fmt: skip
    months = [
        {
            **NOTHING,
            "customer_id": who,
            "month": month,
            "orders": n,
            "contribution": Decimal(left),
            "acquisition": Decimal(won),
        }
        for who, month, n, left, won in ledger
    ]
    people = [
        {"customer_id": who, "customer_key": who, "channel": channel, "people": 1, "records": 1}
        for who, channel in channels.items()
    ]
    tables = (placed(engine, "order_contribution", bought), placed(engine, "customers", people))
    table = cohorts(firsts(*tables), placed(engine, "ledger", months), until=UNTIL)
    return collected(engine, table.order_by("cohort", "channel", "age")).to_pylist()


def test_a_cohort_is_followed_month_after_month(engine):
    march, april, may = (date(2024, month, 1) for month in (3, 4, 5))
    rows = told(
        engine,
        [
            ("ann", date(2024, 3, 2), True),
            ("ann", date(2024, 3, 2), True),  # the same day again is no return
            ("ann", date(2024, 5, 2), True),
            ("bob", date(2024, 3, 5), True),
            ("bob", date(2024, 3, 9), True),
            ("cyd", date(2024, 3, 9), False),  # taken back
            ("cyd", date(2024, 4, 9), True),
            ("unknown", date(2024, 3, 1), True),
        ],
        [
            *(("ann", march, 2, 10, 4), ("ann", may, 1, 5, 0), ("bob", march, 2, 7, 0), ("bob", april, 0, -2, 0)),
            *(
                ("cyd", march, 0, -1, 0),
                ("cyd", april, 1, 3, 0),
                ("dan", march, 0, -9, 0),
                ("unknown", march, 1, 99, 0),
            ),
        ],
        {"ann": "web", "bob": "shop", "cyd": None, "dan": "web"},
    )
    brief = [
        (
            r["cohort"].month,
            r["channel"],
            r["age"],
            r["customers"],
            r["active"],
            r["returned"],
            r["orders"],
            int(r["contribution"]),
        )
        for r in rows
    ]
    assert brief == [
        (3, "all", 0, 2, 2, 1, 4, 21),
        (3, "all", 1, 2, 0, 1, 0, -2),
        (3, "all", 2, 2, 1, 2, 1, 5),
        (3, "shop", 0, 1, 1, 1, 2, 7),
        (3, "shop", 1, 1, 0, 1, 0, -2),
        (3, "shop", 2, 1, 0, 1, 0, 0),
        (3, "web", 0, 1, 1, 0, 2, 14),
        (3, "web", 1, 1, 0, 0, 0, 0),
        (3, "web", 2, 1, 1, 1, 1, 5),
        (4, "", 0, 1, 1, 0, 1, 2),  # what cyd cost in March stands in the first month
        (4, "", 1, 1, 0, 0, 0, 0),
        (4, "all", 0, 1, 1, 0, 1, 2),
        (4, "all", 1, 1, 0, 0, 0, 0),
    ]


def test_a_channel_called_all_is_not_all_of_them(duckdb):
    rows = told(duckdb, [("ann", date(2024, 5, 2), True)], [("ann", date(2024, 5, 1), 1, 5, 0)], {"ann": "all"})
    assert {r["channel"] for r in rows} == {"all", "all (channel)"}


@pytest.mark.parametrize("seed", [1, 2])
def test_random_shops_are_told_as_if_each_customer_were_asked(duckdb, seed):
    draw = random.Random(seed)  # noqa: S311 no secret
    channels = {f"c{i}": draw.choice(["web", "shop", None]) for i in range(60)}
    orders = [
        (who, date(2023, 9, 1) + timedelta(days=draw.randrange(260)), draw.random() < 0.8)
        for who in channels
        for _ in range(draw.randrange(5))
    ]
    months = defaultdict(lambda: [0, 0, 0])
    for who, day, kept in orders:
        months[who, day.replace(day=1)][0] += kept
        months[who, day.replace(day=1)][1] += draw.randrange(-20, 40)
    ledger = [(who, month, *values) for (who, month), values in months.items()]
    rows = told(duckdb, orders, ledger, channels)
    found = {(r["cohort"], r["channel"], r["age"]): r for r in rows}
    days = {who: sorted({day for w, day, kept in orders if w == who and kept}) for who in channels}
    for (cohort, channel, age), row in found.items():
        ours = [
            who
            for who in channels
            if days[who] and days[who][0].replace(day=1) == cohort and channel in ("all", channels[who] or "")
        ]

        def late(day, cohort=cohort):
            return (day.year - cohort.year) * 12 + day.month - cohort.month

        assert row["customers"] == len(ours)
        assert row["active"] == sum(any(late(day) == age for day in days[who]) for who in ours)
        assert row["returned"] == sum(len(days[who]) > 1 and late(days[who][1]) <= age for who in ours)
        assert row["orders"] == sum(n for who, m, n, _, _ in ledger if who in ours and late(m) == age)
        assert row["contribution"] == sum(v for who, m, _, v, _ in ledger if who in ours and max(late(m), 0) == age)
    ever = {who for who in channels if days[who]}
    every = [row for (_, channel, _), row in found.items() if channel == "all"]
    assert sum(row["contribution"] for row in every) == sum(v for who, _, _, v, _ in ledger if who in ever)
    spans = defaultdict(set)
    for cohort, channel, age in found:
        spans[cohort, channel].add(age)
    for (cohort, _), ages in spans.items():
        assert ages == set(range((UNTIL.year - cohort.year) * 12 + UNTIL.month - cohort.month + 1))
