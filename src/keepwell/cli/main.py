"""The commands. Each reads its input, calls one workflow and writes the answer.

Nothing heavy is imported before a command runs, so that `keepwell --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from keepwell.version import __version__

app = typer.Typer(
    name="keepwell",
    help="What each customer is worth, how sure we are, and whom to keep: from a transaction log.",
    epilog="Start with `keepwell demo`, or with `keepwell run orders.csv`.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help loads in a third of the time
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Files = Annotated[list[Path] | None, typer.Argument(help="Files; none: everything added before.")]
SomeFiles = Annotated[list[Path], typer.Argument(help="CSV, text, XLSX or Parquet files.")]
Workspace = Annotated[
    Path | None,
    typer.Option("--workspace", "-w", help="The workspace folder; else the first file's name + .keepwell."),
]
Existing = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="The workspace folder; else the only one in this folder.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
Text = str | None
Number = float | None
# How a file is read.
Map = Annotated[list[str] | None, typer.Option("--map", help="column=field; may be repeated.")]
DateOrder = Annotated[Text, typer.Option(help="dmy, mdy or ymd, where the dates do not decide.")]
Decimal = Annotated[Text, typer.Option(help="Decimal sign, where the numbers do not decide.")]
Encoding = Annotated[Text, typer.Option(help="Text encoding, e.g. utf-8 or cp1252.")]
Delimiter = Annotated[Text, typer.Option(help="Column delimiter.")]


def _version(show: bool) -> None:
    if show:
        typer.echo(f"keepwell {__version__}")
        raise typer.Exit


@app.callback()
def keepwell(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """What each customer is worth, how sure we are, and whom to keep: from a transaction log."""


@app.command()
def run(
    files: Files = None,
    workspace: Workspace = None,
    margin: Annotated[Number, typer.Option(help="Margin where no product cost is known: 0.35 is 35%.")] = None,
    contact_cost: Annotated[Number, typer.Option(help="Cost of one contact: a catalogue, a call.")] = None,
    contacts_per_year: Annotated[Number, typer.Option(help="Contacts a customer gets a year.")] = None,
    contact_share: Annotated[Number, typer.Option(help="Share of orders that contact causes.")] = None,
    discount_rate: Annotated[Number, typer.Option(help="A year's discount on future money.")] = None,
    fulfilment_per_order: Annotated[Number, typer.Option(help="Picking, packing, postage an order.")] = None,
    map_: Map = None,
    date_order: DateOrder = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    currency: Annotated[Text, typer.Option(help="Reporting currency, e.g. EUR.")] = None,
    timezone: Annotated[Text, typer.Option(help="The shop's time zone, e.g. Europe/London.")] = None,
    as_of: Annotated[Text, typer.Option(help="Use what happened up to this day (YYYY-MM-DD).")] = None,
    known_by: Annotated[Text, typer.Option(help="Use what had arrived by this day (YYYY-MM-DD).")] = None,
    engine: Annotated[Text, typer.Option(help="duckdb or spark.")] = None,
    memory: Annotated[Text, typer.Option(help="Memory the engine may use, e.g. 2GB.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the predictive draws.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take the run although many rows are in quarantine.")
    ] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    json: Json = False,
) -> None:
    """Read transactions; say what customers are worth and whom to keep; write the report."""
    from keepwell.cli import workflows

    overrides = {
        "margin": margin,
        "contact_cost": contact_cost,
        "contacts_per_year": contacts_per_year,
        "contact_share": contact_share,
        "discount_rate": discount_rate,
        "fulfilment_per_order": fulfilment_per_order,
        "columns": workflows.mapping(map_ or []),
        "date_order": date_order,
        "decimal": decimal,
        "encoding": encoding,
        "delimiter": delimiter,
        "currency": currency,
        "timezone": timezone,
        "as_of": as_of,
        "known_by": known_by,
        "engine": engine,
        "memory": memory,
        "seed": seed,
    }
    workflows.run(files or [], workspace, given(overrides), accept=accept, show=open_, json=json)


@app.command()
def add(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Files or URLs of databases; none: all tables that were added before.")
    ] = None,
    workspace: Workspace = None,
    table: Annotated[list[str] | None, typer.Option(help="Table or view of the database; may be repeated.")] = None,
    cursor: Annotated[Text, typer.Option(help="Column that only grows, e.g. updated_at: only what is new.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="Column that tells a row, for corrections.")] = None,
    mode: Annotated[Text, typer.Option(help="append, replace or correct what came earlier.")] = None,
    source: Annotated[Text, typer.Option(help="Name of where it comes from: one count of customer numbers.")] = None,
    as_: Annotated[Text, typer.Option("--as", help="Its format, e.g. shopify-orders; else it is found out.")] = None,
    map_: Map = None,
    date_order: DateOrder = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    timezone: Annotated[Text, typer.Option(help="Time zone of stamps without one, e.g. UTC; else the shop's.")] = None,
    currency: Annotated[Text, typer.Option(help="Currency of amounts that name none, e.g. EUR.")] = None,
    json: Json = False,
) -> None:
    """Add files or tables of databases to the workspace's inbox; a later `keepwell run` uses all that was added."""
    from keepwell.cli import sources as cli_sources
    from keepwell.cli import workflows

    options = {
        "table": tuple(table or ()) or None,
        "cursor": cursor,
        "key": tuple(key or ()) or None,
        "mode": mode,
        "source": source,
        "as_": as_,
        "columns": workflows.mapping(map_ or []),
        "date_order": date_order,
        "decimal": decimal,
        "encoding": encoding,
        "delimiter": delimiter,
        "timezone": timezone,
        "currency": currency,
    }
    cli_sources.add(sources or [], workspace, given(options), json=json)


@app.command()
def inbox(workspace: Existing = None, json: Json = False) -> None:
    """List what came into the workspace, and what of it counts."""
    from keepwell.cli import sources

    sources.inbox(workspace, json=json)


@app.command()
def drop(
    names: Annotated[list[str], typer.Argument(help="Names of files or tables, as `keepwell inbox` lists them.")],
    source: Annotated[str, typer.Option(help="Only of this source.")] = "",
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Take files or tables out of the inbox; the runs that used them stay as they are."""
    from keepwell.cli import sources

    sources.drop(names, source, workspace, json=json)


@app.command()
def check(
    files: SomeFiles,
    map_: Map = None,
    date_order: DateOrder = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    timezone: Annotated[Text, typer.Option(help="The shop's time zone, e.g. Europe/London.")] = None,
    json: Json = False,
) -> None:
    """Say what is in files, how they would be read, and what is wrong with them; change nothing."""
    from keepwell.cli import workflows

    overrides = {
        "columns": workflows.mapping(map_ or []),
        "date_order": date_order,
        "decimal": decimal,
        "encoding": encoding,
        "delimiter": delimiter,
        "timezone": timezone,
    }
    workflows.check(files, given(overrides), json=json)


@app.command()
def explain(
    customer: Annotated[str, typer.Argument(help="Their id, your own key for them, or their e-mail address.")],
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Explain one customer: history, profit and loss, value with its arithmetic, verdict."""
    from keepwell.cli import workflows

    workflows.explain(customer, workspace, json=json)


@app.command()
def costs(
    month: Annotated[str, typer.Option(help="One month (YYYY-MM); else all of them.")] = "",
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Say what resources cost, which work drew on them, and what no customer bears."""
    from keepwell.cli import ledgers

    ledgers.costs(workspace, month=month, json=json)


@app.command()
def ledger(
    customer: Annotated[str, typer.Argument(help="Their id, your own key for them, or their e-mail address.")],
    by: Annotated[str, typer.Option(help="month, quarter, year or all.")] = "month",
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Say one customer's profit and loss, line by line and period by period."""
    from keepwell.cli import ledgers

    ledgers.ledger(customer, workspace, by=by, json=json)


@app.command()
def export(
    table: Annotated[
        str, typer.Argument(help="values, plan, ledger, segments, customers, ... (see docs/reference/tables.md).")
    ],
    to: Annotated[Path, typer.Option(help="The file to write: .csv, .parquet or .xlsx.")],
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Write a table of the current run to a file."""
    from keepwell.cli import workflows

    workflows.export(table, to, workspace, json=json)


@app.command()
def runs(workspace: Existing = None, json: Json = False) -> None:
    """List the runs of a workspace; the current one is marked."""
    from keepwell.cli import workflows

    workflows.runs(workspace, json=json)


@app.command()
def report(
    workspace: Existing = None,
    to: Annotated[Path | None, typer.Option(help="Where to write it; else into the workspace.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    json: Json = False,
) -> None:
    """Write the report of the current run again."""
    from keepwell.cli import workflows

    workflows.report(workspace, to, show=open_, json=json)


@app.command()
def init(workspace: Existing = None, json: Json = False) -> None:
    """Write a commented keepwell.toml with every assumption, cost and setting."""
    from keepwell.cli import workflows

    workflows.init(workspace, json=json)


@app.command()
def demo(
    to: Annotated[Path, typer.Option(help="Folder for the shop's files and its workspace.")] = Path("keepwell-demo"),
    customers: Annotated[int, typer.Option(min=1, max=2_000_000, help="How many customers the shop has.")] = 10_000,
    world: Annotated[str, typer.Option(help="Which simulated world (see docs/simulate.md).")] = "mail-order",
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes another shop.")] = 1,
    engine: Annotated[Text, typer.Option(help="duckdb or spark.")] = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the report in the browser.")] = True,
    json: Json = False,
) -> None:
    """Make a simulated mail-order shop, run the whole loop on it and open the report."""
    from keepwell.cli import workflows

    options = given({"engine": engine})
    workflows.demo(to, customers=customers, world=world, seed=seed, options=options, show=open_, json=json)


@app.command()
def forget(
    customers: Annotated[list[str], typer.Argument(help="Ids, your own keys, e-mail addresses or phone numbers.")],
    workspace: Existing = None,
    list_: Annotated[
        Path | None, typer.Option("--list", help="The CSV of what to delete elsewhere; else beside the workspace.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who is meant and where they stand.")] = False,
    json: Json = False,
) -> None:
    """Erase people for good, keep every sum, and list what to delete in other systems."""
    from keepwell.cli import privacy

    privacy.forget(customers, workspace, to=list_, yes=yes, dry=dry_run, json=json)


@app.command()
def export_person(
    customer: Annotated[str, typer.Argument(help="Their id, your own key, e-mail address or phone number.")],
    to: Annotated[Path | None, typer.Option(help="A new folder, or a .zip; else a .zip named after them.")] = None,
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Write everything that is held on a person, in plain words, as CSV and JSON."""
    from keepwell.cli import privacy

    privacy.export_person(customer, to, workspace, json=json)


@app.command()
def consent(
    customer: Annotated[str, typer.Argument(help="Their id, your own key, e-mail address or phone number.")],
    channel: Annotated[str, typer.Option(help="email, sms, phone, post or all.")] = "all",
    given: Annotated[bool | None, typer.Option("--yes/--no", help="What they told; neither: tell the history.")] = None,
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Write down a yes or a no that a customer told us directly; without either, tell all they ever said."""
    from keepwell.cli import privacy

    privacy.consent(customer, workspace, channel=channel, given=given, json=json)


identities = typer.Typer(name="identities", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(identities, help="Who is one person: the evidence, and your word on it.")
Pairs = Annotated[list[str], typer.Argument(help="Names of pairs as listed, or two customers.")]
Limit = Annotated[int, typer.Option(help="How many pairs; 0: all.")]


@identities.command("list")
def identities_list(
    state: Annotated[str, typer.Option(help="proposed, merged, refused or never; else all.")] = "",
    limit: Limit = 20,
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Say what merging changed, and list pairs of records with their evidence."""
    from keepwell.cli import identities as people

    people.listed(workspace, state=state, limit=limit, json=json)


@identities.command()
def review(
    page: Annotated[Path | None, typer.Option(help="Write the pairs to this HTML file instead of asking.")] = None,
    limit: Limit = 20,
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Ask about each proposed pair, with its evidence: accept, refuse, never, skip."""
    from keepwell.cli import identities as people

    people.review(workspace, page=page, limit=limit, json=json)


@identities.command()
def accept(pairs: Pairs, workspace: Existing = None, json: Json = False) -> None:
    """Say that pairs of records, or two customers, are one person."""
    from keepwell.cli import identities as people

    people.decide("accept", pairs, workspace, json=json)


@identities.command()
def refuse(pairs: Pairs, workspace: Existing = None, json: Json = False) -> None:
    """Say that this evidence does not make them one person; other evidence may."""
    from keepwell.cli import identities as people

    people.decide("refuse", pairs, workspace, json=json)


@identities.command()
def never(pairs: Pairs, workspace: Existing = None, json: Json = False) -> None:
    """Say that they are never one person, through whatever chain of records."""
    from keepwell.cli import identities as people

    people.decide("never", pairs, workspace, json=json)


@identities.command()
def unmerge(
    customer: Annotated[str, typer.Argument(help="Their id, your own key, e-mail address or phone number.")],
    record: Annotated[list[str] | None, typer.Option(help="A record that leaves; may be repeated. None: all.")] = None,
    workspace: Existing = None,
    json: Json = False,
) -> None:
    """Take a customer apart for ever: the records named leave the others, or all come apart."""
    from keepwell.cli import identities as people

    people.unmerge(customer, record or [], workspace, json=json)


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in values.items() if value is not None and value != {}}


def main() -> None:
    """Run the command line: exit 0, or 2 for the user's mistake, or 1 for ours."""
    # The matrices here are small: threads of the linear algebra would only wait for one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from keepwell.cli import faults

    asked = "--json" in sys.argv[1:]
    faults.watched(lambda: app(standalone_mode=not asked), json=asked)
