"""A forgotten person stands nowhere, every sum is as it was, and a file given again does not bring them back."""

import csv
import re
import shutil
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from keepwell import loop, store, unify
from keepwell.decided import Consent
from keepwell.engine import collected
from keepwell.engine.duck import DuckEngine
from keepwell.errors import ConfigError, ConservationError, DataError, WorkspaceError
from keepwell.loop.forgetting import forget
from keepwell.loop.intake import all_of
from keepwell.loop.unnamed import DELETED, OWN, UNNAMED, Gone, check_sums, theirs_in
from keepwell.store import Workspace, finished
from keepwell.store.records import RecordBook
from keepwell.tables import CONTRACTS, UNKNOWN, offences

STAND_IN = re.compile(r"-\d{16,19}")


@pytest.fixture(scope="module")
def before(peopled_once):
    """The workspace as it was."""
    return Workspace.open(peopled_once)


@pytest.fixture(scope="module")
def forgotten(peopled_once, peopled, tmp_path_factory):
    """A copy of the workspace after Ann was forgotten, and what was said of it."""
    folder = tmp_path_factory.mktemp("forgotten") / "people.keepwell"
    shutil.copytree(peopled_once, folder)
    old = Workspace.open(folder)
    for table in ("ledger", "files"):  # one that changes and one that does not, as Spark writes them
        whole = store.find(old).path(table)
        parts = pq.read_table(whole)
        whole.unlink()
        whole.mkdir()
        pq.write_table(parts.slice(0, 3), whole / "part-0.parquet")
        pq.write_table(parts.slice(3), whole / "part-1.parquet")
    ann = [r["record_id"] for r in rows(old, "people") if r["number"] == "K1"]
    bob = next(r["record_id"] for r in rows(old, "people") if r["number"] == "K2")
    cem = next(r["record_id"] for r in rows(old, "people") if r["number"] == "K3")
    book, now = RecordBook(folder), datetime(2024, 7, 1, tzinfo=UTC)
    book.decide("never", [(ann[0], bob), (bob, cem)], at=now, by="me")
    book.consent([Consent(ann[0], "email", given=True, at=now), Consent(bob, "sms", given=False, at=now)], by="me")
    said = forget(folder, ["ANN@example.com"], settings=peopled.SETTINGS, to=folder.parent / "list.csv", by="me")
    return Workspace.open(folder), said


def rows(workspace, table, run=None):
    return pq.read_table(store.find(workspace, run).path(table)).to_pylist()


def raw(workspace, name):
    entry = next(e for e in store.entries(workspace.inbox) if e["name"] == name)
    return pq.read_table(workspace.inbox / entry["path"]).to_pylist()


def by_month(ledger):
    sums = defaultdict(Decimal)
    for row in ledger:
        for column in ("gross", "refunds", "payment_fees", "product_cost", "service", "contribution"):
            sums[row["month"], column] += row[column]
    return dict(sums)


def test_nothing_of_them_is_left_in_any_file(forgotten, peopled):
    workspace, _ = forgotten
    found = peopled.everything_in(workspace.folder)
    left = [
        (path.name, trace) for path, text in found.items() for trace in peopled.TRACES if trace.lower() in text.lower()
    ]
    # The address is Bob's too, and stays where it is said of him.
    assert {trace for _name, trace in left} <= {"7 Elm Lane"}
    assert not [one for one in raw(workspace, "orders.csv") if one["notes"]]


def test_nothing_of_the_others_is_lost(before, forgotten):
    workspace, _ = forgotten
    others = {"K2", "K3", "K4"}
    for table in ("people", "customers"):
        key = "number" if table == "people" else "customer_key"
        was, now = ([r for r in rows(w, table) if r[key] in others] for w in (before, workspace))
        bare = [{k: v for k, v in r.items() if k != "household_id"} for r in was]
        assert sorted(map(str, bare)) == sorted(str({k: v for k, v in r.items() if k != "household_id"}) for r in now)
    for name in ("orders.csv", "calls.csv", "reviews.csv"):
        theirs = {r["line"]: r for r in raw(workspace, name)}
        for row in raw(before, name):
            if "K1" not in row.values() and "ann@example.com" not in row.values():
                same = {k: v for k, v in row.items() if k != "notes"}
                assert {k: theirs[row["line"]][k] for k in same} == same


def test_every_sum_of_the_finished_run_is_as_it_was(before, forgotten):
    workspace, said = forgotten
    assert by_month(rows(workspace, "ledger")) == by_month(rows(before, "ledger"))
    for table in ("order_lines", "order_contribution", "touches", "feedback", "payouts", "quarantine", "files"):
        assert len(rows(workspace, table)) == len(rows(before, table)), table
    money = sum(r["money"] for r in rows(workspace, "order_lines"))
    assert money == sum(r["money"] for r in rows(before, "order_lines")) == Decimal("280.0000")
    assert list(said["runs"]) == [before.current]
    assert workspace.current == said["runs"][before.current] == f"{before.current}-2"


def test_every_table_keeps_its_contract_and_its_key(forgotten):
    workspace, _ = forgotten
    engine = DuckEngine(memory="512MB", threads=1)
    run = store.find(workspace)
    for name in run.tables():
        table = engine.read(run.path(name))
        broken = {k: n for k, n in collected(engine, offences(name, table)).to_pylist()[0].items() if k != "rows"}
        assert not any(broken.values()), (name, broken)
        assert _types(table.schema()) == _types(CONTRACTS[name].schema), name
        keys = [tuple(r[c] for c in CONTRACTS[name].key) for r in rows(workspace, name)]
        assert len(set(keys)) == len(keys), name
    engine.close()


def _types(schema):
    return {name: "timestamp" if kind.is_timestamp() else kind.copy(nullable=True) for name, kind in schema.items()}


def test_what_was_theirs_is_nobodys_and_what_was_about_them_is_gone(before, forgotten):
    workspace, _ = forgotten
    ann = next(r["customer_id"] for r in rows(before, "customers") if r["customer_key"] == "K1")
    for name in ("customers", "values", "segments", "plan", "history", "ledger", "order_lines", "touches"):
        assert ann in {r["customer_id"] for r in rows(before, name)}, name
        assert ann not in {r["customer_id"] for r in rows(workspace, name)}, name
    for name in ("values", "segments", "plan", "history"):
        assert len(rows(workspace, name)) == len(rows(before, name)) - 1
    nobody = next(r for r in rows(workspace, "customers") if r["customer_id"] == UNKNOWN)
    assert (nobody["records"], str(nobody["first_seen"]), str(nobody["last_seen"])) == (6, "2024-01-05", "2024-05-31")
    april = next(r for r in rows(workspace, "ledger") if r["customer_id"] == UNKNOWN and r["month"].month == 4)
    assert (april["gross"], april["orders"]) == (Decimal("100.2500"), 2)


def test_rows_of_one_order_stay_together_under_a_stand_in(forgotten):
    workspace, _ = forgotten
    orders = {r["line"]: r for r in raw(workspace, "orders.csv")}
    assert orders[2]["order id"] == orders[3]["order id"]
    assert STAND_IN.fullmatch(orders[2]["order id"])
    paid = next(r for r in raw(workspace, "payouts.csv") if r["line"] == 2)
    assert paid["order"] == orders[2]["order id"]
    assert orders[7]["order id"] == "1005"
    assert {r["order_id"] for r in rows(workspace, "payouts")} == {orders[2]["order id"], "1005"}


def test_rows_keep_their_money_and_lose_every_column_that_nobody_understood(forgotten):
    workspace, _ = forgotten
    row = next(r for r in raw(workspace, "orders.csv") if r["line"] == 2)
    assert (row["date"], row["product id"], row["amount"]) == ("2024-01-05", "P1", "10.50")
    assert {row[c] for c in ("customer id", "customer name", "email", "phone", "loyalty", "notes")} == {None}
    assert [r["line"] for r in raw(workspace, "customers.csv")] == [3, 4, 5]
    entry = next(e for e in store.entries(workspace.inbox) if e["name"] == "customers.csv")
    assert (entry["rows"], entry["forgotten"]) == (3, {"cleared": [], "taken_out": [2]})


def test_a_shared_address_finds_nobody_else(forgotten):
    workspace, _ = forgotten
    orders = {r["line"]: r for r in raw(workspace, "orders.csv")}
    assert orders[5]["email"] == "family@example.com"
    assert (orders[6]["email"], orders[6]["customer id"]) == (None, None)


def test_the_record_book_keeps_that_it_was_done_and_not_of_whom(before, forgotten):
    workspace, said = forgotten
    book = RecordBook(workspace.folder)
    ann = {r["record_id"] for r in rows(before, "people") if r["number"] == "K1"}
    assert len(book.decided().decisions) == len(book.decided().consents) == 1
    log = book.history("audit")
    assert [row["what"] for row in log] == ["never", "consent", "forget"]
    assert not ann & set(str(log).split("'"))
    data = book.path.read_bytes()
    assert not [one for one in ann if one.encode() in data]
    assert said["forgetting"] in log[-1]["details"]


def test_the_list_for_other_systems_names_what_each_calls_them(forgotten):
    _, said = forgotten
    with Path(said["list"]).open() as file:
        listed = [(row["file"], row["what"], row["key"]) for row in csv.DictReader(file)]
    assert ("orders.csv", "customer number", "K1") in listed
    assert ("customers.csv", "name and address", "Ann Archer, 7 Elm Lane, Leeds") in listed
    assert ("payouts.csv", "order", "1001") in listed
    assert ("reviews.csv", "e-mail address", "ann@example.com") in listed
    assert {name for name, what, _key in listed if what == "original file"} == {
        f"{f}.csv" for f in ("orders", "customers", "calls", "reviews", "payouts")
    }
    assert not [one for one in listed if "cem@" in one[2] or one[2] == "K3"]


def test_pages_that_may_name_them_are_deleted_and_named(before, forgotten):
    workspace, said = forgotten
    assert said["reports"] == [f"{before.current}.html"]
    assert not list(workspace.reports.iterdir())


def test_a_run_after_it_has_the_same_money(forgotten, peopled, tmp_path):
    workspace, _ = forgotten
    now = facts_of(workspace, peopled, tmp_path)
    assert sum(r["money"] for r in now["order_lines"]) == Decimal("280.0000")
    assert {r["customer_key"] for r in now["customers"]} == {"K2", "K3", "K4", UNKNOWN}
    assert sum(r["fee"] for r in now["payouts"]) == Decimal("1.9500")
    fees = [r["payment_fee"] for r in now["order_lines"] if r["payment_fee"]]
    assert sorted(fees) == [Decimal("0.4500"), Decimal("1.5000")]
    assert sum(r["minutes"] for r in now["touches"]) == Decimal("19.0000")


def facts_of(workspace, peopled, scratch):
    engine = DuckEngine(memory="512MB", threads=2, scratch=scratch)
    tables = unify.run([raw for raw, _how in all_of(workspace)], peopled.SETTINGS, engine)
    found = {name: collected(engine, table).to_pylist() for name, table in tables.items()}
    engine.close()
    return found


def test_files_given_again_do_not_bring_them_back(forgotten, peopled, tmp_path):
    workspace, _ = forgotten
    folder = tmp_path / "people.keepwell"
    shutil.copytree(workspace.folder, folder)
    again = peopled.files(tmp_path / "again")
    more = tmp_path / "more.csv"
    more.write_text(
        peopled.ORDERS + "1010,K1,Ann Archer,,,2024-06-02,P1,7.00,,new\n1011,,,ann@example.com,,2024-06-03,P1,8.00,,\n"
    )
    loop.add(folder, [*again, more], settings=peopled.SETTINGS)
    left = [
        t
        for text in peopled.everything_in(folder / "inbox").values()
        for t in ("ann@example.com", "Ann Archer", "K1-loyal")
        if t in text
    ]
    assert not left
    now = facts_of(Workspace.open(folder), peopled, tmp_path / "scratch")
    # The longer export holds the old rows too: they are found again, though they have no owner now.
    assert sum(r["money"] for r in now["order_lines"]) == Decimal("295.0000")
    assert {r["customer_key"] for r in now["customers"]} == {"K2", "K3", "K4", UNKNOWN}


def test_the_same_bytes_read_in_another_way_are_cleaned_too(forgotten, peopled, tmp_path):
    workspace, _ = forgotten
    folder = tmp_path / "people.keepwell"
    shutil.copytree(workspace.folder, folder)
    other = peopled.SETTINGS.model_copy(
        update={"reading": peopled.SETTINGS.reading.model_copy(update={"encoding": "cp1252"})}
    )
    loop.add(folder, [peopled.files(tmp_path / "again")[0]], settings=other)
    entry = next(e for e in store.entries(folder / "inbox") if e["name"] == "orders.csv")
    assert (entry["encoding"], len(entry["earlier"])) == ("cp1252", 1)
    assert not [
        t
        for text in peopled.everything_in(folder / "inbox").values()
        for t in ("ann@example.com", "K1-loyal")
        if t in text
    ]


def test_whoever_is_not_there_is_not_forgotten(peopled_once, peopled):
    with pytest.raises(DataError, match=r"no customer 'nobody@example\.com'"):
        forget(peopled_once, ["nobody@example.com"], settings=peopled.SETTINGS)
    with pytest.raises(ConfigError, match="cannot lie in the workspace"):
        forget(peopled_once, ["K3"], settings=peopled.SETTINGS, to=peopled_once / "list.csv")
    assert [run.id for run in finished(Workspace.open(peopled_once))] == [Workspace.open(peopled_once).current]


def test_every_table_that_may_name_a_customer_is_dealt_with():
    known = {*UNNAMED, *DELETED, *OWN}
    naming = {
        name
        for name, contract in CONTRACTS.items()
        if {"customer_id", "record_id", "left_record", "alias", "order_id", "deal_id"} & set(contract.columns)
    }
    assert naming <= known
    assert known <= set(CONTRACTS)


@pytest.mark.parametrize("point", ["before cleaned rows", "before rewritten run", "after current"])
def test_stopped_by_the_keyboard_it_is_finished_by_the_next_writer(peopled_once, peopled, tmp_path, monkeypatch, point):
    folder = tmp_path / "people.keepwell"
    shutil.copytree(peopled_once, folder)
    given = peopled.files(tmp_path / "again")

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as faults:
        faults.setattr("keepwell.store.faults.os.kill", stop)
        faults.setenv("KEEPWELL_FAULT", point)
        with pytest.raises(KeyboardInterrupt):
            forget(folder, ["ann@example.com"], settings=peopled.SETTINGS, to=tmp_path / "list.csv", by="me")
    assert (folder / "forgetting.json").exists()
    loop.add(folder, [given[0]], settings=peopled.SETTINGS)
    workspace = Workspace.open(folder)
    assert not (folder / "forgetting.json").exists()
    assert UNKNOWN in {row["customer_id"] for row in rows(workspace, "customers")}
    assert not [text for text in peopled.everything_in(folder).values() if "ann@example.com" in text.lower()]
    assert sum(row["money"] for row in rows(workspace, "order_lines")) == Decimal("280.0000")


def test_a_list_that_was_not_finished_is_cleared_away_by_the_next_writer(peopled_once, peopled, tmp_path, monkeypatch):
    folder = tmp_path / "people.keepwell"
    shutil.copytree(peopled_once, folder)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr("keepwell.loop.deletions.shutil.move", stop)
        stopped.setattr("keepwell.store.workspace.removed", lambda _: None)  # nothing is cleared after a kill
        with pytest.raises(KeyboardInterrupt):
            forget(folder, ["ann@example.com"], settings=peopled.SETTINGS, to=tmp_path / "list.csv", by="me")
    assert [path.name for path in tmp_path.iterdir()] == ["people.keepwell"]
    assert (folder / ".scratch" / "list.csv").exists()
    loop.add(folder, [peopled.files(tmp_path / "again")[0]], settings=peopled.SETTINGS)
    assert not (folder / ".scratch").exists()


def test_what_was_made_aside_and_is_lost_stops_it_before_anything_is_deleted(
    peopled_once, peopled, tmp_path, monkeypatch
):
    folder = tmp_path / "people.keepwell"
    shutil.copytree(peopled_once, folder)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as faults:
        faults.setattr("keepwell.store.faults.os.kill", stop)
        faults.setenv("KEEPWELL_FAULT", "after journal")
        with pytest.raises(KeyboardInterrupt):
            forget(folder, ["ann@example.com"], settings=peopled.SETTINGS, to=tmp_path / "list.csv", by="me")
    shutil.rmtree(folder / ".scratch")
    there = {path for path in folder.rglob("*.parquet") if ".part" not in str(path)}
    with pytest.raises(WorkspaceError, match="what it had made is lost"):
        loop.add(folder, [], settings=peopled.SETTINGS)
    assert {path for path in folder.rglob("*.parquet") if ".part" not in str(path)} == there


def test_a_sum_that_would_change_stops_it(duckdb):
    import pyarrow as pa

    def ledger(gross):
        table = pa.table(
            {
                "customer_id": ["a"],
                "month": [date(2024, 1, 1)],
                "gross": pa.array([Decimal(gross)], pa.decimal128(18, 4)),
            }
        )
        return duckdb.table(table.to_batches(), table.schema)

    check_sums("ledger", ledger("1.5000"), ledger("1.5000"), duckdb)
    with pytest.raises(ConservationError, match="sums of table 'ledger' would change"):
        check_sums("ledger", ledger("1.5000"), ledger("1.4999"), duckdb)


def test_a_pair_with_somebody_else_is_told_without_what_names_the_other(duckdb):
    import pyarrow as pa

    schema = CONTRACTS["merges"].schema.to_pyarrow()
    row = dict.fromkeys(schema.names) | {"kind": "matched", "state": "proposed"}
    both = {**row, "left_record": "a1", "right_record": "a2", "evidence": '[{"left": "Ann", "right": "Anne"}]'}
    other = {**row, "left_record": "a1", "right_record": "b1", "evidence": '[{"left": "Ann", "right": "Bob"}]'}
    table = duckdb.table([pa.RecordBatch.from_pylist([both, other], schema=schema)], schema)
    gone = Gone(frozenset({"a"}), frozenset({"a1", "a2"}), {}, (), "salt")
    told = {
        r["right_record"]: r["evidence"]
        for r in collected(duckdb, theirs_in({"merges": table}, duckdb, gone)["merges"]).to_pylist()
    }
    assert told == {"a2": both["evidence"], "b1": "[]"}
