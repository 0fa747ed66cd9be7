"""`keepwell demo`: a shop whose truth is known, run like any other, and the forecast held against the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keepwell
from keepwell import simulate
from keepwell.progress import Tell
from keepwell.settings import OPTIONS
from keepwell.shop import Shop


def played(
    to: Path, *, customers: int, world: str, seed: int, options: dict[str, Any], tell: Tell
) -> tuple[Shop, dict[str, Any]]:
    """Write the shop's files to `to`, run them in `to`/shop.keepwell, and return the shop and the run's summary.

    The summary has one more entry, `truth`: what `simulate.compared` says.

    Raises:
        ConfigError: There is no such world.
    """
    scene = simulate.served(simulate.world(world))
    tell(f"simulate: {customers:,} customers of the world {scene.name!r}")
    made = simulate.simulated(scene, customers=customers, seed=seed)
    files = simulate.written(made, to)
    shop = keepwell.open(to / "shop.keepwell", create=True)
    owner = simulate.suggested(scene, customers=customers)
    shop.prepare(owner)
    answer = shop.run(*files, tell=tell, **{**_options(owner), **options})
    names = ("values", "equity", "customers")
    values, equity, known = (shop.table(name, run=answer["run"]) for name in names)
    answer["truth"] = simulate.compared(values, equity, made.truth, customers=known)
    return shop, answer


def _options(owner: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the owner's settings that have short names: those of an older keepwell.toml must not go before them."""
    paths = {name: path for name, path in OPTIONS.items() if len(path) > 1 and path[1] in owner.get(path[0], {})}
    return {name: owner[section][field] for name, (section, field) in paths.items()}
