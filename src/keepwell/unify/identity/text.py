"""Text made comparable: small letters without accents, by functions that DuckDB and Spark have alike."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from keepwell.tables import trimmed

_WHOLE = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
_LETTERS = "àáâãäåāăąçćčďđèéêëēėęěğìíîïīįıķłľļñńňņòóôõöőøōřśšşșťţțùúûüűūůųýÿžźż"
_PLAIN = "".join({"đ": "d", "ı": "i", "ł": "l", "ø": "o"}.get(c, unicodedata.normalize("NFD", c)[0]) for c in _LETTERS)
_SIGNS = '\t\n\r\u00a0!"#$%&()*+,-/:;<=>?@[\\]^_{|}~'  # become blanks
_DROPPED = "'’`´.\u0300\u0301\u0302\u0303\u0308\u030a\u0327"  # marks over letters that stand by themselves, too
_FROM = _LETTERS + _SIGNS + _DROPPED
_TO = _PLAIN + " " * len(_SIGNS)  # what has no counterpart is dropped


def folded(value: Any) -> Any:
    """Return an Ibis text in small letters without accents and signs, one blank between words; null where empty.

    Letters of other scripts than the Latin stay.
    """
    small = value.lower()
    text = small.translate(_FROM, _TO)
    for letter, plain in _WHOLE.items():
        text = text.replace(letter, plain)
    text = text.replace("    ", " ").replace("  ", " ").replace("  ", " ")
    # Most texts are plain already, and to see that costs a tenth of translating them.
    return small.re_search("^[a-z0-9]+( [a-z0-9]+)*$").ifelse(small, trimmed(text)).nullif("")


def folded_text(text: str) -> str:
    """Return one text as `folded` would have it.

    >>> folded_text("  Jürgen-Peter O'Neill ")
    'jurgen peter oneill'
    """
    table: dict[str | int, str | int | None] = {
        **dict(zip(_LETTERS, _PLAIN, strict=True)),
        **dict.fromkeys(_SIGNS, " "),
        **dict.fromkeys(_DROPPED, ""),
    }
    small = text.lower().translate(str.maketrans(table))
    for letter, plain in _WHOLE.items():
        small = small.replace(letter, plain)
    return re.sub(" +", " ", small).strip()
