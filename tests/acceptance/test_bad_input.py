"""Input that is not as it should be is met with a clear sentence, and nothing is lost."""

import pytest

HEADER = "customer_id,order_date,amount\n"
GOOD = HEADER + "".join(f"c{i % 40},2023-{1 + i % 12:02d}-{1 + i % 27:02d},{10 + i % 7}.50\n" for i in range(400))


def rows(*lines):
    return HEADER + "".join(line + "\n" for line in lines)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "empty"),
        ("header.csv", HEADER.encode(), "header"),
        ("page.csv", b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        ("program.csv", bytes(range(256)) * 40, "table"),
        ("short.parquet", b"PAR1" + bytes(100), "Parquet"),
        ("columns.csv", b"foo,bar,baz\n1,2,3\n4,5,6\n", "foo"),
        ("dates.csv", rows("a,sometime,5", "b,later,6").encode(), "date"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(keepwell, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    status, _, error = keepwell("run", name)
    assert status == 2, error
    assert words.lower() in error.lower()
    assert "Traceback" not in error


def test_the_nearest_column_is_guessed(keepwell, tmp_path):
    (tmp_path / "o.csv").write_text("custmer_idd,order_date,amount\na,2023-01-01,5\nb,2023-02-01,6\n")
    status, _, error = keepwell("run", "o.csv")
    assert status == 2
    assert "custmer_idd" in error
    assert "--map" in error


def test_a_mapped_column_is_taken(keepwell, tmp_path, plain):
    plain(tmp_path / "o.keepwell")
    (tmp_path / "o.csv").write_text(GOOD.replace("customer_id", "Kundennummer").replace("amount", "Betrag"))
    status, said, error = keepwell(
        "run", "o.csv", "--map", "Kundennummer=customer_id", "--map", "Betrag=amount", "--json"
    )
    assert status == 0, said or error
    assert said["customers"] == 40


def test_unreadable_amounts_and_dates_go_to_quarantine(keepwell, tmp_path, plain):
    plain(tmp_path / "o.keepwell")
    bad = "x,2023-02-30,5\nx,2023-02-03,abc\nx,2023-02-03,NaN\nx,2023-02-03,inf\nx,2023-02-03,1e30\nx,2999-01-01,5\n"
    (tmp_path / "o.csv").write_text(GOOD + bad)
    status, said, error = keepwell("run", "o.csv", "--json")
    assert status == 0, said or error
    assert said["rows"] == {"in": 406, "facts": 400, "quarantined": 6, "duplicates": 0}


def test_many_rows_in_quarantine_stop_a_run_from_becoming_current(keepwell, tmp_path, plain):
    plain(tmp_path / "o.keepwell")
    (tmp_path / "o.csv").write_text(GOOD + "x,never,5\n" * 60)
    status, said, _ = keepwell("run", "o.csv", "--json")
    assert status == 0
    assert said["current"] is False
    assert keepwell("export", "values", "--to", "v.csv")[0] == 2
    assert keepwell("run", "o.csv", "--accept", "--json")[1]["current"] is True
    assert keepwell("export", "values", "--to", "v.csv")[0] == 0


def test_the_same_file_twice_is_one_file(keepwell, tmp_path, plain):
    plain(tmp_path / "o.keepwell")
    (tmp_path / "o.csv").write_text(GOOD)
    (tmp_path / "copy.csv").write_text(GOOD)
    one = keepwell("run", "o.csv", "--json")[1]
    two = keepwell("run", "o.csv", "copy.csv", "--json")[1]
    assert two["money"]["ledger"] == one["money"]["ledger"]


def test_overlapping_exports_count_each_row_once(keepwell, tmp_path, plain):
    plain(tmp_path / "a.keepwell")
    plain(tmp_path / "whole.keepwell")
    lines = GOOD.splitlines(keepends=True)
    (tmp_path / "a.csv").write_text("".join(lines[:301]))
    (tmp_path / "b.csv").write_text(lines[0] + "".join(lines[201:]))
    whole = tmp_path / "whole.csv"
    whole.write_text(GOOD)
    both = keepwell("run", "a.csv", "b.csv", "--json")[1]
    assert both["rows"]["duplicates"] == 100
    assert both["money"]["ledger"] == keepwell("run", "whole.csv", "--json")[1]["money"]["ledger"]


def test_currencies_are_not_added_up(keepwell, tmp_path):
    (tmp_path / "o.csv").write_text("customer_id,order_date,amount,currency\na,2023-01-01,5,EUR\nb,2023-02-01,6,USD\n")
    status, _, error = keepwell("run", "o.csv")
    assert status == 2
    assert "EUR" in error
    assert "USD" in error


def test_rows_of_nobody_are_facts_of_nobody(keepwell, tmp_path, plain):
    plain(tmp_path / "o.keepwell")
    (tmp_path / "o.csv").write_text(GOOD + ",2023-05-05,7\n" * 130)
    status, said, error = keepwell("run", "o.csv", "--json")
    assert status == 0, said or error
    assert said["rows"]["facts"] == 530
    assert said["money"]["unknown_customer"] == "910.0000"
    assert said["customers"] == 40


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("one customer", [f"a,2023-{m:02d}-01,5" for m in range(1, 13)]),
        ("one order", ["a,2023-01-01,5"]),
        ("nobody came back", [f"c{i},2023-{1 + i % 12:02d}-01,5" for i in range(200)]),
        ("everybody on one day", [f"c{i},2023-01-01,{i}" for i in range(200)]),
        ("only money given back", [f"c{i},2023-01-{1 + i % 28:02d},-5" for i in range(50)]),
        ("nothing but zeros", [f"c{i % 20},2023-01-{1 + i % 28:02d},0" for i in range(60)]),
        ("losses", [f"c{i % 20},2023-{1 + i % 12:02d}-03,{-40 if i % 3 else 50}" for i in range(200)]),
    ],
)
def test_too_little_to_know_gets_a_simpler_honest_answer(keepwell, tmp_path, name, lines):
    (tmp_path / "o.csv").write_text(rows(*lines))
    status, said, error = keepwell("run", "o.csv", "--contact-cost", "0.8", "--json")
    assert status == 0, said or error
    assert said["rows"]["facts"] == len(lines)


def test_an_unreadable_file_among_several_changes_nothing(keepwell, tmp_path):
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "bad.csv").write_bytes(b"")
    assert keepwell("run", "good.csv", "bad.csv", "--workspace", "w.keepwell")[0] == 2
    assert not list((tmp_path / "w.keepwell").rglob("*.parquet")) if (tmp_path / "w.keepwell").exists() else True


def test_a_workspace_from_a_newer_version_is_left_alone(keepwell, tmp_path):
    (tmp_path / "o.csv").write_text(GOOD)
    folder = tmp_path / "o.keepwell"
    folder.mkdir()
    (folder / "workspace.json").write_text('{"format": 999, "id": "x"}')
    status, _, error = keepwell("run", "o.csv")
    assert status == 2
    assert "newer" in error


def test_a_customer_who_is_not_there_gets_near_names(keepwell, tmp_path, plain):
    plain(tmp_path / "o.keepwell")
    (tmp_path / "o.csv").write_text(GOOD)
    assert keepwell("run", "o.csv", "--json")[0] == 0
    status, _, error = keepwell("explain", "c99")
    assert status == 2
    assert "c9" in error
    assert keepwell("explain", "c9", "--json")[0] == 0


def test_export_to_an_unknown_kind_of_file_names_the_kinds(keepwell, tmp_path, plain):
    plain(tmp_path / "o.keepwell")
    (tmp_path / "o.csv").write_text(GOOD)
    keepwell("run", "o.csv", "--json")
    status, _, error = keepwell("export", "values", "--to", "values.doc")
    assert status == 2
    assert ".xlsx" in error
