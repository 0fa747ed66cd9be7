"""The inbox: every file once, in order of arrival."""

import pytest

from keepwell.errors import DataError
from keepwell.store import entries, inbox, put


@pytest.fixture
def staged(tmp_path):
    folder = tmp_path / "staged"
    folder.mkdir()

    def make(digest, *, arrived="2026-01-01T00:00:00+00:00", delimiter=",", bad=False, source="main"):
        (folder / "rows.parquet").write_text(f"{digest} {delimiter}")
        if bad:
            (folder / "bad.parquet").write_text("bad")
        return {
            "digest": digest,
            "source": source,
            "name": "orders.csv",
            "arrived": arrived,
            "delimiter": delimiter,
            "path": "rows.parquet",
            "bad_path": "bad.parquet" if bad else None,
        }

    make.folder = folder
    return make


def test_what_is_put_in_is_listed_with_its_files(tmp_path, staged):
    entry = put(tmp_path / "inbox", staged("aa", bad=True), staged=staged.folder)
    assert entries(tmp_path / "inbox") == [entry]
    assert entry["path"] == "main/aa.parquet"
    assert (tmp_path / "inbox" / entry["path"]).read_text() == "aa ,"
    assert (tmp_path / "inbox" / entry["bad_path"]).read_text() == "bad"


def test_the_same_file_twice_is_one_entry_with_its_first_arrival(tmp_path, staged):
    first = put(tmp_path / "inbox", staged("aa"), staged=staged.folder)
    again = put(tmp_path / "inbox", staged("aa", arrived="2027-01-01T00:00:00+00:00"), staged=staged.folder)
    assert again == first
    assert len(list((tmp_path / "inbox").rglob("*.parquet"))) == 1


def test_entries_stand_in_order_of_arrival(tmp_path, staged):
    for digest, year in (("aa", 2026), ("bb", 2024), ("cc", 2025)):
        put(tmp_path / "inbox", staged(digest, arrived=f"{year}-01-01T00:00:00+00:00"), staged=staged.folder)
    assert [entry["digest"] for entry in entries(tmp_path / "inbox")] == ["bb", "cc", "aa"]


def test_another_reading_of_the_same_bytes_stands_beside_the_first(tmp_path, staged):
    first = put(tmp_path / "inbox", staged("aa", bad=True), staged=staged.folder)
    later = staged("aa", delimiter=";", arrived="2027-01-01T00:00:00+00:00")
    second = put(tmp_path / "inbox", later, staged=staged.folder)
    third = put(tmp_path / "inbox", staged("aa", delimiter="|"), staged=staged.folder)
    assert [entry["path"] for entry in (first, second, third)] == [f"main/aa{n}.parquet" for n in ("", "-2", "-3")]
    assert second["arrived"] == first["arrived"]
    assert entries(tmp_path / "inbox") == [third]
    inbox.sweep(tmp_path / "inbox")
    assert (tmp_path / "inbox" / first["path"]).read_text() == "aa ,"
    assert (tmp_path / "inbox" / first["bad_path"]).exists()


def test_rows_without_an_entry_are_swept(tmp_path, staged):
    kept = put(tmp_path / "inbox", staged("aa"), staged=staged.folder)
    (tmp_path / "inbox" / "main" / "bb.parquet").touch()
    inbox.sweep(tmp_path / "inbox")
    assert [p.name for p in (tmp_path / "inbox" / "main").glob("*.parquet")] == ["aa.parquet"]
    assert entries(tmp_path / "inbox") == [kept]


@pytest.mark.parametrize("source", ["", "..", ".hidden", "a/b", "a\\b"])
def test_a_source_that_would_leave_the_inbox_is_refused(tmp_path, staged, source):
    with pytest.raises(DataError, match="cannot name a source"):
        put(tmp_path / "inbox", staged("aa", source=source), staged=staged.folder)
