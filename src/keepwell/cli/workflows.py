"""What each command does: open the shop, call it, say the answer. Results go to stdout, talk to stderr."""

from __future__ import annotations

import json as json_text
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keepwell
from keepwell.cli import words
from keepwell.errors import ConfigError, WorkspaceError
from keepwell.progress import Tell
from keepwell.shop import Shop

Options = dict[str, Any]


def run(
    files: Sequence[Path], workspace: Path | None, options: Options, *, accept: bool, show: bool, json: bool
) -> None:
    """Run the loop, write the report, say what came out."""
    shop = keepwell.open(workspace_meant(workspace, files), create=bool(files))
    _warn_of_compiling(quiet=json)
    with talk(quiet=json) as tell:
        answer = shop.run(*files, tell=tell, accept=accept, **options)
        answer["report"] = str(_report(shop, answer, None, tell))
    _said(answer, json=json)
    if show:
        _shown(Path(answer["report"]))


def check(files: Sequence[Path], options: Options, *, json: bool) -> None:
    """Describe files; change nothing."""
    from keepwell.shop import check_all

    with talk(quiet=json) as tell:
        found = check_all(files, tell=tell, **options)
    answered({"files": found}, "\n\n".join(words.file(description) for description in found), json=json)


def explain(customer: str, workspace: Path | None, *, json: bool) -> None:
    """Explain one customer."""
    explanation = keepwell.open(workspace_meant(workspace, ())).explain(customer)
    answered(explanation.to_dict(), explanation.text(), json=json)


def export(table: str, to: Path, workspace: Path | None, *, json: bool) -> None:
    """Write a table of the current run to a file."""
    rows = keepwell.open(workspace_meant(workspace, ())).export(table, to)
    answered({"table": table, "rows": rows, "to": str(to)}, f"{rows:,} rows of {table} in {to}", json=json)


def runs(workspace: Path | None, *, json: bool) -> None:
    """List the runs."""
    found = keepwell.open(workspace_meant(workspace, ())).runs()
    lines = [words.run(one) for one in found]
    answered({"runs": found}, "\n".join(lines) or "No run yet: `keepwell run FILES` makes one.", json=json)


def report(workspace: Path | None, to: Path | None, *, show: bool, json: bool) -> None:
    """Write the report of the current run again."""
    if to is not None:
        from keepwell.shop.export import check_place

        check_place(to)
    shop = keepwell.open(workspace_meant(workspace, ()))
    with talk(quiet=json) as tell:
        path = _report(shop, shop.summary(), to, tell)
    answered({"report": str(path)}, str(path), json=json)
    if show:
        _shown(path)


def init(workspace: Path | None, *, json: bool) -> None:
    """Write a commented keepwell.toml."""
    path = keepwell.open(workspace_meant(workspace, (), fallback=Path("shop.keepwell")), create=True).init()
    answered({"settings": str(path)}, f"{path}: change what you know better, then run again.", json=json)


def demo(to: Path, *, customers: int, world: str, seed: int, options: Options, show: bool, json: bool) -> None:
    """Simulate a shop, run the loop on it, compare the forecast with the truth, open the report."""
    from keepwell.cli import demonstration

    _warn_of_compiling(quiet=json)
    with talk(quiet=json) as tell:
        shop, answer = demonstration.played(to, customers=customers, world=world, seed=seed, options=options, tell=tell)
        answer["report"] = str(_report(shop, answer, None, tell))
    _said(answer, json=json)
    if show:
        _shown(Path(answer["report"]))


def mapping(pairs: Sequence[str]) -> dict[str, str]:
    """Read `--map column=field` options.

    Raises:
        ConfigError: One has no equals sign.
    """
    columns = {}
    for pair in pairs:
        column, sign, field = pair.rpartition("=")
        if not (sign and column and field):
            raise ConfigError(f"{pair!r} is not column=field", "--map", "For example: --map 'Cust No=customer_id'.")
        columns[column] = field
    return columns


def workspace_meant(given: Path | None, files: Sequence[Path], fallback: Path | None = None) -> Path:
    """Return the workspace meant: the one given, the first file's, or the only one here."""
    if given is not None:
        return given
    if files:
        return Path(Path(files[0].name.removesuffix(".gz")).stem + ".keepwell")
    if Path("workspace.json").is_file():
        return Path()
    here = sorted(path.parent for path in Path().glob("*.keepwell/workspace.json"))
    if len(here) == 1:
        return here[0]
    if not here and fallback is not None:
        return fallback
    if not here:
        mend = "Make one with `keepwell run FILES`, or name one with --workspace."
        raise WorkspaceError("there is no workspace in this folder", str(Path.cwd()), mend)
    names = ", ".join(map(str, here))
    raise WorkspaceError("there are several workspaces in this folder", names, "Name one with --workspace.")


def _report(shop: Shop, answer: dict[str, Any], to: Path | None, tell: Tell) -> Path:
    from keepwell.report import written

    tell("report: drawing")
    path = to or shop.folder / "reports" / f"{answer['run']}.html"
    with shop.reading(answer["run"]) as (tables, engine):
        return written(tables, answer, shop.settings_of(answer["run"]), engine, path)


def _shown(path: Path) -> None:
    """Open the report; where there is no display, that is no error."""
    import webbrowser

    # Without a display, Linux would open a text browser in the middle of the terminal.
    headless = sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if headless or not webbrowser.open(path.absolute().as_uri()):
        sys.stderr.write(f"No display: open {path} in a browser.\n")


def _said(answer: dict[str, Any], *, json: bool) -> None:
    if not json:
        for part in (words.mappings(answer), words.assumptions(answer)):
            sys.stderr.write(part + "\n\n" if part else "")
    answered(answer, words.summary(answer), json=json)


def answered(value: object, text: str, *, json: bool) -> None:
    """Write an answer to stdout: as words, or as one JSON object."""
    """Write an answer to stdout, as words or as one JSON object."""
    sys.stdout.write((json_text.dumps(value, default=str) if json else text) + "\n")


@contextmanager
def talk(*, quiet: bool) -> Iterator[Tell]:
    """Show what long work is doing, on a terminal's stderr; elsewhere say each step on a line of its own."""
    if quiet:
        yield lambda _: None
        return
    if not sys.stderr.isatty():
        yield lambda text: (sys.stderr.write(text + "\n"), None)[1]
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(bar_width=20), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda text: progress.update(task, description=text)


def _warn_of_compiling(*, quiet: bool) -> None:
    """Say why the first run is slow: the models are compiled for this machine once."""
    models = Path(keepwell.__file__).parent / "models"
    if not quiet and not any(models.glob("**/*.nbi")):
        sys.stderr.write("First run here: the models are compiled for this machine, once, in about ten seconds.\n")
