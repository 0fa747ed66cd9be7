"""Two hundred random shops: not a row and not a ten-thousandth is lost, shop by shop, on both engines."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from keepwell import account, unify
from keepwell.engine import collected
from keepwell.loop.conservation import accounted
from keepwell.settings import from_dict
from keepwell.tables import LEDGER_IN, offences
from keepwell.unify.reading import read_file

from . import shops

SETTINGS = {"shop": {"currency": "EUR"}, "as_of": shops.FIRST + timedelta(days=shops.DAYS)}
ONCE = partial(
    settings,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example],
)
SEEDS = st.integers(0, 2**31)


def written(folder, made):
    """Write all shops' rows into the same few files; return them read, and whose each line is."""
    folder.mkdir(exist_ok=True)
    rates = [f"{day},USD,EUR,{rate}" for day, rate in shops.rates().items()]
    whose, files = {}, {"rates.csv": ["date,currency,to_currency,rate", *rates]}
    for name, header in (("lines", shops.LINES), ("again", shops.LINES), ("totals", shops.TOTALS)):
        rows = [(shop, row.text) for shop, one in made.items() for row in getattr(one, name)]
        files[f"{name}.csv"] = [header, *(text for _shop, text in rows)]
        whose[f"{name}.csv"] = [shop for shop, _text in rows]
    fees = [f"2024-02-01,charge,{order},1,{fee},{fee},{fee}" for one in made.values() for order, fee in one.payouts]
    files["payouts.csv"] = ["Transaction Date,Type,Order,Payout ID,Amount,Fee,Net", *fees]
    raws = []
    for name, rows in files.items():
        if len(rows) > 1:
            (folder / name).write_text("\n".join(rows) + "\n")
            how = from_dict({}).reading
            arrived = datetime(2026, 1, 1, tzinfo=UTC)
            raws.append(read_file(folder / name, reading=how, into=folder / "in", source="main", arrived=arrived))
    return raws, {raw.digest: whose[raw.name] for raw in raws if raw.name in whose}


def by_shop(rows, whose):
    """Return per shop how many rows there are, and their money; rows without money count apart."""
    counts, money, unknown = defaultdict(int), defaultdict(Decimal), defaultdict(int)
    for row in rows:
        if row["file"] in whose:
            shop = whose[row["file"]][row["line"] - 2]
            counts[shop] += 1
            money[shop] += row["money"] or 0
            unknown[shop] += row["money"] is None
    return counts, money, unknown


def reckoned(made):
    """Return per shop, reckoned from its rows alone: facts, quarantine and duplicates as (rows, money), and fees."""
    for shop, one in made.items():
        every, held = [*one.lines, *one.again, *one.totals], one.duplicates()
        bad = [row for row in every if not row.good]
        good = [row for row in every if row.good]
        facts = len(good) - len(held), sum(r.money for r in good) - sum(r.money for r in held)
        orders = {row.text.split(",")[0] for row in good}
        fees = sum(fee for order, fee in one.payouts if order in orders)
        held_sums = len(held), sum(r.money for r in held)
        yield shop, facts, (len(bad), sum(r.money or 0 for r in bad)), held_sums, fees


def books(folder, made, engine, **more):
    """Run unify and account; return the tables as rows, whose each line is, and the account of everything."""
    raws, whose = written(folder, made)
    how = from_dict({**SETTINGS, **more})
    tables = unify.run(raws, how, engine)
    tables |= account.run(tables, how, engine)
    names = ("order_lines", "quarantine", "duplicates", "order_contribution", "ledger", "cancellations")
    for name in names:
        broken = collected(engine, offences(name, tables[name]).drop("rows")).to_pylist()[0]
        assert not any(broken.values()), (name, broken)
    sums = accounted(tables, engine, as_of=how.as_of)
    return {name: collected(engine, tables[name]).to_pylist() for name in names}, whose, sums


def signed(row):
    return sum(-row[name] if name in ("discounts", "refunds") else row[name] for name in LEDGER_IN)


def check(made, tables, whose, sums):
    """Compare every shop with what was reckoned from its rows."""
    facts, bad, held = (by_shop(tables[name], whose) for name in ("order_lines", "quarantine", "duplicates"))
    booked, fees = defaultdict(Decimal), defaultdict(Decimal)
    for row in tables["order_contribution"]:
        shop = row["order_id"].split("-")[0]
        booked[shop] += signed(row)
        fees[shop] += row["payment_fees"]
    for shop, fact_sums, bad_sums, held_sums, charged in reckoned(made):
        for (rows, money), (counts, amounts, _unknown) in (
            (fact_sums, facts), (bad_sums, bad), (held_sums, held),
        ):  # fmt: skip
            assert (counts[shop], amounts[shop]) == (rows, money), shop
        assert (booked[shop], fees[shop]) == (fact_sums[1], charged), shop
    ledger = sum(signed(row) for row in tables["ledger"])
    assert ledger == sums.ledger == sum(booked.values())
    assert sums.money_in == ledger + sums.money_quarantined + sums.money_duplicates
    for row in tables["ledger"]:
        costs = (
            "product_cost",
            "fulfilment",
            "payment_fees",
            "returns_handling",
            "service",
            "marketing",
            "acquisition",
        )
        assert row["contribution"] == signed(row) - row["tax"] - sum(row[name] for name in costs)


@ONCE(max_examples=1)
@given(seeds=st.lists(SEEDS, min_size=200, max_size=200, unique=True))
def test_two_hundred_shops_keep_every_row_and_all_money(engine, tmp_path, seeds):
    made = {f"s{seed}": shops.shop(seed) for seed in seeds}
    check(made, *books(tmp_path, made, engine))


@ONCE(max_examples=1)
@given(seeds=st.lists(SEEDS, min_size=3, max_size=3, unique=True))
def test_no_switch_loses_a_row(duckdb, tmp_path, seeds):
    """What comes in differs with the tax, so the files' own account is the judge here."""
    made = {f"s{seed}": shops.shop(seed) for seed in seeds}
    switches = {"refund_month": "sale", "gift_cards": "sale", "unpaid": "void", "tax": "inside", "test_orders": "keep"}
    tables, _whose, sums = books(tmp_path, made, duckdb, facts=switches)
    assert sums.rows_in == sums.facts + sums.quarantined + sums.duplicates
    assert sum(signed(row) for row in tables["order_contribution"]) == sums.ledger
    assert sums.money_in == sums.ledger + sums.money_quarantined + sums.money_duplicates
