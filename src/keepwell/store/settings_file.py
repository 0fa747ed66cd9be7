"""A commented keepwell.toml: every setting with its meaning and default, all of it switched off.

Defaults stand behind a '#', so that a newer Keepwell's better default is not held back by a file nobody edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel

from keepwell.errors import ConfigError
from keepwell.settings import LineRule, Settings
from keepwell.store.files import replaced

_EXAMPLES: dict[str, Any] = {"cost": 0.8, "as_of": date(2025, 12, 31), "known_by": date(2026, 1, 15)}
_HEAD = """\
# Settings of this workspace. Remove the '#' before a name to change its value; what stays behind a '#' is the
# default. `keepwell run` prints what it assumed, and options on the command line go before this file.
"""
_MADE = """\
# Settings that came with a simulated shop; they are written anew with it. Take this line away to keep your changes.
# `keepwell init` in another folder writes every setting there is with its meaning.

"""


def write_settings(path: Path) -> None:
    """Write the commented file.

    Raises:
        ConfigError: The file is there already; it may hold the user's work.
    """
    if path.exists():
        raise ConfigError("keepwell.toml is there already", str(path), "Edit it, or delete it to get a new one.")
    replaced(path, template(), what="keepwell.toml")


def write_values(path: Path, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a keepwell.toml of these values only, over one that was written so; leave any other as it is."""
    if not path.exists() or path.read_text(encoding="utf-8").startswith(_MADE):
        replaced(path, _MADE + tomlkit.dumps(values), what="keepwell.toml")


def template() -> str:
    """Return the commented file's text."""
    defaults = Settings()
    fields = Settings.model_fields
    parts = [_HEAD]
    parts += [_entry(name, getattr(defaults, name), fields[name].description) for name in ("as_of", "known_by")]
    for name in fields:
        section = getattr(defaults, name)
        if isinstance(section, BaseModel):
            parts.append(_section(name, section))
    return "\n".join(parts)


def _section(name: str, section: BaseModel) -> str:
    meaning = (type(section).__doc__ or "").strip()
    entries = []
    for field, info in type(section).model_fields.items():
        value = getattr(section, field)
        if isinstance(value, tuple) and value and isinstance(value[0], LineRule):
            entries.append(_rules(f"{name}.{field}", value, info.description))
        else:
            entries.append(_entry(field, value, info.description))
    return "\n".join([f"[{name}]", f"# {meaning}", "", *entries])


def _entry(name: str, value: Any, meaning: str | None) -> str:
    if value is None:
        return f"# {meaning} Not set; an example:\n#{name} = {_toml(_EXAMPLES[name])}\n"
    return f"# {meaning}\n#{name} = {_toml(value)}\n"


def _rules(name: str, rules: tuple[LineRule, ...], meaning: str | None) -> str:
    lines = [f"# {meaning} Rules given here replace all of these.", ""]
    for rule in rules:
        lines += [f"#[[{name}]]", *(f"#{field} = {_toml(value)}" for field, value in rule if value), ""]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """Return a plain value as TOML writes it."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        value = list(value)
    item = tomlkit.inline_table() if isinstance(value, dict) else tomlkit.item(value)
    return str(item.as_string())
