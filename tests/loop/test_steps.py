"""The loop from files to a finished run."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pyarrow.parquet
import pytest

from keepwell import loop, store
from keepwell.errors import DataError
from keepwell.settings import Settings, merged, with_options
from keepwell.store import Workspace, entries
from keepwell.tables import CONTRACTS


def run(folder, *files, options=None, **more):
    """Run without the challenger, the calendar and covariates, which have their own tests."""
    plain = merged(Settings(), {"predict": {"challenger": False, "season": False, "covariates": []}})
    settings = with_options(plain, {"memory": "512MB", "threads": 2, **(options or {})})
    return loop.run(folder, files=list(files) or None, settings=settings, **more)


def left_in(folder):
    """All names in a workspace but the lock's."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")} - {".lock"}


@pytest.fixture(scope="module")
def done(orders_csv, tmp_path_factory):
    """One finished run, its workspace and what was told."""
    folder = tmp_path_factory.mktemp("loop") / "orders.keepwell"
    told = []
    return run(folder, orders_csv, tell=told.append, options={"contact_cost": 0.8}), Workspace.open(folder), told


def plain_sums(path):
    """Sum the file with nothing but Python: the second source."""
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    good = [row for row in rows if row[2] != "2024-11-31"]
    money = sum(Decimal(row[3]) for row in good)
    nobody = sum(Decimal(row[3]) for row in good if not row[1])
    return len(rows), money, nobody, {row[1] for row in good if row[1]}, max(row[2] for row in good)


def test_the_summary_agrees_with_a_plain_reading_of_the_file(done, orders_csv):
    rows, money, nobody, customers, last = plain_sums(orders_csv)
    said, _, _ = done
    assert said["rows"] == {"in": rows, "facts": rows - 1, "quarantined": 1, "duplicates": 0}
    assert Decimal(said["money"]["ledger"]) == Decimal(said["revenue"]) == money
    assert Decimal(said["money"]["in"]) == money + 10
    assert said["money"]["quarantined"] == "10.0000"
    assert Decimal(said["money"]["unknown_customer"]) == nobody
    assert said["customers"] == len(customers)
    assert said["as_of"] == last
    assert Decimal(said["contribution"]) == pytest.approx(money * Decimal("0.3"), rel=Decimal("1e-5"))


def test_the_summary_has_the_names_that_are_promised(done):
    said, workspace, _ = done
    names = (
        "run, workspace, as_of, rows, money, files, customers, revenue, contribution, equity, models, horizons, "
        "backtest, trust, warnings, stop, assumptions, seconds, report, current, notes"
    )
    assert ", ".join(said) == names
    assert said["workspace"] == str(workspace.folder)
    assert list(said["equity"]) == ["expected", "lower", "upper", "horizon"]
    ahead = {one["horizon"]: one for one in said["horizons"]}
    assert list(ahead) == ["3m", "6m", "12m", "life"]
    assert {end: ahead["12m"][end] for end in ("expected", "lower", "upper")}.items() <= said["equity"].items()
    assert all(set(one) == {"name", "value", "change"} for one in said["assumptions"])
    assert set(said["seconds"]) == {"read", "unify", "account", "predict", "segment", "decide", "check"}
    assert json.loads(json.dumps(said)) == said


def test_the_backtest_names_the_method_that_is_used(done):
    said, _, _ = done
    methods = {row["method"] for row in said["backtest"]["table"]}
    assert said["backtest"]["champion"] in methods
    assert {"crps", "actual", "expected"} <= set(said["backtest"]["table"][0])


def test_stopping_saves_cost_less_contribution_given_up(done):
    said, workspace, _ = done
    import pyarrow.parquet as pq

    plan = pq.read_table(store.find(workspace).path("plan")).to_pylist()
    stopped = [row for row in plan if row["action"] == "stop"]
    assert said["stop"]["customers"] == len(stopped) > 0
    assert float(said["stop"]["saves"]) == pytest.approx(sum(-row["gain"] for row in stopped), abs=1e-3)


def test_run_json_holds_all_that_the_run_is_a_function_of(done, orders_csv):
    said, workspace, _ = done
    made = store.find(workspace).manifest()
    assert made["summary"] == said
    assert made["inputs"][0]["name"] == "orders.csv"
    assert (workspace.inbox / made["inputs"][0]["rows"]).is_file()
    assert Settings.model_validate(made["settings"]).contact.cost == Decimal("0.8")
    assert made["settings"]["as_of"] == made["as_of"] == said["as_of"]
    assert {"keepwell", "python", "ibis", "duckdb", "numpy"} <= set(made["versions"])
    assert made["seed"] == Settings().predict.seed
    assert made["engine"] == "duckdb"


def test_every_table_of_the_contract_is_written(done):
    assert store.find(done[1]).tables() == sorted(CONTRACTS)


def test_nothing_is_left_beside_the_run(done):
    said, workspace, _ = done
    top = {name.split("/")[0] for name in left_in(workspace.folder)}
    assert top == {"workspace.json", "inbox", "runs", "reports", "current"}
    assert [path.name for path in workspace.runs.iterdir()] == [said["run"]]


def test_the_same_twice_gives_the_same_tables(done, orders_csv, tmp_path, duckdb):
    first = store.find(done[1])
    run(tmp_path / "again", orders_csv, options={"contact_cost": 0.8})
    second = store.find(Workspace.open(tmp_path / "again"))
    assert compared(first, second, duckdb) == {}


def test_a_bare_run_uses_all_that_was_added_and_an_added_file_twice_is_one(orders_csv, tmp_path):
    folder = tmp_path / "w"
    head, *lines = orders_csv.read_text().splitlines()
    for name, part in (("a.csv", lines[: len(lines) // 2]), ("b.csv", lines[len(lines) // 2 :])):
        (tmp_path / name).write_text("\n".join([head, *part]) + "\n")
    for names in (["a.csv"], ["b.csv", "a.csv"]):
        loop.add(folder, [tmp_path / name for name in names], settings=Settings())
    assert [entry["name"] for entry in entries(folder / "inbox")] == ["a.csv", "b.csv"]
    said = run(folder)
    assert [file["name"] for file in said["files"]] == ["a.csv", "b.csv"]
    assert said["rows"]["in"] == len(lines)
    assert Decimal(said["revenue"]) == plain_sums(orders_csv)[1]


def test_an_unreadable_file_among_several_changes_nothing(orders_csv, tmp_path):
    folder = tmp_path / "w"
    loop.add(folder, [orders_csv], settings=Settings())
    before = left_in(folder)
    other, broken, strange = (tmp_path / name for name in ("other.csv", "broken.parquet", "strange.csv"))
    other.write_text(orders_csv.read_text().replace("K00", "Z00"))
    broken.write_bytes(b"PAR1 cut short")
    strange.write_text("planet,moons\nMars,2\nJupiter,95\n")
    for bad in (broken, strange):
        with pytest.raises(DataError, match=bad.name):
            run(folder, other, bad)
        with pytest.raises(DataError, match=bad.name):
            loop.add(folder, [other, bad], settings=Settings())
        assert left_in(folder) == before


def test_a_file_whose_rows_cannot_be_used_does_not_come_in(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("order_id,customer_id,date,amount\n1,a,2024-02-31,5\n2,b,2024-02-30,5\n")
    with pytest.raises(DataError):
        run(tmp_path / "w", file)
    assert not (tmp_path / "w").exists()


def test_the_same_file_under_two_names_counts_once_and_says_so(tmp_path):
    rows = "".join(f"{n},c{n % 5},2024-0{1 + n % 9}-03,5.50\n" for n in range(15))
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("order_id,customer_id,date,amount\n" + rows)
    said = run(tmp_path / "w", tmp_path / "a.csv", tmp_path / "b.csv")
    assert (said["rows"]["in"], [file["name"] for file in said["files"]]) == (15, ["a.csv"])
    assert any("count once" in note for note in said["notes"])


def test_sales_without_prices_ask_for_the_products(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text("order_id,customer_id,date,sku,quantity\n1,a,2024-02-03,A1,5\n")
    with pytest.raises(DataError, match="Give the file of the products"):
        run(tmp_path / "w", file)


def test_a_failed_first_run_leaves_no_workspace(tmp_path):
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 cut short")
    with pytest.raises(DataError):
        run(tmp_path / "w", broken)
    assert not (tmp_path / "w").exists()


def test_a_missing_file_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "orders.csv").touch()
    with pytest.raises(DataError, match=r"no such file at .*ordres.csv. Did you mean 'orders.csv'"):
        run(tmp_path / "w", tmp_path / "ordres.csv")
    with pytest.raises(DataError, match="this is a folder"):
        run(tmp_path / "w", tmp_path)
    assert not (tmp_path / "w").exists()


def test_a_bare_run_of_an_empty_inbox_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match="the inbox is empty"):
        run(Workspace.create(tmp_path / "w").folder)


def test_too_many_rows_in_quarantine_keep_a_run_from_becoming_current(tmp_path):
    file, folder = tmp_path / "orders.csv", tmp_path / "w"
    good = [f"{n},K{n % 9},2024-0{1 + n % 9}-11,{n}.50" for n in range(1, 41)]
    bad = [f"9{n},K1,2024-02-31,1.00" for n in range(5)]
    file.write_text("\n".join(["order_id,customer_id,date,amount", *good]) + "\n")
    first = run(folder, file)
    file.write_text("\n".join(["order_id,customer_id,date,amount", *good, *bad]) + "\n")
    second = run(folder, file)
    assert (first["current"], second["current"]) == (True, False)
    assert "did not become current" in second["notes"][0]
    assert second["notes"][1].startswith("5 rows (11.1%) in quarantine: ")
    assert Workspace.open(folder).current == first["run"]
    assert store.find(Workspace.open(folder), second["run"]).manifest()["summary"]["rows"]["quarantined"] == 5
    third = run(folder, file, accept=True)
    assert third["current"]
    assert Workspace.open(folder).current == third["run"]


def test_rows_after_the_day_asked_for_are_left_out_and_named(orders_csv, tmp_path):
    said = run(tmp_path / "w", orders_csv, options={"as_of": date(2023, 12, 31)})
    early = [line.split(",") for line in orders_csv.read_text().splitlines()[1:]]
    money = sum(Decimal(row[3]) for row in early if row[2] <= "2023-12-31")
    assert said["as_of"] == "2023-12-31"
    assert Decimal(said["money"]["ledger"]) == money
    (note,) = (note for note in said["notes"] if "dated after 2023-12-31" in note)
    later = sum(Decimal(row[3]) for row in early if row[2] > "2023-12-31" and row[2] != "2024-11-31")
    assert f"({later:,.2f} of money)" in note


def test_who_first_came_later_is_no_customer_yet(orders_csv, tmp_path):
    said = run(tmp_path / "w", orders_csv, options={"as_of": date(2023, 3, 31)})
    early = [
        row for row in (line.split(",") for line in orders_csv.read_text().splitlines()[1:]) if row[2] <= "2023-03-31"
    ]
    assert said["customers"] == len({row[1] for row in early if row[1]})
    assert said["rows"]["in"] == len(orders_csv.read_text().splitlines()) - 1
    people = pyarrow.parquet.read_table(store.find(Workspace.open(tmp_path / "w")).path("customers")).to_pylist()
    assert max(person["last_seen"] for person in people) <= date(2023, 3, 31)


def test_a_day_long_after_the_last_fact_is_said(orders_csv, tmp_path):
    last = max(row.split(",")[2] for row in orders_csv.read_text().splitlines()[1:] if "2024-11-31" not in row)
    said = run(tmp_path / "w", orders_csv, options={"as_of": date.fromisoformat(last) + timedelta(days=400)})
    assert any(f"The files end on {last}, 400 days before" in note for note in said["notes"])
    assert all(Decimal(said["equity"][name]).is_finite() for name in ("lower", "expected", "upper"))


def test_only_refunds_of_the_run_are_said_to_have_no_date(tmp_path):
    rows = ["ann,2024-01-05,10,2", "bob,2024-02-05,10,3", "ann,2024-03-05,10,4"]
    (tmp_path / "o.csv").write_text("\n".join(["customer_id,date,amount,refund", *rows]) + "\n")
    said = run(tmp_path / "w", tmp_path / "o.csv", options={"as_of": date(2024, 2, 28)})
    (told,) = [each["value"] for each in said["assumptions"] if each["name"] == "refund dates"]
    assert told.startswith("2 rows")


def test_a_day_before_everything_is_a_sentence(orders_csv, tmp_path):
    with pytest.raises(DataError, match="nothing had happened by 1999-01-01: the first row is of 2023"):
        run(tmp_path / "w", orders_csv, options={"as_of": date(1999, 1, 1)})


@pytest.mark.parametrize(
    ("rows", "known", "note"),
    [
        ("".join(f"{n},c{n},2024-0{1 + n % 9}-03,5.50\n" for n in range(15)), True, "one shared rate forecasts all"),
        ("".join(f"{n},,2024-0{1 + n % 9}-03,5.50\n" for n in range(15)), False, "nothing to forecast"),
        ("1,a,2024-01-03,-5\n2,b,2024-01-03,-5\n", False, "nothing to forecast"),
    ],
    ids=["nobody came back", "nobody is known", "only refunds"],
)
def test_too_small_a_history_gets_a_simpler_answer_that_says_so(tmp_path, rows, known, note):
    file = tmp_path / "orders.csv"
    file.write_text("order_id,customer_id,date,amount\n" + rows)
    said = run(tmp_path / "w", file, options={"contact_cost": 0.8})
    assert (said["equity"]["expected"] is not None) == known
    assert said["backtest"] == {"champion": None, "table": []}
    assert any(note in line for line in said["notes"])


def compared(first, second, engine):
    """Return per table what differs: keys, integers, decimals and text exactly, floats by 1e-9 relative."""
    import math

    from keepwell.engine import collected

    differ = {}
    for name, contract in CONTRACTS.items():
        one, other = (
            collected(engine, engine.read(run.path(name)).order_by(*contract.key)).to_pylist()
            for run in (first, second)
        )
        if len(one) != len(other):
            differ[name] = (len(one), len(other))
        for a, b in zip(one, other, strict=False):
            wrong = [
                c
                for c in a
                if c != "arrived"  # the same file came into each inbox at a time of its own
                and not (
                    math.isclose(a[c], b[c], rel_tol=1e-9, abs_tol=1e-12) if isinstance(a[c], float) else a[c] == b[c]
                )
            ]
            if wrong:
                differ[name] = {c: (a[c], b[c]) for c in wrong}
                break
    return differ


@pytest.mark.spark
def test_the_whole_chain_is_the_same_on_spark(spark, done, orders_csv, tmp_path, duckdb):
    said = run(tmp_path / "w", orders_csv, options={"contact_cost": 0.8, "engine": "spark"})
    assert compared(store.find(done[1]), store.find(Workspace.open(tmp_path / "w")), duckdb) == {}
    assert said["money"] == done[0]["money"]
