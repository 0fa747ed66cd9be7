"""The small language in which the cost model says how long work takes: '3 + 1.5 * lines + (6 if rush else 0)'.

It has numbers, texts in quotes, names, `+ - * /`, comparisons, `and or not`, `A if TEST else B`,
`country in ("DE", "AT")` and the functions below. Python reads it into a tree, every node of which must be one of
these; the tree becomes an Ibis expression, and nothing of it is ever run as Python.

Arithmetic is in float64, which both engines round alike. What is not known is null and makes the whole null:
division by nothing too. `known(weight, 2)` says what to take instead, of texts and truths too. Where that is not said,
an unknown country is '' and an unknown rush is none.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, Literal

import ibis

from keepwell.errors import ConfigError

Kind = Literal["number", "text", "truth"]
LONGEST = 500  # characters of a formula
MOST = 10**9  # the greatest number it may hold
FUNCTIONS: dict[str, int | None] = {"min": None, "max": None, "ceil": 1, "floor": 1, "abs": 1, "known": 2}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARED = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read and found good.

    `names` are those it uses; `needed` are the numbers without which its minutes are not known, in order.
    """

    text: str
    names: frozenset[str]
    tree: ast.expr
    needed: tuple[str, ...] = ()

    def of(self, values: Mapping[str, Any]) -> Any:
        """Return the formula as an Ibis float64 over `values`, one Ibis value a name."""
        return _value(self.tree, values)


def read(text: str, *, names: Mapping[str, Kind], where: str) -> Formula:
    """Read a formula.

    Args:
        text: As it stands in the settings.
        names: What it may name, and what kind of value each is.
        where: Whose formula it is, for the error.

    Raises:
        ConfigError: It is none; names what is wrong and what there is.
    """
    reader = _Reader(text, names, where)
    tree = reader.tree()
    if (kind := reader.kind(tree)) != "number":
        raise reader.wrong(f"it gives a {kind} and no number of minutes")
    used = frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name)) & set(names)
    return Formula(text, used, tree, tuple(sorted(name for name in _bare(tree) if names.get(name) == "number")))


def _bare(node: ast.AST) -> set[str]:
    """Return the names for which no `known` says what to take where they are not known."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Call):
        filled = isinstance(node.func, ast.Name) and node.func.id == "known" and isinstance(node.args[0], ast.Name)
        parts: list[ast.AST] = [*node.args[1:]] if filled else [*node.args]
    else:
        parts = list(ast.iter_child_nodes(node))
    return {name for part in parts for name in _bare(part)}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Tells the kind of each node, and refuses the nodes that the language does not have."""

    text: str
    names: Mapping[str, Kind]
    where: str

    def tree(self) -> ast.expr:
        if len(self.text) > LONGEST:
            raise self.wrong(f"it has {len(self.text):,} characters, more than {LONGEST}")
        try:
            return ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            at = f" near character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
            raise self.wrong(f"it cannot be read{at}") from error

    def wrong(self, why: str) -> ConfigError:
        there = f"Names: {', '.join(self.names)}. Functions: {', '.join(FUNCTIONS)}. "
        there += "Signs: + - * / == != < <= > >= in, and, or, not, A if TEST else B."
        return ConfigError(f"the minutes {self.text[:80]!r} are no formula: {why}", self.where, there)

    def kind(self, node: ast.expr) -> Kind:
        told = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.BinOp: self._arithmetic,
            ast.UnaryOp: self._signed,
            ast.BoolOp: self._joined,
            ast.Compare: self._compared,
            ast.IfExp: self._either,
            ast.Call: self._called,
        }
        if type(node) not in told:
            raise self.wrong(f"{ast.unparse(node)!r} is not in the language")
        return told[type(node)](node)

    def _constant(self, node: Any) -> Kind:
        kinds: dict[type, Kind] = {bool: "truth", int: "number", float: "number", str: "text"}
        kind = kinds.get(type(node.value))
        if kind is None:
            raise self.wrong(f"{ast.unparse(node)!r} is not in the language")
        if kind == "number" and not node.value <= MOST:
            raise self.wrong(f"a number is greater than {MOST:,}")
        return kind

    def _name(self, node: Any) -> Kind:
        if node.id not in self.names:
            raise self.wrong(f"there is no name {node.id!r}")
        return self.names[node.id]

    def _arithmetic(self, node: Any) -> Kind:
        if type(node.op) not in _ARITHMETIC:
            raise self.wrong(f"{ast.unparse(node)!r} is not in the language")
        return self._all(node, (node.left, node.right), "number")

    def _signed(self, node: Any) -> Kind:
        if isinstance(node.op, ast.Not):
            return self._all(node, (node.operand,), "truth")
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise self.wrong(f"{ast.unparse(node)!r} is not in the language")
        return self._all(node, (node.operand,), "number")

    def _joined(self, node: Any) -> Kind:
        return self._all(node, node.values, "truth")

    def _compared(self, node: Any) -> Kind:
        left = self.kind(node.left)
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, (ast.In, ast.NotIn)):
                if not isinstance(right, (ast.Tuple, ast.List)) or not right.elts:
                    raise self.wrong(f"after 'in' stands {ast.unparse(right)!r} and no list such as ('DE', 'AT')")
                self._all(node, right.elts, left)
            elif type(op) not in _COMPARED:
                raise self.wrong(f"{ast.unparse(node)!r} is not in the language")
            else:
                self._all(node, (right,), left)
                if left != "number" and not isinstance(op, (ast.Eq, ast.NotEq)):
                    raise self.wrong(f"{ast.unparse(node)!r} asks which {left} is greater")
        return "truth"

    def _either(self, node: Any) -> Kind:
        self._all(node, (node.test,), "truth")
        kind = self.kind(node.body)
        return self._all(node, (node.orelse,), kind)

    def _called(self, node: Any) -> Kind:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if name not in FUNCTIONS or node.keywords:
            raise self.wrong(f"there is no function {name!r}")
        wanted = FUNCTIONS[name]
        if not node.args or (wanted is not None and len(node.args) != wanted):
            raise self.wrong(f"{name} takes {wanted or 'at least 1'} and has {len(node.args)} values")
        return self._all(node, node.args, self.kind(node.args[0]) if name == "known" else "number")

    def _all(self, whole: ast.expr, parts: Any, kind: Kind) -> Kind:
        for part in parts:
            if (found := self.kind(part)) != kind:
                raise self.wrong(f"in {ast.unparse(whole)!r}, {ast.unparse(part)!r} is a {found} and no {kind}")
        return kind


def _value(node: Any, values: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911 one case a kind of node
    """Return a node that `_Reader` found good as an Ibis value."""

    def of(part: ast.expr) -> Any:
        return _value(part, values)

    match node:
        case ast.Constant(value=bool() | str() as plain):
            return ibis.literal(plain)
        case ast.Constant():
            return ibis.literal(node.value, "float64")
        case ast.Name(id=name):
            return _filled(values[name])
        case ast.BinOp(left=left, op=op, right=right):
            return _sum(of(left), of(right), _ARITHMETIC[type(op)])
        case ast.UnaryOp(op=op, operand=part):
            return _sign(of(part), op)
        case ast.BoolOp(op=op, values=parts):
            return reduce(and_ if isinstance(op, ast.And) else or_, [of(part) for part in parts])
        case ast.Compare(left=left, ops=ops, comparators=parts):
            sides = [left, *parts]
            return reduce(and_, [_test(of(a), op, b, of) for a, op, b in zip(sides, ops, parts, strict=False)])
        case ast.IfExp(test=test, body=body, orelse=other):
            asked = of(test)
            chosen = of(body)  # no `isnull` of a test: `NOT x IS NULL` would be read as NOT (x IS NULL)
            return ibis.cases((asked, chosen), (~asked, of(other)), else_=ibis.null(chosen.type()))
        case ast.Call(func=ast.Name(id="known"), args=[ast.Name(id=name), instead]):
            value = values[name]
            told = value.nullif("") if value.type().is_string() else value
            return ibis.coalesce(told.cast("float64") if told.type().is_numeric() else told, of(instead))
        case _:
            return _called(node.func.id, [of(part) for part in node.args])


def _filled(value: Any) -> Any:
    if value.type().is_string():
        return value.fill_null("")
    return value.fill_null(ibis.literal(value=False)) if value.type().is_boolean() else value.cast("float64")


def _sum(left: Any, right: Any, sign: str) -> Any:
    if sign == "/":  # Spark stops at a division by 0 where DuckDB answers infinity
        return left / right.nullif(0.0)
    return {"+": left + right, "-": left - right, "*": left * right}[sign]


def _sign(value: Any, op: Any) -> Any:
    if isinstance(op, ast.Not):
        return ~value
    return -value if isinstance(op, ast.USub) else value


def _test(left: Any, op: Any, right: Any, of: Any) -> Any:
    if isinstance(op, (ast.In, ast.NotIn)):
        among = reduce(or_, [left == of(part) for part in right.elts])
        return ~among if isinstance(op, ast.NotIn) else among
    other = of(right)
    answers = {
        "==": left == other,
        "!=": left != other,
        "<": left < other,
        "<=": left <= other,
        ">": left > other,
        ">=": left >= other,
    }
    return answers[_COMPARED[type(op)]]


def _called(name: str, parts: list[Any]) -> Any:
    if name in ("min", "max"):
        chosen = (ibis.least if name == "min" else ibis.greatest)(*parts)
        unknown = reduce(or_, [part.isnull() for part in parts])  # both engines would pass over nulls
        return unknown.ifelse(ibis.null("float64"), chosen)
    if name == "known":
        return ibis.coalesce(*parts)
    one = parts[0]
    return {"ceil": one.ceil, "floor": one.floor, "abs": one.abs}[name]().cast("float64")
