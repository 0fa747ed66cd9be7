"""What `keepwell.open()` gives: a shop's workspace, to run and to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from keepwell import store
from keepwell.errors import ConfigError, WorkspaceError
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings, from_dict, from_toml, with_options
from keepwell.store import Run, Workspace
from keepwell.store.settings_file import write_settings

if TYPE_CHECKING:
    from keepwell.engine import Engine
    from keepwell.shop.explain import Explanation
    from keepwell.tables import Tables

As = Literal["arrow", "polars", "pandas"]


def open_shop(path: str | Path, *, create: bool = False) -> Shop:
    """Open the workspace at `path`.

    Args:
        path: The workspace's folder.
        create: Allow that there is none yet; it is made by the first `run`, `add` or `init`.

    Raises:
        WorkspaceError: There is none, it is damaged, or a newer Keepwell wrote it.
    """
    folder = Path(path).absolute()
    if not (create and not (folder / "workspace.json").exists()):
        Workspace.open(folder)
    return Shop(folder)


class Shop:
    """A workspace: `run` it, then read the tables of the run that is current.

    Everything is read from one run, the one that was current when the shop was opened or run last by this object.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._workspace: Workspace | None = None

    def __repr__(self) -> str:
        return f"keepwell.open({str(self.folder)!r})"

    @property
    def settings(self) -> Settings:
        """The defaults, with keepwell.toml of the workspace laid over them."""
        path = self.folder / "keepwell.toml"
        return from_toml(path) if path.is_file() else Settings()

    def run(self, *files: str | Path, tell: Tell = quiet, accept: bool = False, **options: object) -> dict[str, Any]:
        """Run the whole loop and return its summary, the object that `keepwell run --json` prints.

        Args:
            files: Exactly these files; none: all that was ever added.
            tell: Hears what is being done.
            accept: Let the run become current although many rows are in quarantine.
            options: Settings under their short names, as the command line has them: `margin=0.35`,
                `contact_cost=0.8`, `contacts_per_year=6`, `engine="spark"`, `as_of=date(2025, 12, 31)`; see
                `keepwell.settings.OPTIONS`.

        Raises:
            KeepwellError: Something is wrong; the last complete run stays current.
        """
        from keepwell import loop

        settings = with_options(self.settings, options)
        paths = [Path(file) for file in files] or None
        answer = loop.run(self.folder, files=paths, settings=settings, tell=tell, accept=accept)
        self._workspace = None
        return answer

    def add(self, *files: str | Path, tell: Tell = quiet, **options: object) -> list[dict[str, Any]]:
        """Add files to the inbox, all or none; return for each its `name`, `rows` and whether it is `new`.

        Raises:
            DataError: A file cannot be read; nothing was added.
        """
        from keepwell import loop

        before = {entry["digest"] for entry in store.entries(self.folder / "inbox")}
        settings = with_options(self.settings, options)
        raws = loop.add(self.folder, [Path(file) for file in files], settings=settings, tell=tell)
        return [{"name": raw.name, "rows": raw.rows + raw.bad_rows, "new": raw.digest not in before} for raw in raws]

    def init(self) -> Path:
        """Write a commented keepwell.toml with every setting, and return its path.

        Raises:
            ConfigError: There is one already.
        """
        workspace = Workspace.create(self.folder)
        write_settings(workspace.settings_file)
        return workspace.settings_file

    def runs(self) -> list[dict[str, Any]]:
        """Return what the finished runs are, the oldest first."""
        workspace = Workspace.open(self.folder)
        return [_in_short(run, current=run.id == workspace.current) for run in store.finished(workspace)]

    def summary(self, run: str | None = None) -> dict[str, Any]:
        """Return the summary of the current run, or of the one named."""
        summary: dict[str, Any] = self._run(run).manifest()["summary"]
        return summary

    def settings_of(self, run: str | None = None) -> Settings:
        """Return the settings that the current run, or the one named, was made with."""
        found = self._run(run)
        return from_dict(found.manifest()["settings"], where=str(found.folder / "run.json"))

    def tables(self, run: str | None = None) -> list[str]:
        """Return the names of the run's tables."""
        return self._run(run).tables()

    def table(self, name: str, as_: As = "arrow", *, run: str | None = None) -> Any:
        """Return a whole table, ordered by its key, as an Arrow, Polars or pandas table.

        Raises:
            DataError: There is no such table; names those there are.
            ConfigError: `as_` is none of the three, or its package is not installed.
        """
        from keepwell.engine import collected

        convert = _converter(as_)
        with self.reading(run, name) as (tables, engine):
            return convert(collected(engine, _ordered(name, tables)))

    def values(self, as_: As = "arrow") -> Any:
        """Return what each customer will earn us, per horizon."""
        return self.table("values", as_)

    def plan(self, as_: As = "arrow") -> Any:
        """Return the verdict per customer on the contact programme; empty without a contact cost."""
        return self.table("plan", as_)

    def ledger(self, as_: As = "arrow") -> Any:
        """Return profit and loss per customer and month."""
        return self.table("ledger", as_)

    def segments(self, as_: As = "arrow") -> Any:
        """Return the segments of each customer, one scheme a row."""
        return self.table("segments", as_)

    def customers(self, as_: As = "arrow") -> Any:
        """Return who the customers are."""
        return self.table("customers", as_)

    def equity(self, as_: As = "arrow") -> Any:
        """Return what all customers together will earn us, per horizon."""
        return self.table("equity", as_)

    def export(self, name: str, to: str | Path, *, run: str | None = None) -> int:
        """Write a table, ordered by its key, to a file by its ending, and return how many rows it has.

        Beside each `customer_id` stands the shop's own `customer_key`.

        Raises:
            DataError: There is no such table, or it has more rows than a worksheet.
            ConfigError: The ending is not .csv, .parquet or .xlsx.
        """
        from keepwell.shop.export import exported

        with self.reading(run, name, "customers") as (tables, engine):
            ordered = _ordered(name, _with_keys(name, tables))
            return exported(engine.rows(ordered), ordered.schema().to_pyarrow(), Path(to), title=name)

    def explain(self, customer: str | int, *, run: str | None = None) -> Explanation:
        """Explain one customer: history, profit and loss, value with its arithmetic, segments, verdict.

        Args:
            customer: Their id, the shop's own key for them, or their e-mail address.
            run: Another run than the current one.

        Raises:
            DataError: There is no such customer; names those like it.
        """
        from keepwell.shop.explain import explained

        with self.reading(run) as (tables, engine):
            return explained(str(customer), tables, self.settings_of(run), engine)

    @contextmanager
    def reading(self, run: str | None = None, *names: str) -> Iterator[tuple[Tables, Engine]]:
        """Give the tables of a run, or those named, and the engine to read them with, whichever engine wrote them.

        Raises:
            DataError: There is no such table; names those there are.
            WorkspaceError: An earlier version made the run, whose tables had other columns.
        """
        from keepwell.engine import opened
        from keepwell.tables import CONTRACTS

        found = self._run(run)
        paths = {name: found.path(name) for name in names or found.tables() if names or name in CONTRACTS}
        compute = self.settings_of(run).compute.model_copy(update={"engine": "duckdb"})
        engine = opened(compute)
        try:
            yield {name: _whole(name, engine.read(path), found) for name, path in paths.items()}, engine
        finally:
            engine.close()

    def _run(self, run: str | None) -> Run:
        if self._workspace is None:
            self._workspace = Workspace.open(self.folder)
        return store.find(self._workspace, run)


def _whole(name: str, table: Any, run: Run) -> Any:
    """Return a table with all columns that it has today."""
    from keepwell.tables import CONTRACTS, checked

    missing = [column for column in CONTRACTS[name].columns if column not in table.columns]
    if missing:
        problem = f"an earlier version of Keepwell made this run: its table {name!r} has no {missing[0]!r}"
        mend = "Run again: `keepwell run` without files uses all that was added."
        raise WorkspaceError(problem, str(run.folder), mend)
    return checked(name, table)


def _ordered(name: str, tables: Tables) -> Any:
    from keepwell.tables import CONTRACTS

    return tables[name].order_by(*CONTRACTS[name].key)


def _with_keys(name: str, tables: Tables) -> Tables:
    """Put the shop's own key after the id of a customer, where the table has the id alone."""
    table = tables[name]
    if "customer_id" not in table.columns or "customer_key" in table.columns:
        return tables
    who = tables["customers"].select(who="customer_id", customer_key="customer_key")
    at = table.columns.index("customer_id") + 1
    columns = [*table.columns[:at], "customer_key", *table.columns[at:]]
    return {**tables, name: table.left_join(who, table.customer_id == who.who).select(columns)}


def _in_short(run: Run, *, current: bool) -> dict[str, Any]:
    made = run.manifest()
    summary = made["summary"]
    return {
        "run": run.id,
        "current": current,
        "started": made["started"],
        "as_of": made["as_of"],
        "engine": made["engine"],
        "files": [file["name"] for file in made["inputs"]],
        "rows": summary["rows"],
        "customers": summary["customers"],
        "revenue": summary["revenue"],
        "contribution": summary["contribution"],
        "equity": summary["equity"],
    }


def _converter(as_: str) -> Any:
    """Return what turns an Arrow table into the kind of table asked for."""
    if as_ == "arrow":
        return lambda table: table
    if as_ not in ("polars", "pandas"):
        raise ConfigError(f"{as_!r} is no kind of table", "as_", "Say 'arrow', 'polars' or 'pandas'.")
    try:
        if as_ == "polars":
            import polars as pl

            return pl.from_arrow
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise ConfigError(f"{as_} is not installed", "as_", f"pip install 'keepwell[{as_}]'") from error
    return lambda table: table.to_pandas(types_mapper=pd.ArrowDtype)
