"""A fit back from the JSON file that it was saved to."""

from __future__ import annotations

import json
import math
from importlib import import_module
from pathlib import Path
from typing import Any

from keepwell.errors import DataError
from keepwell.lab.families import build
from keepwell.lab.files import FORMAT, PLAIN
from keepwell.lab.purchases import PurchaseFit
from keepwell.lab.spending import SpendFit
from keepwell.lab.staying import StayFit
from keepwell.models.shapes import Fit
from keepwell.version import __version__

KINDS: dict[str, Any] = {"purchases": PurchaseFit, "staying": StayFit, "spend": SpendFit}


def load(path: str | Path) -> Any:
    """Read a fit that `save` wrote.

    Raises:
        DataError: The file is not there, is no fit, was written by a later version, or is damaged.
    """
    content = _content(Path(path))
    try:
        model, kind = content["model"], KINDS[content["kind"]]
        module = import_module(f"keepwell.models.{model}") if str(model).isidentifier() else None
        params = build(module)(**content["params"])
        fit = Fit(
            params=params,
            sd={name: _number(value) for name, value in content["sd"].items()},
            log_covariance=tuple(tuple(_number(v) for v in row) for row in content["log_covariance"]),
            **{name: _number(content[name]) for name in PLAIN},
        )
        return kind(model=model, fit=fit, steps=float(content["steps"]))
    except (KeyError, TypeError, ValueError, AttributeError, ImportError) as error:
        problem = f"the fit in this file is damaged ({error!s:.80})"
        raise DataError(problem, str(path), "Save it again with this version of Keepwell.") from error


def _content(path: Path) -> dict[str, Any]:
    again = "Give a file that `.save(path)` of a fit wrote."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError("there is no such file", str(path), again) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError("this is no saved fit: it is no JSON", str(path), again) from error
    if not isinstance(content, dict) or "keepwell_fit" not in content:
        raise DataError("this JSON is no saved fit", str(path), again)
    if content["keepwell_fit"] != FORMAT:
        by = f"this fit was saved by Keepwell {content.get('keepwell', 'of another version')}, in another format"
        raise DataError(by, str(path), f"This is Keepwell {__version__}: use that version, or fit again.")
    return content


def _number(value: Any) -> Any:
    return math.nan if value is None else value
