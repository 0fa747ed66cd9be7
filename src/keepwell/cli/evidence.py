"""A pair of records in the terminal: side by side, and the evidence as a waterfall of text bars."""

from __future__ import annotations

from collections.abc import Sequence

from keepwell.shop.identities import COMPARED, Pair, Step, held_back

WIDTH = 30  # characters of the bars
_SIDE, _WHAT = 34, 12  # characters of a record's column, and of a name
_FULL = "\N{FULL BLOCK}"
_AGAINST = "\N{MEDIUM SHADE}"


def pair_words(pair: Pair) -> str:
    """Return a pair in words: its name, both records, what was weighed, and how sure it is."""
    sure = f"one person by {pair.kind}" if pair.probability is None else f"{_sure(pair.probability)} one person"
    held = held_back(pair)
    word = (f"; {held}" if held else "") + (f"; your word: {pair.word}" if pair.word else "")
    return "\n".join([f"{pair.id}  {pair.state}, {sure}{word}", *_beside(pair), *waterfall(pair.evidence)])


def _sure(probability: float) -> str:
    """Return a chance as a percentage, which is never quite 100."""
    return ">99.9%" if probability > 0.999 else f"{probability:.1%}"


def _beside(pair: Pair) -> list[str]:
    lines = []
    for name in (*COMPARED, "source", "seen"):
        left, right = (_cut(side.get(name)) for side in (pair.left, pair.right))
        if left or right:
            same = " " if left == right else "|"
            lines.append(f"  {name:<{_WHAT}}{left:<{_SIDE}}{same} {right}".rstrip())
    return lines


def _cut(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) < _SIDE else text[: _SIDE - 4] + "..."


def waterfall(steps: Sequence[Step]) -> list[str]:
    """Return one line a step: its bits and a bar from the sum before it to the sum after it, and the whole below.

    >>> for line in waterfall([Step("prior", "", "", -10.0), Step("name", "Ann", "Ann", 15.0)]): print(line)
      prior         -10.0  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
      name          +15.0  ██████████████████████████████
      in all         +5.0                      ██████████
    """
    if not steps:
        return []
    levels, level = [0.0], 0.0
    for step in steps:
        level += step.bits
        levels.append(level)
    low, high = min(levels), max(levels)
    scale = WIDTH / (high - low) if high > low else 0.0

    def line(what: str, bits: float, start: float, end: float) -> str:
        first, last = (round((edge - low) * scale) for edge in (min(start, end), max(start, end)))
        bar = " " * first + (_FULL if bits >= 0 else _AGAINST) * (last - first)
        return f"  {what:<{_WHAT}}{bits:>+7.1f}  {bar}".rstrip()

    told = [line(step.what, step.bits, levels[i], levels[i + 1]) for i, step in enumerate(steps)]
    return [*told, line("in all", level, 0.0, level)]
