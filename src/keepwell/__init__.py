"""Keepwell: what each customer is worth, how sure we are, whom to keep, and whether it paid.

    import keepwell

    shop = keepwell.open("orders.keepwell", create=True)
    shop.run("orders.csv", margin=0.35)
    shop.values("polars")

Nothing heavy is imported before it is used.
"""

from typing import TYPE_CHECKING, Any

from keepwell.version import __version__

if TYPE_CHECKING:
    from keepwell.errors import ConfigError, ConservationError, DataError, FitError, KeepwellError, WorkspaceError
    from keepwell.settings import Settings
    from keepwell.shop import Shop, check
    from keepwell.shop import open_shop as open  # noqa: A004 read as keepwell.open

__all__ = [
    "ConfigError",
    "ConservationError",
    "DataError",
    "FitError",
    "KeepwellError",
    "Settings",
    "Shop",
    "WorkspaceError",
    "__version__",
    "check",
    "open",
]

_SHOP = {"open": "open_shop", "Shop": "Shop", "check": "check"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    from importlib import import_module

    if name not in __all__:
        msg = f"module 'keepwell' has no attribute {name!r}"
        raise AttributeError(msg)
    if name in _SHOP:
        return getattr(import_module("keepwell.shop"), _SHOP[name])
    return getattr(import_module("keepwell.settings" if name == "Settings" else "keepwell.errors"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
