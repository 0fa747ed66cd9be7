"""`keepwell costs` and `keepwell ledger`: what the cost model assigns, and what one customer earned when."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import get_args

import keepwell
from keepwell.cli.workflows import answered, workspace_meant
from keepwell.errors import ConfigError
from keepwell.shop.ledgers import By, cost_model, customer_ledger


def costs(workspace: Path | None, *, month: str, json: bool) -> None:
    """Tell the cost model, what it assigns and what it leaves unused."""
    shop = keepwell.open(workspace_meant(workspace, ()))
    wanted = _month(month) if month else None
    with shop.reading(None, "costs", "unassigned") as (tables, engine):
        found = cost_model(tables, engine, month=wanted)
    answered(found.to_dict(), found.text(), json=json)


def ledger(customer: str, workspace: Path | None, *, by: str, json: bool) -> None:
    """Tell one customer's profit and loss by period."""
    periods: dict[str, By] = {name: name for name in get_args(By)}
    if by not in periods:
        raise ConfigError(f"{by!r} is no period", "--by", f"There are: {', '.join(periods)}.")
    shop = keepwell.open(workspace_meant(workspace, ()))
    with shop.reading(None, "ledger", "customers") as (tables, engine):
        found = customer_ledger(customer, tables, engine, by=periods[by])
    answered(found.to_dict(), found.text(), json=json)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise ConfigError(f"{text!r} is no month", "--month", "Write it as 2025-03.") from error
