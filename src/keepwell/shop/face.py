"""What `keepwell.open()` gives: a shop's workspace, to run and to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from keepwell import store
from keepwell.errors import ConfigError, WorkspaceError
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings, from_dict, from_toml, with_options
from keepwell.store import Run, Workspace
from keepwell.store.settings_file import write_settings, write_values

if TYPE_CHECKING:
    from datetime import date

    from keepwell.engine import Engine
    from keepwell.shop.explain import Explanation
    from keepwell.shop.identities import Listing
    from keepwell.shop.ledgers import By, CostModel, CustomerLedger
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

    def add(
        self,
        *files: str | Path,
        table: Sequence[str] = (),
        cursor: str = "",
        key: Sequence[str] = (),
        mode: str | None = None,
        source: str = "",
        as_: str = "",
        tell: Tell = quiet,
        **options: Any,
    ) -> list[dict[str, Any]]:
        """Add files, or tables of databases, to the inbox, all or none; see docs/databases.md.

        Args:
            files: Files, and URLs of databases; none: what is new in every table that was added before.
            table: Tables or views to take from the databases.
            cursor: A column that only grows, so that the next time only what is new is taken.
            key: Columns that tell a row; else a table's primary key, or what the format says.
            mode: 'append'; 'replace': in place of all that came earlier of the same source and format or table;
                'correct': in place of the earlier rows with the same key. Files are appended where nothing is said,
                and tables as it fits their cursor and key.
            source: The name of where they come from; what has one name shares its customers' numbers.
            as_: Their format, where it is not to be found out.
            tell: Hears what is being done.
            options: How to read them, for these files alone: `columns={"Cust No": "customer_id"}`, `date_order`,
                `decimal`, `encoding`, `delimiter`, `timezone` and `currency` (where the rows name none).

        Returns:
            For each `name`, `rows`, whether it is `new`, its `source` and `mode`.

        Raises:
            DataError: A file or table cannot be read; nothing was added.
            ConfigError: What was said of them does not fit; nothing was added.
        """
        from keepwell.shop.adding import added

        tables, columns = _listed(table), _listed(key)
        said = {"tables": tables, "cursor": cursor, "key": columns, "mode": mode, "source": source, "as_": as_}
        return added(self.folder, files, self.settings, said, options, tell=tell)

    def inbox(self) -> list[dict[str, Any]]:
        """Return all that came in, the earliest first, with what was told of it and whether it `counts` today."""
        from keepwell import loop

        return loop.held(self.folder)

    def drop(self, *names: str, source: str = "", tell: Tell = quiet) -> list[dict[str, Any]]:
        """Take files or tables out of the inbox again; the runs that used them stay as they are.

        Args:
            names: Their names or digests, as `inbox` lists them.
            source: Only those of this source.
            tell: Hears whose turn it is.

        Raises:
            DataError: A name means nothing that counts; names what does.
        """
        from keepwell import loop

        return loop.take_out(self.folder, names, source=source, tell=tell)

    def init(self) -> Path:
        """Write a commented keepwell.toml with every setting, and return its path.

        Raises:
            ConfigError: There is one already.
        """
        workspace = Workspace.create(self.folder)
        write_settings(workspace.settings_file)
        return workspace.settings_file

    def prepare(self, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Write a keepwell.toml of these settings, unless there is one that somebody wrote."""
        write_values(Workspace.create(self.folder).settings_file, values)

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

    def costs(self, month: date | None = None, *, run: str | None = None) -> CostModel:
        """Return the cost model at work: what resources cost, who bears it, and what is unused.

        Args:
            month: The first day of the only month to look at; None sums all of them.
            run: Another run than the current one.
        """
        from keepwell.shop.ledgers import cost_model

        with self.reading(run, "costs", "unassigned") as (tables, engine):
            return cost_model(tables, engine, month=month)

    def ledger_of(self, customer: str | int, *, by: By = "month", run: str | None = None) -> CustomerLedger:
        """Return the profit and loss of one customer by 'month', 'quarter', 'year' or 'all'.

        Args:
            customer: Their id, the shop's own key for them, or their e-mail address.
            by: How long a period is.
            run: Another run than the current one.

        Raises:
            DataError: There is no such customer; names those like it.
            ConfigError: There is no such period.
        """
        from keepwell.shop.ledgers import By, customer_ledger

        if by not in get_args(By):
            raise ConfigError(f"{by!r} is no period", "by", f"There are: {', '.join(get_args(By))}.")
        with self.reading(run, "ledger", "customers", "people", "aliases") as (tables, engine):
            return customer_ledger(str(customer), tables, engine, by=by)

    def identities(self, state: str = "", *, limit: int = 0, run: str | None = None) -> Listing:
        """Return pairs of records that are, or may be, of one person, the likeliest first, with their evidence.

        Args:
            state: 'proposed', 'merged', 'refused' or 'never'; '' is all.
            limit: How many at most; 0: all.
            run: Another run than the current one.

        Raises:
            DataError: There is no such state.
        """
        from keepwell.shop.identities import pairs
        from keepwell.store.records import RecordBook

        decisions = RecordBook(self.folder).decided().decisions
        with self.reading(run, "merges", "people") as (tables, engine):
            return pairs(tables, engine, decisions, state=state, limit=limit)

    def held(self, *customers: str | int, tell: Tell = quiet) -> dict[str, Any]:
        """Return who is meant by ids, keys, e-mails or phone numbers, and how many rows of which files are theirs.

        Raises:
            DataError: There is no such customer, or several are meant.
        """
        from keepwell.shop.privacy import meant

        return meant(tuple(map(str, customers)), Workspace.open(self.folder), self.settings, tell=tell)

    def forget(self, *customers: str | int, to: str | Path | None = None, tell: Tell = quiet) -> dict[str, Any]:
        """Erase people from inbox, runs and record book for good, and keep every sum; what was done is returned.

        Args:
            customers: Their ids, the shop's own keys, e-mail addresses or phone numbers.
            to: Where the list of what to delete in other systems goes, a CSV; None: beside the workspace.
            tell: Hears what is being done.

        Raises:
            DataError: There is no such customer, or several are meant; nothing was changed.
        """
        from keepwell.loop.forgetting import forget

        place = None if to is None else Path(to).absolute()
        done = forget(self.folder, [str(one) for one in customers], settings=self.settings, to=place, tell=tell)
        self._workspace = None
        return done

    def export_person(self, customer: str | int, to: str | Path, *, tell: Tell = quiet) -> list[str]:
        """Write everything held on a person to a new folder, or to a .zip; return the names of the files in it.

        Raises:
            DataError: There is no such customer, or several are meant.
            ConfigError: The place is taken.
        """
        from keepwell.shop.held import held, write_held

        return write_held(held(str(customer), Workspace.open(self.folder), self.settings, tell=tell), Path(to))

    def consent(self, customer: str | int, channel: str, *, given: bool, tell: Tell = quiet) -> None:
        """Write down a yes or a no that a customer told us directly; it counts from the next run on.

        Args:
            customer: Their id, the shop's own key, e-mail address or phone number.
            channel: 'email', 'sms', 'phone', 'post' or 'all'.
            given: Yes or no.
            tell: Hears whose turn it is where another writer is at work.

        Raises:
            DataError: There is no such customer.
            ConfigError: There is no such channel.
        """
        from keepwell.shop.privacy import told_consent
        from keepwell.store.records import RecordBook

        with (
            store.turn(self.folder, what="consent", tell=tell),
            self.reading(None, "customers", "people", "aliases") as (tables, engine),
        ):
            one = told_consent(str(customer), channel, tables, engine, given=given)
            RecordBook(self.folder).consent([one])

    def consents(self, customer: str | int) -> list[dict[str, Any]]:
        """Return every yes and no that a customer gave, in files and directly, the earliest first.

        Raises:
            DataError: There is no such customer.
        """
        from keepwell.shop.privacy import consents
        from keepwell.store.records import RecordBook

        with self.reading(None, "customers", "people", "aliases", "consents") as (tables, engine):
            return consents(str(customer), tables, engine, RecordBook(self.folder))

    @contextmanager
    def reading(self, run: str | None = None, *names: str) -> Iterator[tuple[Tables, Engine]]:
        """Give the tables of a run, or those named, and the engine to read them with, whichever engine wrote them.

        Raises:
            DataError: There is no such table; names those there are.
            WorkspaceError: An earlier version made the run, whose tables had other columns; or it was rewritten while
                it was read, because a person was forgotten.
        """
        from keepwell.engine import opened
        from keepwell.tables import CONTRACTS

        found = self._run(run)
        paths = {name: found.path(name) for name in names or found.tables() if names or name in CONTRACTS}
        compute = self.settings_of(run).compute.model_copy(update={"engine": "duckdb"})
        engine = opened(compute)
        try:
            yield {name: _whole(name, engine.read(path), found) for name, path in paths.items()}, engine
        except BaseException as error:  # each engine has its own class of errors for files that are gone
            if found.folder.is_dir():
                raise
            mend = "Ask again: the run stands under a new name, and its sums are the same."
            raise WorkspaceError("a person was forgotten while the run was read", found.id, mend) from error
        finally:
            engine.close()

    def _run(self, run: str | None) -> Run:
        if self._workspace is None:
            self._workspace = Workspace.open(self.folder)
        return store.find(self._workspace, run)


def _listed(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


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
