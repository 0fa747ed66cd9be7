"""What the ledger of the made run says: products, losses, trends, cohorts, channels, and who is one person."""

from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal

UNKNOWN = "unknown"
SUMS = ("units", "gross", "discounts", "refunds", "product_cost")


def views(lines, order_rows, ledger_rows, customers, last):
    """Return the rows of these tables by name."""
    return {
        "product_contribution": products(lines, order_rows),
        "loss_makers": losses(ledger_rows),
        "trends": trends(ledger_rows, last),
        "cohorts": (grown := cohorts(order_rows, ledger_rows, customers, last)),
        "acquisition": acquisition(grown),
        **people(lines, customers),
    }


def month(day, later=0):
    at = day.year * 12 + day.month - 1 + later
    return date(at // 12, at % 12 + 1, 1)


def ago(day, last):
    return (last.year - day.year) * 12 + last.month - day.month


def products(lines, order_rows):
    costs = {row["order_id"]: row["product_cost"] for row in order_rows}
    sums = defaultdict(Counter)
    for line in lines:
        given = (line["quantity"], line["gross"], line["discount"], line["refund"], costs[line["order_id"]])
        sums[line["product_id"], month(line["order_date"])].update(dict(zip(SUMS, given, strict=True)))
        sums[line["product_id"], month(line["order_date"])]["lines"] += 1
    return [
        {"product_id": what, "month": at, "name": f"thing {what}", "category": "small" if what < "p3" else None}
        | {name: s[name] for name in (*SUMS, "lines")}
        | {"contribution_1": s["gross"] - s["discounts"] - s["refunds"] - s["product_cost"]}
        for (what, at), s in sorted(sums.items())
    ]


def earned(ledger_rows):
    sums = defaultdict(dict)
    for row in ledger_rows:
        if row["customer_id"] != UNKNOWN:
            sums[row["customer_id"]][row["month"]] = row["contribution"] + row["acquisition"]
    return sums


def losses(ledger_rows):
    rows = []
    for who, months in sorted(earned(ledger_rows).items()):
        if (left := sum(months.values())) < 0:
            reason = "returns" if int(who[1:]) % 3 else "small orders"
            rows.append(
                {"customer_id": who, "contribution": left, "reason": reason, "excess": -left, "words": f"{reason}."}
            )
    return rows


def trends(ledger_rows, last):
    rows = []
    for who, months in sorted(earned(ledger_rows).items()):
        recent = sum((v for m, v in months.items() if ago(m, last) < 12), Decimal(0))
        before = sum((v for m, v in months.items() if 12 <= ago(m, last) < 24), Decimal(0))
        turn = "growing" if recent > before else "fading" if recent < before else "steady"
        turn = "new" if ago(min(months), last) < 12 else "gone" if ago(max(months), last) >= 12 else turn
        turned = (
            None if turn in ("new", "steady") else month(last, -(int(who[1:]) % 12)) if turn != "gone" else max(months)
        )
        rows.append(
            {"customer_id": who, "recent": recent, "before": before, "turn": turn, "turned": turned, "slope": 1.5}
        )
    return rows


def cohorts(order_rows, ledger_rows, customers, last):
    days = defaultdict(set)
    for row in order_rows:
        if row["purchase"] and row["customer_id"] != UNKNOWN:
            days[row["customer_id"]].add(row["order_date"])
    channel = {c["customer_id"]: c["channel"] for c in customers}
    money = earned(ledger_rows)
    orders = {(r["customer_id"], r["month"]): r["orders"] for r in ledger_rows}
    rows = {}
    for who, bought in days.items():
        first, *again = sorted(bought)
        for name in ("all", channel[who]):
            for age in range(ago(first, last) + 1):
                key = month(first), name, age
                row = rows.setdefault(key, Counter())
                at = month(first, age)
                row["customers"] += 1
                row["active"] += any(month(day) == at for day in bought)
                row["returned"] += bool(again) and month(again[0]) <= at
                row["orders"] += orders.get((who, at), 0)
                row["contribution"] += money[who].get(at, Decimal(0))
    names = ("customers", "active", "returned", "orders", "contribution")
    return [
        {"cohort": cohort, "channel": name, "age": age, **{n: row[n] for n in names}}
        for (cohort, name, age), row in sorted(rows.items())
    ]


def acquisition(grown):
    """Return the cohorts with 9.5 spent on each customer won through 'search'."""
    groups = defaultdict(list)
    for row in grown:
        if row["channel"] != "all":
            groups[row["cohort"], row["channel"]].append(row)
    rows = []
    for (cohort, channel), ages in groups.items():
        n = ages[0]["customers"]
        spend = Decimal("9.5") * n if channel == "search" else Decimal(0)
        so_far, back = Decimal(0), None
        for row in ages:
            so_far += row["contribution"]
            back = row["age"] if back is None and so_far >= spend else back
        rows.append(
            {
                "cohort": cohort,
                "channel": channel,
                "customers": n,
                "spend": spend,
                "cost": float(spend) / n,
                "contribution": so_far,
                "payback": back,
            }
        )
    return rows


def people(lines, customers):
    """Return people, merges and groups; every 25th customer has a second record with another key."""
    rows, pairs = [], []
    for c in customers:
        for own in names_of(c["customer_id"]):
            record = f"r-{own}"
            rows.append(
                {
                    **dict.fromkeys(("number", "email", "name")),
                    "record_id": record,
                    "customer_id": c["customer_id"],
                    "own_id": own,
                    "source": "shop",
                    "format": "generic orders",
                    "file": "f" * 16,
                    "line": 2,
                    "arrived": datetime(2024, 9, 1),
                    "seen": c["last_seen"],
                    "rows": 1,
                }
            )
        if len(names_of(c["customer_id"])) > 1:
            left, right = (f"r-{own}" for own in names_of(c["customer_id"]))
            pairs.append(
                {"left_record": left, "right_record": right, "kind": "matched", "state": "merged", "evidence": "[]"}
            )
    for i, line in enumerate(lines):
        own = names_of(line["customer_id"])
        line["record_id"] = None if line["customer_id"] == UNKNOWN else f"r-{own[i % len(own)]}"
    homes = [{"group_id": "h1", "kind": "household", "name": "Doe, High St 1", "customers": 2}] if pairs else []
    return {"people": rows, "merges": pairs, "groups": homes}


def names_of(customer):
    """Return the ids that a customer would have by keys alone."""
    return [customer, f"{customer}b"] if customer != UNKNOWN and int(customer[1:]) % 25 == 4 else [customer]
