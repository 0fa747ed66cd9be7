"""`keepwell costs` and `keepwell ledger`: what the cost model assigns, and what one customer earned when."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import get_args

import keepwell
from keepwell.cli.workflows import answered, workspace_meant
from keepwell.errors import ConfigError
from keepwell.shop.ledgers import By


def costs(workspace: Path | None, *, month: str, json: bool) -> None:
    """Tell the cost model, what it assigns and what it leaves unused."""
    shop = keepwell.open(workspace_meant(workspace, ()))
    wanted = _month(month) if month else None
    found = shop.costs(wanted)
    answered(found.to_dict(), found.text(), json=json)


def ledger(customer: str, workspace: Path | None, *, by: str, json: bool) -> None:
    """Tell one customer's profit and loss by period."""
    periods: dict[str, By] = {name: name for name in get_args(By)}
    if by not in periods:
        raise ConfigError(f"{by!r} is no period", "--by", f"There are: {', '.join(periods)}.")
    shop = keepwell.open(workspace_meant(workspace, ()))
    found = shop.ledger_of(customer, by=periods[by])
    answered(found.to_dict(), found.text(), json=json)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise ConfigError(f"{text!r} is no month", "--month", "Write it as 2025-03.") from error
