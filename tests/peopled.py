"""A small workspace of people who can be told apart, merged, asked about and forgotten; its run is made in a second.

Ann bought under one number, gave something back, called once, said she was content, and stands in a row without a day;
her husband Bob shares an e-mail with her. Cem and Dee are strangers. Money is exact: sums can be checked by hand.
"""

import json
import random
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from keepwell import account, loop, unify
from keepwell.engine import collected
from keepwell.engine.duck import DuckEngine
from keepwell.loop.books import Books
from keepwell.loop.intake import all_of
from keepwell.settings import Settings, with_options
from keepwell.store import Workspace, begin, finish
from keepwell.tables import CONTRACTS, UNKNOWN

SETTINGS = with_options(Settings(), {"memory": "512MB", "threads": 2})
ANN = {"number": "K1", "email": "ann@example.com", "phone": "+44 1632 960001"}
# What tells Ann in any file: nothing of it may be left.
TRACES = ("ann@example.com", "1632 960001", "Ann Archer", "7 Elm Lane", "K1-loyal")
ORDERS = """order id,customer id,customer name,email,phone,date,product id,amount,loyalty,notes
1001,K1,Ann Archer,ann@example.com,+44 1632 960001,2024-01-05,P1,10.50,K1-loyal,leave at 7 Elm Lane
1001,K1,Ann Archer,ann@example.com,+44 1632 960001,2024-01-05,P2,4.50,K1-loyal,
1002,K1,Ann Archer,ann@example.com,+44 1632 960001,2024-03-05,P1,20.00,K1-loyal,
1003,K2,Bob Archer,family@example.com,,2024-03-07,P1,30.00,,
1004,K1,Ann Archer,family@example.com,,2024-04-01,P3,40.25,K1-loyal,
1005,K3,Cem Cole,cem@example.com,+44 1632 960003,2024-04-02,P1,50.00,,a gift for ANN@example.com
1006,,,,,2024-04-03,P2,60.00,,
1007,K1,Ann Archer,ann@example.com,,2024-05-31,P1,-5.25,K1-loyal,
1008,K4,Dee Dale,dee@example.com,,2024-06-01,P2,70.00,,
1009,K1,Ann Archer,ann@example.com,,2024-06-31,P1,1.00,K1-loyal,no such day
"""
CUSTOMERS = """customer id,name,email,phone,street,city
K1,Ann Archer,ann@example.com,+44 1632 960001,7 Elm Lane,Leeds
K2,Bob Archer,family@example.com,,7 Elm Lane,Leeds
K3,Cem Cole,cem@example.com,+44 1632 960003,9 Oak Road,York
K4,Dee Dale,dee@example.com,,1 Fir Close,Hull
"""
CALLS = """call id,call date,type of contact,minutes,customer id,customer name,comment
C1,2024-03-06,call,12,K1,Ann Archer,asks for a refund to ann@example.com
C2,2024-04-06,call,7,K3,Cem Cole,
"""
REVIEWS = """review id,review date,rating,review text,email,order id
R1,2024-03-09,5,Ann Archer is content,ann@example.com,1002
R2,2024-04-09,2,meh,cem@example.com,1005
"""
PAYOUTS = """payout transaction id,order,payout date,type,amount,fee
T1,1001,2024-01-06,charge,15.00,0.45
T2,1005,2024-04-03,charge,50.00,1.50
"""
FILES = {"orders": ORDERS, "customers": CUSTOMERS, "calls": CALLS, "reviews": REVIEWS, "payouts": PAYOUTS}


def files(folder):
    """Write the files; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text)
    return [folder / f"{name}.csv" for name in FILES]


def workspace(folder, *, runs=1):
    """Make a workspace with all files and finished runs; the last is current."""
    loop.add(folder, files(folder.parent / "given"), settings=SETTINGS)
    for _ in range(runs):
        run(folder)
    return Workspace.open(folder)


def run(folder):
    """Make a run: facts, ledger, and a value, a segment and a verdict of everybody, made up."""
    opened = Workspace.open(folder)
    engine = DuckEngine(memory="512MB", threads=2, scratch=opened.scratch)
    books = Books(begin(opened, now=datetime.now(UTC)), engine)
    inputs = [raw for raw, _how in all_of(opened)]
    day = date(2024, 6, 30)
    dated = SETTINGS.model_copy(update={"as_of": day})
    books.write(unify.run(inputs, SETTINGS, engine))
    books.write(account.run(books.tables, dated, engine, tell=lambda _: None))
    books.write(made_up(books.tables, engine))
    sums = {"rows": {"in": 20}, "customers": 4, "revenue": "280.0000", "contribution": "1", "equity": {}}
    values = {
        "run": books.draft.id,
        "started": str(day),
        "as_of": str(day),
        "engine": "duckdb",
        "settings": dated.model_dump(mode="json"),
        "inputs": [{"name": raw.name, "rows": f"{raw.source}/{raw.path.name}"} for raw in inputs],
        "summary": {
            "run": books.draft.id,
            "workspace": str(folder),
            "as_of": str(day),
            "notes": ["of ann@example.com"],
            **sums,
        },
    }
    done = finish(opened, books.draft, values, current=True)
    engine.close()
    (opened.reports / f"{done.id}.html").write_text("names Ann Archer")
    return done


def made_up(tables, engine):
    """Return one row for each known customer in every table that forecasts, and empty tables for the rest."""
    known = tables["customers"].filter(tables["customers"].customer_id != UNKNOWN)
    ids = sorted(row["customer_id"] for row in collected(engine, known.select("customer_id")).to_pylist())
    made = {}
    for name, contract in CONTRACTS.items():
        if name in tables:
            continue
        schema = contract.schema.to_pyarrow()
        rows = [{c: _value(c, kind, one) for c, kind in zip(schema.names, schema.types, strict=True)} for one in ids]
        rows = rows if "customer_id" in schema.names else []
        made[name] = engine.table(pa.Table.from_pylist(rows, schema=schema).to_batches(), schema)
    return made


def _value(column, kind, customer):
    if column == "customer_id":
        return customer
    return "x" if pa.types.is_string(kind) else date(2024, 1, 1) if pa.types.is_date(kind) else 0


def more_of(orders, *, rows, seed=1):
    """Return the text of an orders file with as many more rows of strangers, for whoever wants a longer one."""
    draw = random.Random(seed)  # noqa: S311 no secret
    lines = [f"{5000 + n},S{draw.randrange(50)},,,,2024-02-{1 + n % 28:02d},P1,{n % 90 + 1}.00,," for n in range(rows)]
    return orders + "\n".join(lines) + "\n"


def everything_in(folder):
    """Return every text that a reader of the workspace could meet: of Parquet, JSON, the record book's bytes, pages."""
    import pyarrow.parquet as pq

    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix == ".parquet" and path.is_file():
            found[path] = json.dumps(pq.read_table(path).to_pylist(), default=str)
        elif path.is_file():
            found[path] = path.read_bytes().decode("latin-1")
    return found
