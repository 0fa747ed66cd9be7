"""What the terminal says of a run: short, in the words of a shop."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Summary = dict[str, Any]
SHOWN = 8  # reasons of quarantine on the terminal
AHEAD = {"3m": "in 3 months", "6m": "in 6 months", "life": "for life"}


def summary(answer: Summary) -> str:
    """Return the closing words of a run.

    Args:
        answer: The object that `--json` prints.
    """
    parts = [_read(answer), _earned(answer), _will(answer), _truth(answer), _trust(answer), _stop(answer)]
    lines = [part for part in parts if part]
    lines += [f"  ! {note}" for note in [*answer.get("notes", []), *_warnings(answer)]]
    if not answer.get("current", True) and not any("--accept" in note for note in answer.get("notes", [])):
        lines.append("  ! This run did not become current: too many rows in quarantine. Look at it, then add --accept.")
    if answer.get("report"):
        lines.append(f"Report      {answer['report']}")
    return "\n".join(lines)


def assumptions(answer: Summary) -> str:
    """Return what the run assumed, one line each, with how to change it."""
    rows = [(str(a["name"]), str(a["value"]), str(a["change"])) for a in answer["assumptions"]]
    if not rows:
        return ""
    wide = max(len(name) for name, _, _ in rows)
    lines = [
        f"  {name:<{wide}}  {value}" + (f"   ({change})" if change and change not in value else "")
        for name, value, change in rows
    ]
    return "\n".join(["Assumed, not measured:", *lines])


def money(value: object) -> str:
    """Round money for the eye: whole units, thousands separated; cents below a hundred.

    >>> money("2500315.6300"), money("-4.5"), money(None), money("nan")
    ('2,500,316', '-4.50', 'unknown', 'unknown')
    """
    if value is None:
        return "unknown"
    amount = Decimal(str(value))
    if not amount.is_finite():
        return "unknown"
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.2f}"


def _counted(n: int, word: str) -> str:
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


def _read(answer: Summary) -> str:
    rows, names = answer["rows"], ", ".join(file["name"] for file in answer["files"][:3])
    more = "" if len(answer["files"]) <= 3 else f" and {len(answer['files']) - 3} more"
    apart = [
        f"{rows[kind]:,} {word}"
        for kind, word in (("quarantined", "in quarantine"), ("duplicates", "twice"))
        if rows[kind]
    ]
    tail = f" ({', '.join(apart)})" if apart else " (every one used)"
    return f"Read        {_counted(rows['in'], 'row')} of {names}{more}{tail}, up to {answer['as_of']}"


def _earned(answer: Summary) -> str:
    nobody = Decimal(answer.get("money", {}).get("unknown_contribution", 0))
    return (
        f"Earned      {money(answer['contribution'])} contribution on {money(answer['revenue'])} taken,"
        f" from {_counted(answer['customers'], 'customer')}"
        + (f" (of it {money(nobody)} from rows that name nobody)" if nobody else "")
    )


def _will(answer: Summary) -> str:
    equity = answer["equity"]
    if not equity or equity.get("expected") is None:
        return "Will earn   not known: too little history to say"
    lines = [
        f"Will earn   {money(equity['expected'])} contribution in the next 12 months"
        f" (90% interval {money(equity['lower'])} to {money(equity['upper'])})"
    ]
    others = [row for row in answer.get("horizons", []) if row["horizon"] in AHEAD]
    if others:
        told = (f"{money(row['expected'])} {AHEAD[row['horizon']]}" for row in others)
        lines.append(f"            {', '.join(told)}")
    return "\n".join(lines)


def _trust(answer: Summary) -> str:
    test = answer.get("trust")
    if not test:
        return "Trust       no backtest: the history is too short to hide a part of it"
    off = f" ({test['expected'] / test['actual'] - 1:+.0%})" if test["actual"] else ""
    lines = [
        f"Trust       in the {test['days']} days from {test['origin']} the same method would have forecast"
        f" {test['expected']:,.0f} purchases and {test['actual']:,.0f} came{off}"
    ]
    return "\n".join([*lines, *(f"            {said}" for said in _contest(answer))])


def _contest(answer: Summary) -> list[str]:
    """Say of the horizon of the lead by how much its method won, and over how many tests."""
    tested = [row for row in answer.get("horizons", []) if row.get("champion") and row["horizon"] != "life"]
    row = next((row for row in tested if row["horizon"] == "12m"), tested[-1] if tested else None)
    if row is None:
        return []
    said = []
    if row["tests"] and row["tests"] > 1:
        low, high = (f"{row[f'error_{end}']:+.0%}" for end in ("low", "high"))
        ran = f"ran from {low} to {high}" if low != high else f"were off by {low} each"
        said.append(f"{row['tests']} tests about that far ahead {ran}")
    if row["won_by"] is not None and row["won_by"] > 0:
        said.append(f"error of the whole forecast {row['won_by']:.0%} below that of the best plain rule")
    elif row["won_by"] is not None:
        said.append(f"a plain rule would have forecast {-row['won_by']:.0%} better")
    return ["; ".join(said)] if said else []


def _warnings(answer: Summary) -> list[str]:
    """Return the serious warnings in full, and how many more there are."""
    pooled = "pooled" in answer.get("models", ())  # then a note says already that there is too little
    told = [row for row in answer.get("warnings", []) if row["kind"] != "too few" or not pooled]
    serious = [row["words"] for row in told if row["serious"]]
    rest = len(told) - len(serious)
    more = (
        [f"{_counted(rest, 'more warning' if serious else 'warning')} on the forecast: see the report"] if rest else []
    )
    return [*serious, *more]


def _truth(answer: Summary) -> str:
    truth = answer.get("truth")
    if not truth:
        return ""
    came, holds = truth["contribution"]["truth"], truth["interval"]["holds"]
    return f"Truth       {money(came)} (simulated): {'inside' if holds else 'outside'} the interval"


def _stop(answer: Summary) -> str:
    stop = answer["stop"]
    if stop is None:
        return "Keep, stop  give --contact-cost to learn whom to stop contacting"
    whom, saved = _counted(stop["customers"], "customer"), money(stop["saves"])
    return f"Stop        contacting {whom}: that saves {saved} in 12 months (assumed effect)"


def mappings(answer: Summary) -> str:
    """Return which column was read as what, one line a file."""
    lines = []
    for file in answer["files"]:
        chosen = ", ".join(f"{column} = {field}" for field, column in (file.get("mapping") or {}).items())
        lines.append(f"  {file['name']}  read as {file['format']}" + (f": {chosen}" if chosen else ""))
    return "\n".join(["Columns (--map column=field changes one):", *lines]) if lines else ""


def run(one: Summary) -> str:
    """Return one line on a finished run."""
    mark = "*" if one.get("current") else " "
    return f"{mark} {one['run']}  as of {one['as_of']}  {_counted(one['customers'], 'customer')}  {one['engine']}"


def file(found: Summary) -> str:
    """Return what `keepwell check` found in one file."""
    shape = ", ".join(part for part in (found["kind"], found["encoding"], _named(found["delimiter"])) if part)
    rows = _counted(found["rows"], "row")
    lines = [f"{found['name']}: {rows} ({shape}), read as {found['format']} ({found['role']})"]
    chosen = {column: field for field, column in found["mapping"].items()}
    lines += [
        f"  {column:<24} {'-> ' + chosen[column] if column in chosen else '(not used)'}" for column in found["header"]
    ]
    if "facts" in found:
        lines += [
            f"  {_counted(found['facts'], 'row')} can be used, {found['quarantined']:,} in quarantine",
            f"  money {money(found['money'])}, {_days(found)},"
            f" {_counted(found['customers'], 'customer')}, {_counted(found['nobody'], 'row')} without a customer",
        ]
        reasons = list(found["reasons"].items())
        lines += [f"  ! {rows:,} x {reason}" for reason, rows in reasons[:SHOWN]]
        lines += [f"  ! and {len(reasons) - SHOWN:,} more reasons: see --json"] if len(reasons) > SHOWN else []
        lines += [f"    line {e['line']}, {e['column'] or 'whole line'}: {e['value']!r}" for e in found["examples"]]
    lines += [f"  note: {note}" for note in found["notes"]]
    return "\n".join(lines)


def _days(found: Summary) -> str:
    return f"{found['first']} to {found['last']}" if found["first"] else "no day"


def _named(delimiter: str) -> str:
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "white space"}
    return f"{names.get(delimiter, delimiter)}-separated" if delimiter else ""
