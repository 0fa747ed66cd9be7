"""Which sales lines are no product, and where their money goes.

A rule names lines by the shape of their code or by the words of their text. Rules are tried in the order of the
settings and the first that matches decides, so a narrow rule goes before a wide one. The rules run on the distinct
pairs of code and text, not on the lines: a shop has millions of lines and thousands of pairs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.errors import ConfigError
from keepwell.settings import LineRule, Settings
from keepwell.tables import checked, total, trimmed

GIFT_CARD = "gift card"  # the rule whose lines are money owed, as `facts.gift_cards` has it
# RE2 and Java's engine read these apart, or one of them not at all.
_UNLIKE = re.compile(r"\(\?(?!:)|\\[1-9kpPQEGZRXhHvV]|[*+?}]\+|\[[^\]]*&&")


def rules_of(settings: Settings) -> tuple[LineRule, ...]:
    """Return the rules that count: where a gift card is a sale, none catches it."""
    gone = {GIFT_CARD} if settings.facts.gift_cards == "sale" else set()
    return tuple(rule for rule in settings.lines.rules if rule.name not in gone)


def pairs(lines: ir.Table) -> ir.Table:
    """Return the distinct `code` and `text` of order lines; a missing one is empty."""
    return lines.select(code=lines.product_id.fill_null(""), text=lines.description.fill_null("")).distinct()


def caught(pairs: ir.Table, rules: Sequence[LineRule]) -> ir.Table:
    """Return the pairs that a rule catches, with its name (`rule`) and its `ledger_line`.

    Raises:
        ConfigError: A pattern is no regular expression, or not one that every engine reads alike.
    """
    if not rules:
        return pairs.mutate(rule=ibis.literal(""), ledger_line=ibis.literal("")).filter(ibis.literal(value=False))
    numbered = pairs.mutate(number=ibis.cases(*((_matches(pairs, rule), i) for i, rule in enumerate(rules)), else_=-1))
    of = numbered.number
    return numbered.filter(of >= 0).select(
        "code",
        "text",
        rule=ibis.cases(*((of == i, rule.name) for i, rule in enumerate(rules))),
        ledger_line=ibis.cases(*((of == i, rule.ledger) for i, rule in enumerate(rules))),
    )


def ruled(lines: ir.Table, caught: ir.Table) -> ir.Table:
    """Return the lines with `rule`, `ledger_line` (null where no rule caught them) and `product` (boolean)."""
    keyed = lines.mutate(code=lines.product_id.fill_null(""), text=lines.description.fill_null(""))
    joined = keyed.left_join(caught, ["code", "text"]).drop("code", "text", "code_right", "text_right")
    return joined.mutate(product=joined.ledger_line.isnull() | (joined.ledger_line == "gross"))


def line_rules(ruled: ir.Table) -> ir.Table:
    """Return what the rules caught, one row per rule, code and text: the table `line_rules`."""
    hits = ruled.filter(ruled.rule.notnull())
    by = hits.group_by("rule", "ledger_line", "product_id", "description")
    return checked("line_rules", by.aggregate(lines=hits.count(), money=total((hits.gross - hits.refund).sum())))


def _matches(pairs: ir.Table, rule: LineRule) -> Any:
    tests = []
    if rule.product_id:
        tests.append(_found(pairs.code, rf"\A(?:{_checked(rule.product_id, rule)})\z"))
    if rule.words:
        tests.append(_found(pairs.text, _checked(rule.words, rule)))
    return reduce(and_, tests)


def _found(text: Any, pattern: str) -> Any:
    # Java's (?i) knows ASCII only and RE2's knows all letters: so the rest is lowered on both sides beforehand.
    lowered = "".join(c if c.isascii() else c.lower() for c in pattern)
    return trimmed(text).lower().re_search("(?i)" + lowered)


def _checked(pattern: str, rule: LineRule) -> str:
    where = f"line rule {rule.name!r}"
    try:
        re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"{pattern!r} is no regular expression: {error}", where, "Mend the pattern.") from error
    if unlike := _UNLIKE.search(pattern):
        mend = "Use letters, classes, groups, |, *, + and ? only; the other rules may do the rest."
        raise ConfigError(f"{pattern!r} holds {unlike.group()!r}, which engines read differently", where, mend)
    return pattern
