"""Writes the reference pages that follow from the code: commands, settings, tables.

`--check` writes nothing and fails when a page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from pydantic import BaseModel

from keepwell.cli.main import app
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, MEASURES

HERE = Path(__file__).parent / "reference"


def commands() -> str:
    """Return the reference of the command line."""
    root = typer.main.get_command(app)
    parts = ["# Commands", "", "Every command has `--help`; every command that answers has `--json`.", ""]
    for name, command in _flat(root):
        parts += [f"## keepwell {name}", "", (command.help or "").strip(), ""]
        parts += ["| argument or option | meaning | default |", "|---|---|---|"]
        parts += [_row(parameter) for parameter in command.params if parameter.name != "help"]
        parts += [""]
    return "\n".join(parts).rstrip() + "\n"


def _flat(group: object) -> Iterator[tuple[str, object]]:
    """Yield every command with its name, those of a group after the group's name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from ((f"{name} {inner}", one) for inner, one in _flat(command))
        else:
            yield name, command


def _row(parameter: object) -> str:
    flags = ", ".join(f"`{flag}`" for flag in parameter.opts + parameter.secondary_opts)
    plain = parameter.default is None or parameter.default in (False, [], ())
    default = "" if plain or parameter.required else f"`{parameter.default}`"
    return f"| {flags} | {getattr(parameter, 'help', None) or ''} | {default} |"


def settings() -> str:
    """Return the reference of keepwell.toml."""
    intro = (
        "Every name of `keepwell.toml`, as `keepwell init` writes it. All have defaults; no file is needed to start."
    )
    parts = ["# Settings", "", intro, "", "| name | default | meaning |", "|---|---|---|"]
    parts += [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in _fields(Settings(), "")]
    return "\n".join(parts) + "\n"


def _fields(section: BaseModel, prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _fields(value, f"{prefix}{name}.")
        else:
            shown = "the built-in rules" if name == "rules" else f"`{value}`" if value not in (None, "", {}) else ""
            yield prefix + name, shown, field.description or ""


def tables() -> str:
    """Return the reference of the tables."""
    intro = (
        "Stages meet only in these tables, and `keepwell export NAME` writes any of them, with your own `customer_key` "
        "after each `customer_id`. Money is decimal(18,4) "
        "in the reporting currency, shares are 0 to 1, durations are days, a month is its first day."
    )
    parts = ["# Tables", "", intro, ""]
    for name, contract in CONTRACTS.items():
        parts += [f"## {name}", "", f"{contract.title}. One row per {', '.join(f'`{k}`' for k in contract.key)}.", ""]
        parts += ["| column | type | meaning |", "|---|---|---|"]
        parts += [f"| `{c}` | {v.dtype.lstrip('!')} | {v.meaning} |" for c, v in contract.columns.items()]
        parts += ["", *(f"Rule: {rule}." for rule in contract.rules)]
        parts += [""] if contract.rules else []
    parts += ["## Measures of the backtest", "", "| measure | meaning |", "|---|---|"]
    parts += [f"| `{name}` | {meaning} |" for name, meaning in MEASURES.items()]
    return "\n".join(parts) + "\n"


PAGES = {"commands.md": commands, "settings.md": settings, "tables.md": tables}


def main() -> int:
    """Write the pages, or with --check compare them; return the exit status."""
    HERE.mkdir(exist_ok=True)
    stale = [name for name, page in PAGES.items() if not _same(HERE / name, page())]
    if "--check" in sys.argv:
        for name in stale:
            sys.stderr.write(f"docs/reference/{name} is stale: run `make docs`\n")
        return 1 if stale else 0
    for name in stale:
        (HERE / name).write_text(PAGES[name](), encoding="utf-8")
    return 0


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
