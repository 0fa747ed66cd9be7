"""Results into results.json, accuracy.json and the tables of docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
PACKAGES = ("numpy", "numba", "scipy", "duckdb", "ibis-framework", "pyarrow")


def speed(line: dict[str, Any], notes: list[str]) -> str:
    """Put one line in results.json, its table and notes on the page, and return it as text."""
    results = [one for one in _read("results.json") if one["name"] != line["name"]] + [line]
    _write("results.json", results)
    said = dict(_read("notes.json") or {}) | {line["name"]: notes}
    _write("notes.json", said)
    table = _table(results, ("name", "n", "ours_s", "ours_mb", "peer", "peer_s", "peer_mb", "ratio"))
    remarks = "\n".join(f"- `{name}`: {note}" for name, those in said.items() for note in those)
    _put("speed", f"{_machine()}\n\n{table}\n\n{remarks}")
    return _table([line], tuple(line)) + "\n" + "\n".join(notes)


def accuracy(name: str, rows: list[dict[str, Any]], notes: list[str]) -> str:
    """Put a table in accuracy.json and on the page, and return it as text."""
    _write("accuracy.json", dict(_read("accuracy.json") or {}) | {name: rows})
    text = _table(rows, tuple(rows[0])) + "\n\n" + "\n".join(f"- {note}" for note in notes)
    _put(name, text)
    return text


def _machine() -> str:
    """Name the machine and what ran on it."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Measured on {os.cpu_count()} cores of {cpu}, {memory:.0f} GB, {platform.system()}, last on "
        f"{date.today().isoformat()}, Python {platform.python_version()}, {packages}."
    )


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(row.get(name)) for name in columns) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def _put(marker: str, text: str) -> None:
    """Put text between the page's markers of that name."""
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _read(name: str) -> Any:
    path = HERE / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def _write(name: str, values: Any) -> None:
    (HERE / name).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
