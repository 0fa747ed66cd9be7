"""A plausible finished run of a small shop, made from a seed: every table of the contract, and its summary."""

import importlib.util
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa

from keepwell.tables import CONTRACTS, LEDGER_LINES, UNKNOWN

SPANS = {"3m": 91, "6m": 182, "12m": 365, "life": 1200}
START, AS_OF = date(2022, 3, 1), date(2024, 8, 31)
DIGEST = "f" * 16
CENT = Decimal("0.0001")
NASTY = "<script>alert('x')</script> & \"Söhne\""


def _beside(name):
    """Return the module in the file of that name beside this one."""
    spec = importlib.util.spec_from_file_location(f"keepwell_tests_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VIEWS = _beside("views")


def money(value):
    return Decimal(str(round(float(value), 2))).quantize(CENT)


def arrow(name, rows):
    """Return rows as an Arrow table of the contract's schema."""
    return pa.Table.from_pylist(rows, schema=CONTRACTS[name].schema.to_pyarrow())


def empty():
    """Return every table of the contract without rows."""
    return {name: arrow(name, []) for name in CONTRACTS}


def orders(rng, customers):
    """Return (customer number, day, gross) of everybody, each buying at an own rate until an own end."""
    out = []
    for who in range(customers):
        day = START + timedelta(days=int(rng.integers(0, 860)))
        rate, leaves = rng.gamma(0.9, 1 / 70), rng.exponential(420)
        size, first = rng.gamma(3, 14), day
        while day <= AS_OF:
            out.append((who, day, max(2.0, rng.normal(size, size / 3))))
            day += timedelta(days=max(1, int(rng.exponential(1 / max(rate, 1e-5)))))
            if (day - first).days > leaves:
                break
    return out


def order_contribution(rng, bought):
    rows = []
    for i, (who, day, gross) in enumerate(bought):
        lines = dict.fromkeys(LEDGER_LINES, Decimal(0))
        lines["gross"] = money(gross)
        lines["discounts"] = money(gross * 0.1 if rng.random() < 0.3 else 0)
        lines["shipping_charged"] = money(3.95 if gross < 50 else 0)
        lines["tax"] = money(gross * 0.2)
        lines["refunds"] = money(gross * 0.9 if rng.random() < 0.06 else 0)
        net = lines["gross"] - lines["discounts"] - lines["refunds"]
        lines["product_cost"] = (net * Decimal("0.7")).quantize(CENT)
        lines["fulfilment"] = money(4.2)
        lines["payment_fees"] = money(0.3 + gross * 0.015)
        taken = lines["gross"] - lines["discounts"] + lines["shipping_charged"] + lines["other"] - lines["refunds"]
        left = taken - lines["product_cost"]
        kept = left - sum(lines[c] for c in ("fulfilment", "payment_fees", "returns_handling"))
        rows.append(
            {
                "order_id": f"o{i}",
                "customer_id": UNKNOWN if who % 97 == 96 else f"c{who:04d}",
                "order_date": day,
                "month": day.replace(day=1),
                "purchase": lines["refunds"] == 0,
                **lines,
                "contribution_1": left,
                "contribution_2": kept,
                "contribution": kept - sum(lines[c] for c in ("service", "marketing", "acquisition")),
                "assumed_sales": net,
            }
        )
    return rows


def ledger(order_rows):
    sums = defaultdict(Counter)
    for row in order_rows:
        key = row["customer_id"], row["month"]
        sums[key]["orders"] += int(row["purchase"])
        for line in (*LEDGER_LINES, "contribution_1", "contribution_2", "contribution", "assumed_sales"):
            sums[key][line] += row[line]
    return [{"customer_id": c, "month": m, **line} for (c, m), line in sorted(sums.items())]


def whale(ledger_rows):
    earned = Counter()
    for row in ledger_rows:
        earned[row["customer_id"]] += row["contribution"]
    earned.pop(UNKNOWN, None)
    total, so_far, rows = sum(earned.values()), Decimal(0), []
    for i, value in enumerate(sorted(earned.values(), reverse=True), 1):
        so_far += value
        part = float(so_far / total) if total > 0 else None
        rows.append(
            {
                "customers": i,
                "customers_share": i / len(earned),
                "contribution": so_far,
                "contribution_share": part,
            }
        )
    return rows


def history(order_rows):
    days = defaultdict(lambda: defaultdict(Decimal))
    for row in order_rows:
        if row["purchase"] and row["customer_id"] != UNKNOWN:
            days[row["customer_id"]][row["order_date"]] += row["contribution"]
    rows = []
    for customer, bought in sorted(days.items()):
        first, last = min(bought), max(bought)
        later = [float(v) for d, v in bought.items() if d > first]
        rows.append(
            {
                "customer_id": customer,
                "first_date": first,
                "last_date": last,
                "repeats": len(later),
                "recency": (last - first).days,
                "age": (AS_OF - first).days,
                "first_contribution": float(bought[first]),
                "repeat_sum": sum(later),
                "repeat_sum_squares": sum(v * v for v in later),
            }
        )
    return rows


def values(rng, history_rows):
    rows = []
    for row in history_rows:
        silent = row["age"] - row["recency"]
        alive = 1 / (1 + (silent / 200) ** 2 * (0.3 + row["repeats"] / 3))
        rate = (row["repeats"] + 0.6) / (row["age"] + 120)
        spend = (row["first_contribution"] + row["repeat_sum"] + 12) / (row["repeats"] + 2)
        for horizon, days in SPANS.items():
            n = alive * rate * days
            worth = n * spend * (0.8 if horizon == "life" else 0.95)
            ends = [worth * k for k in (0, 0, 0.2, 0.8, 1.5, 2.3, 2.9)]
            quantiles = dict(zip(("q05", "q10", "q25", "q50", "q75", "q90", "q95"), sorted(ends), strict=True))
            rows.append(
                {
                    "customer_id": row["customer_id"],
                    "horizon": horizon,
                    "p_active": alive,
                    "expected_orders": n,
                    "expected_contribution": worth,
                    **quantiles,
                    "p_zero": float(np.exp(-n)),
                    "sd_mean": abs(worth) * 0.08 * (1 + rng.random()),
                    "next_order": AS_OF + timedelta(days=int(0.7 / rate)) if alive > 0.6 else None,
                    **{f"p_order_{d}": alive * float(1 - np.exp(-rate * d)) for d in (30, 60, 90)},
                    "p_leave": 1 - 0.9 ** (days / 182) if row["repeats"] == 2 else None,
                    "spend": spend,
                    "spend_weight": (row["repeats"] + 1) / (row["repeats"] + 3),
                    "basis": "BG/NBD purchases; Gamma-Gamma spend",
                }
            )
    return rows


def segments(history_rows, value_rows):
    worth = {r["customer_id"]: r["expected_contribution"] for r in value_rows if r["horizon"] == "12m"}
    ranks = {c: i / len(worth) for i, c in enumerate(sorted(worth, key=lambda c: (-worth[c], c)))}
    rows = []
    for row in history_rows:
        silent = row["age"] - row["recency"]
        kind = "frequent" if row["repeats"] >= 4 else "occasional"
        kind = "one-time" if row["repeats"] == 0 else "lapsed" if silent > 300 else kind
        kind = "new" if row["age"] < 120 else kind
        tier = "ABCD"[int(np.searchsorted([0.1, 0.3, 0.6], ranks[row["customer_id"]], side="right"))]
        rfm = "".join(
            str(5 - min(4, int(k))) for k in (silent // 120, 4 - min(4, row["repeats"]), ranks[row["customer_id"]] * 5)
        )
        named = {"kind": kind, "tier": tier, "rfm": rfm}
        rows += [{"customer_id": row["customer_id"], "scheme": s, "segment": n} for s, n in named.items()]
    return rows


def profiles(segment_rows, history_rows, value_rows):
    past = {r["customer_id"]: r for r in history_rows}
    worth = {r["customer_id"]: r for r in value_rows if r["horizon"] == "12m"}
    earned = {c: r["first_contribution"] + r["repeat_sum"] for c, r in past.items()}
    groups = defaultdict(list)
    for row in segment_rows:
        groups[row["scheme"], row["segment"]].append(row["customer_id"])
    whole, future = sum(earned.values()), sum(r["expected_contribution"] for r in worth.values())
    return [
        {
            "scheme": scheme,
            "segment": segment,
            "customers": len(who),
            "customers_share": len(who) / len(past),
            "contribution": money(sum(earned[c] for c in who)),
            "contribution_share": sum(earned[c] for c in who) / whole if whole > 0 else None,
            "expected": sum(worth[c]["expected_contribution"] for c in who),
            "expected_share": sum(worth[c]["expected_contribution"] for c in who) / future if future > 0 else None,
            "p_active": float(np.mean([worth[c]["p_active"] for c in who])),
            "orders": float(np.mean([past[c]["repeats"] + 1 for c in who])),
        }
        for (scheme, segment), who in sorted(groups.items())
    ]


def backtest(rng):
    rows, names = [], ("bgnbd", "paretonbd", "own past rate", "hiatus")
    for o, origin in enumerate((date(2023, 2, 28), date(2023, 8, 31), date(2024, 2, 29))):
        for m, method in enumerate(names):
            for group, part in (("all", 1.0), ("0", 0.5), ("1", 0.2), ("2-4", 0.2), ("5+", 0.1)):
                n = round((180 + 110 * o) * part)
                actual = round((480 + 60 * o) * part)
                expected = actual * (1 + rng.normal(0.02, 0.02) + 0.09 * m)
                pit = rng.dirichlet(np.full(10, 400 / (1 + 3 * m)))
                measures = {
                    "customers": n,
                    "expected": expected,
                    "actual": actual,
                    "bias": expected / actual - 1,
                    "mae": 0.61 + 0.07 * m,
                    "rmse": 1.12 + 0.1 * m,
                    "crps": 0.40 + 0.03 * m + rng.random() / 100,
                    "crps_se": 0.01,
                    "spearman": 0.62 - 0.08 * m,
                    "coverage_90": 0.91 - 0.05 * m,
                    "gini": 0.7 - 0.05 * m,
                    "capture_10": 0.45 - 0.03 * m,
                    **{f"pit_{d}": float(p) for d, p in enumerate(pit)},
                }
                if group == "all":
                    measures |= {f"decile_{d}_forecast": 0.3 * d + 0.1 * m for d in range(1, 11)}
                    measures |= {f"decile_{d}_actual": 0.31 * d for d in range(1, 11)}
                if group == "all" and origin == date(2024, 2, 29) and method == "bgnbd":
                    measures |= {"champion": 1, "best": 1, "won_by": 0.17, "won_by_se": 0.02}
                key = {"origin": origin, "horizon": 182, "method": method, "group": group}
                rows += [{**key, "measure": k, "value": float(v)} for k, v in measures.items()]
    return rows


def forecast_path(rng):
    rows = []
    for o, origin in enumerate((date(2023, 2, 28), date(2023, 8, 31), date(2024, 2, 29), AS_OF)):
        for k in range(13):
            expected = (26 + 8 * o) * 0.985**k
            period = origin + timedelta(days=14 * (k + 1))
            actual = None if origin == AS_OF else float(rng.poisson(expected * 0.98))
            rows.append(
                {
                    "origin": origin,
                    "period": period,
                    "expected": expected,
                    "lower": max(0.0, expected - 1.8 * expected**0.5),
                    "upper": expected + 1.8 * expected**0.5,
                    "actual": actual,
                }
            )
    return rows


def warnings():
    few = "Only 12 customers came back. So forecasts rest on few. A longer log mends it."
    odd = f"Customers of March 2024 buy less than all others {NASTY}."
    return [
        {"kind": "too few", "subject": "all", "words": few, "number": 12.0},
        {"kind": "odd cohort", "subject": "2024-03", "words": odd, "number": None},
        {"kind": "too short", "subject": "12m", "words": "No test looked 12 months ahead.", "number": 182.0},
    ]


def subscriptions(history_rows):
    rows = []
    for i, row in enumerate(r for r in history_rows if r["repeats"] == 2):
        months = i % 20 + 1
        ends = row["first_date"] + timedelta(days=30 * months)
        rows.append(
            {
                "subscription_id": f"s{i}",
                "customer_id": row["customer_id"],
                "started": row["first_date"],
                "ended": ends if ends <= AS_OF and i % 3 else None,
                "period": "month",
                "price": money(9.9),
                "plan": "basic",
                "reason": None,
            }
        )
    return rows


def plan(value_rows, cost=4.0):
    rows = []
    for row in value_rows:
        if row["horizon"] != "12m":
            continue
        worth = row["expected_contribution"]
        gain, low, high = (worth * part - cost for part in (0.2, 0.05, 0.4))
        verdict = "keep" if low > 0 else "stop" if high < 0 else "unsure"
        rows.append(
            {
                "customer_id": row["customer_id"],
                "action": "keep" if gain > 0 else "stop",
                "verdict": verdict,
                "break_even": cost / worth if worth > cost else None,
                "gain": gain,
                "gain_lower": low,
                "gain_upper": high,
                "cost": cost,
                "pays_back": 0.2,
                "right": 0.9 if verdict != "unsure" else 0.6,
                "evidence": "assumed",
                "reason": "To keep mailing this customer you must believe that mailing causes "
                + (f"at least {cost / worth:.0%} of what they buy" if worth > cost else "more than all they buy"),
            }
        )
    return rows


def break_even(value_rows, cost=4.0):
    worth = np.array([r["expected_contribution"] for r in value_rows if r["horizon"] == "12m"])
    rows = []
    for step in range(41):
        gain = worth * step / 40 - cost
        rows.append(
            {
                "share": step / 40,
                "stopped": int((gain < 0).sum()),
                "saves": float(-gain[gain < 0].sum()),
                "highest_cost": float(np.median(worth) * step / 40),
            }
        )
    return rows


def equity(value_rows):
    rows = []
    for horizon in SPANS:
        whole = sum(r["expected_contribution"] for r in value_rows if r["horizon"] == horizon)
        basis = "period shocks between 3 origins of the backtest; margin 20% to 40%"
        rows.append(
            {
                "horizon": horizon,
                "expected": whole,
                "lower": whole * 0.78,
                "upper": whole * 1.27,
                "origins": 3,
                "basis": basis,
            }
        )
    return rows


def fits():
    rows = []
    for model, params in (("bgnbd", {"r": 0.24, "alpha": 4.41, "a": 0.79, "b": 2.43}), ("spend", {"p": 6.2, "q": 3.7})):
        for name, estimate in {**params, "log_likelihood": -9582.4, "customers": 480, "cells": 391}.items():
            sd = estimate * 0.04 if name in params else None
            rows.append(
                {
                    "model": model,
                    "origin": AS_OF,
                    "parameter": name,
                    "estimate": estimate,
                    "sd": sd,
                    "diagnostics": "converged: gradient below 1e-8",
                }
            )
    return rows


def intake(order_rows):
    """Return files, order lines, products, customers, quarantine, duplicates, line rules and cancellations."""
    lines = []
    for i, row in enumerate(order_rows):
        taken = row["gross"] - row["discounts"] + row["shipping_charged"] + row["tax"] - row["refunds"]
        lines.append(
            {
                "file": DIGEST,
                "line": i + 2,
                "source": "shop",
                "order_id": row["order_id"],
                "customer_id": row["customer_id"],
                "ordered_at": datetime.combine(row["order_date"], datetime.min.time()),
                "order_date": row["order_date"],
                "product_id": f"p{i % 7}",
                "description": "a thing",
                "quantity": Decimal(1).quantize(CENT),
                "gross": row["gross"],
                "discount": row["discounts"],
                "shipping": row["shipping_charged"],
                "tax": row["tax"],
                "other": Decimal(0),
                "refund": row["refunds"],
                "money": taken,
                "currency": "EUR",
                "rate": Decimal(1),
                "source_money": taken,
                "status": "ok",
                "refund_date_assumed": True,
            }
        )
    facts = sum(line["money"] for line in lines)
    bad = [
        (3, "amount", "n/a", "no number", None),
        (9, "date", NASTY, "no date", money(12.5)),
        (17, "date", "31/02/2023", "no date", money(8)),
    ]
    quarantine = [
        {"file": DIGEST, "line": 9000 + n, "column": c, "value": v, "reason": r, "money": m} for n, c, v, r, m in bad
    ]
    duplicates = [{"file": "e" * 16, "line": n, "of_file": DIGEST, "money": money(20)} for n in range(5)]
    mapping = '{"customer_id": "Customer", "date": "Order date", "amount": "Total"}'
    files = [
        _file(DIGEST, "orders.csv", facts, len(lines), 3, money(20.5), 0, mapping),
        _file("e" * 16, f"{NASTY}.csv", Decimal(0), 0, 0, Decimal(0), 5, mapping),
    ]
    seen = defaultdict(list)
    for row in order_rows:
        seen[row["customer_id"]].append(row["order_date"])
    customers = [
        {
            "customer_id": c,
            "customer_key": NASTY if c == "c0003" else c.removeprefix("c"),
            "name": f"{NASTY} {c}" if int(c[1:]) % 50 == 3 else None,
            "email": f"{c}@example.org",
            "country": "DE",
            "channel": "search" if int(c[1:]) % 3 else "catalogue",
            "people": 1,
            "records": len(days),
            "first_seen": min(days),
            "last_seen": max(days),
        }
        for c, days in sorted(seen.items())
        if c != UNKNOWN
    ]
    rules = [
        ("postage", "shipping_charged", "POST", "POSTAGE", 31, 122.45),
        ("discount", "discounts", "D", NASTY, 4, -35.0),
    ]
    names = ("rule", "ledger_line", "product_id", "description", "lines", "money")
    cancelled = [
        {
            "file": DIGEST,
            "line": n,
            "order_id": f"C{n}",
            "customer_id": "c0001",
            "order_date": AS_OF,
            "amount": money(30),
            "of_file": DIGEST if n < 6 else None,
            "of_line": n if n < 6 else None,
            "units": money(1),
            "units_found": money(1 if n < 6 else 0),
            "sales": 1 if n < 6 else 0,
            "how": "part" if n < 6 else "no earlier sale",
        }
        for n in range(8)
    ]
    return {
        "files": files,
        "order_lines": lines,
        "products": [
            {"product_id": "p1", "name": "a thing", "category": None, "price": money(10), "cost": money(7)},
        ],
        "customers": customers,
        "quarantine": quarantine,
        "duplicates": duplicates,
        "line_rules": [dict(zip(names, (*r[:5], money(r[5])), strict=True)) for r in rules],
        "cancellations": cancelled,
    }


def _file(digest, name, facts_money, facts, quarantined, quarantined_money, duplicates, mapping):
    twice = money(20 * duplicates)
    return {
        "file": digest,
        "name": name,
        "source": "shop",
        "format": "generic orders",
        "rows": facts + quarantined + duplicates,
        "facts": facts,
        "quarantined": quarantined,
        "duplicates": duplicates,
        "money_in": facts_money + quarantined_money + twice,
        "money_facts": facts_money,
        "money_quarantined": quarantined_money,
        "money_duplicates": twice,
        "unknown_money": 1 if quarantined else 0,
        "mapping": mapping,
        "notes": '["dates read as day/month/year: nothing in the column decides (--map, reading.date_order)"]',
    }


def run(customers=500, seed=7, contact_cost=4.0):
    """Return {table: Arrow table} of a whole run."""
    rng = np.random.default_rng(seed)
    order_rows = order_contribution(rng, orders(rng, customers))
    ledger_rows, past = ledger(order_rows), history(order_rows)
    worth = values(rng, past)
    named = segments(past, worth)
    came = intake(order_rows)
    rows = {
        **came,
        **VIEWS.views(came["order_lines"], order_rows, ledger_rows, came["customers"], AS_OF),
        "order_contribution": order_rows,
        "ledger": ledger_rows,
        "whale": whale(ledger_rows),
        "history": past,
        "fits": fits(),
        "backtest": backtest(rng),
        "forecast_path": forecast_path(rng),
        "warnings": warnings(),
        "subscriptions": subscriptions(past),
        "values": worth,
        "equity": equity(worth),
        "segments": named,
        "segment_profiles": profiles(named, past, worth),
        "plan": plan(worth, contact_cost) if contact_cost else [],
        "break_even": break_even(worth, contact_cost or 0),
    }
    return {name: arrow(name, rows.get(name, [])) for name in CONTRACTS}


def summary(tables, *, truth=False):
    """Return the summary that belongs to the tables, as a run prints it with --json."""
    files, ledger_rows = tables["files"].to_pylist(), tables["ledger"].to_pylist()
    moved = {k: str(sum(f[f"money_{k}"] for f in files)) for k in ("in", "quarantined", "duplicates")}
    money_in = {r["customer_id"]: Decimal(0) for r in ledger_rows}
    for r in ledger_rows:
        parts = (r["gross"], -r["discounts"], r["shipping_charged"], r["tax"], r["other"], -r["refunds"])
        money_in[r["customer_id"]] += sum(parts)
    equities = {r["horizon"]: r for r in tables["equity"].to_pylist()}
    year = equities.get("12m", {"expected": 0.0, "lower": 0.0, "upper": 0.0})
    stops = [r for r in tables["plan"].to_pylist() if r["action"] == "stop"]
    out = {
        "run": "20241122T101500-ab12cd34",
        "workspace": "/home/ann/orders.keepwell",
        "as_of": AS_OF.isoformat(),
        "rows": {
            k: sum(f[v] for f in files)
            for k, v in (
                ("in", "rows"),
                ("facts", "facts"),
                ("quarantined", "quarantined"),
                ("duplicates", "duplicates"),
            )
        },
        "money": {
            **moved,
            "ledger": str(sum(money_in.values(), Decimal(0))),
            "unknown_customer": str(money_in.get(UNKNOWN, Decimal(0))),
        },
        "files": [
            {"name": f["name"], "format": f["format"], "rows": f["rows"], "money": str(f["money_in"])} for f in files
        ],
        "customers": len(tables["customers"]),
        "revenue": str(
            sum(
                (r["gross"] - r["discounts"] + r["shipping_charged"] + r["other"] - r["refunds"] for r in ledger_rows),
                Decimal(0),
            )
        ),
        "contribution": str(sum((r["contribution"] for r in ledger_rows), Decimal(0))),
        "equity": {**{k: f"{year[k]:.4f}" for k in ("expected", "lower", "upper")}, "horizon": "12m"},
        "models": ["bgnbd", "paretonbd"],
        "backtest": {"champion": "bgnbd" if len(tables["backtest"]) else None, "table": []},
        "horizons": told_horizons(equities, tested=len(tables["backtest"]) > 0),
        "warnings": [
            {**{k: r[k] for k in ("kind", "subject", "words")}, "serious": r["kind"] == "too few"}
            for r in tables["warnings"].to_pylist()
        ],
        "stop": {"customers": len(stops), "saves": f"{-sum(r['gain'] for r in stops):.4f}"}
        if len(tables["plan"])
        else None,
        "assumptions": [
            {"name": "assumptions.margin", "value": "0.3 (0.2 to 0.4)", "change": "--margin 0.35"},
            {"name": "assumptions.discount_rate", "value": "0.1", "change": "keepwell.toml: assumptions.discount_rate"},
            {"name": "contact.per_year", "value": "4", "change": "--contacts-per-year 6"},
        ],
        "seconds": {"unify": 0.81, "account": 0.4, "predict": 2.25},
    }
    if truth:
        worth = sorted((r for r in tables["values"].to_pylist() if r["horizon"] == "12m"), key=_worth_first)
        out["truth"] = compared(worth, year)
    return out


def told_horizons(equities, *, tested):
    """Return the horizons as a run sums them up; of the made backtest only 6 months were tested."""
    marks = {"champion": "bgnbd", "best": "bgnbd", "won_by": 0.17, "won_by_se": 0.02, "tests": 3}
    marks |= {"error_low": -0.01, "error_high": 0.05}
    return [
        {"horizon": name, **{k: f"{equities[name][k]:.4f}" for k in ("expected", "lower", "upper")}}
        | (marks if name == "6m" and tested else dict.fromkeys(marks))
        for name in SPANS
        if name in equities
    ]


def _worth_first(row):
    return -row["expected_contribution"], row["customer_id"]


def compared(worth, year):
    """Return forecast beside a made truth, in the shape of `keepwell.simulate.compared`."""
    tenths = [worth[i * len(worth) // 10 : (i + 1) * len(worth) // 10] for i in range(10)]
    money_sum = sum(r["expected_contribution"] for r in worth)
    orders = sum(r["expected_orders"] for r in worth)
    return {
        "customers": len(worth),
        "contribution": {"forecast": money_sum, "truth": money_sum * 0.96, "ratio": 1 / 0.96},
        "orders": {"forecast": orders, "truth": round(orders * 1.03), "ratio": orders / round(orders * 1.03)},
        "active": {"forecast": 250.0, "truth": 240, "ratio": 250 / 240},
        "interval": {"lower": year["lower"], "upper": year["upper"], "holds": True},
        "deciles": [
            {
                "decile": i + 1,
                "customers": len(rows),
                "forecast": sum(r["expected_contribution"] for r in rows),
                "truth": sum(r["expected_contribution"] for r in rows) * 0.96,
                "forecast_orders": sum(r["expected_orders"] for r in rows),
                "orders": len(rows),
            }
            for i, rows in enumerate(tenths)
        ],
        "found": 0.61,
    }
