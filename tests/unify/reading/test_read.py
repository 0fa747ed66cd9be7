"""Whole files: the real ones, the broken ones, and those that are none."""

import csv
import errno
import gzip
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keepwell.errors import ConfigError, ConservationError, DataError
from keepwell.unify.reading import RawFile, read, sink, text

HEADER = b"customer_id,date,amount\n"


@pytest.mark.parametrize(
    ("name", "rows", "columns", "encoding", "delimiter", "header_line"),
    [
        ("cdnow/CDNOW_master.txt", 69_659, 4, "utf-8", " ", 1),
        ("cdnow/CDNOW_sample.txt", 6_919, 5, "utf-8", " ", 0),
        ("cdnow/donations.csv", 22, 4, "utf-8", ",", 1),
        ("hillstrom/hillstrom.csv", 64_000, 12, "utf-8", ",", 1),
        ("online_retail/online_retail.csv.gz", 541_909, 8, "utf-8", ",", 1),
        ("telco_churn/Telco_customer_churn_services.csv", 7_043, 30, "utf-8", ",", 1),
        ("adventureworks/AdventureWorks_Sales_2017.csv", 29_481, 8, "utf-8", ",", 1),
        ("adventureworks/AdventureWorks_Customers.csv", 18_148, 13, "cp1252", ",", 1),
    ],
)
def test_every_row_of_the_real_files_is_read(shelf, shared_data, name, rows, columns, encoding, delimiter, header_line):
    raw = shelf.file(shared_data / name)
    assert (raw.rows, raw.bad_rows, len(raw.header)) == (rows, 0, columns)
    assert (raw.encoding, raw.delimiter, raw.header_line) == (encoding, delimiter, header_line)


@pytest.mark.parametrize("name", ["Customers.csv", "Products.csv", "Returns.csv", "Sales_2015.csv", "Territories.csv"])
def test_adventureworks_is_what_pythons_csv_module_reads(shelf, rows_of, shared_data, name):
    path = shared_data / "adventureworks" / f"AdventureWorks_{name}"
    with path.open(encoding="latin-1", newline="") as file:
        header, *rows = csv.reader(file)
    raw = shelf.file(path)
    assert list(raw.header) == header
    assert [row[1:] for row in rows_of(raw)] == [tuple(cell.strip() or None for cell in row) for row in rows]


def test_a_byte_order_mark_is_no_part_of_the_first_name(shelf, shared_data):
    raw = shelf.file(shared_data / "telco_churn" / "Telco_customer_churn_status.csv")
    assert raw.header[0] == "Customer_ID"


def test_cdnow_keeps_its_money(shelf, rows_of, shared_data):
    # 2,500,315.63 is the total that Fader and Hardie's data set is known by.
    rows = rows_of(shelf.file(shared_data / "cdnow" / "CDNOW_master.txt"))
    assert sum(round(100 * float(row[4])) for row in rows) == 250_031_563
    assert [row[0] for row in rows] == list(range(2, 69_661))


def test_a_raw_file_survives_json(shelf, tmp_path):
    raw = shelf.bytes(HEADER + b"ann,2024-01-01,5\nann,2024-01-02\n")
    assert raw.bad_path is not None
    written = json.loads(json.dumps(raw.to_json(tmp_path)))
    assert not Path(written["path"]).is_absolute()
    assert RawFile.from_json(written, tmp_path) == raw


def test_a_raw_file_is_named_by_its_bytes(shelf):
    first = shelf.bytes(HEADER + b"ann,2024-01-01,5\n", name="a.csv")
    again = shelf.bytes(HEADER + b"ann,2024-01-01,5\n", name="b.csv")
    other = shelf.bytes(HEADER + b"ann,2024-01-01,6\n", name="c.csv")
    assert first.digest == again.digest != other.digest
    assert (first.name, first.source, first.kind) == ("a.csv", "shop", "text")
    assert first.arrived == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_a_gzip_is_read_as_what_it_holds(shelf, rows_of):
    data = HEADER + b"ann,2024-01-01,5\nbob,2024-01-02,7\n"
    raw = shelf.bytes(gzip.compress(data), name="orders.csv.gz")
    assert rows_of(raw) == [(2, "ann", "2024-01-01", "5"), (3, "bob", "2024-01-02", "7")]


PROSE = b"Dear Sir,\nthank you, kindly, for the offer.\nWe, that is I, you, and they, agree.\nGood bye\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n \n\n", "blank lines"),
        (b"\xef\xbb\xbf", "blank lines"),
        (HEADER, "header and no rows"),
        (HEADER + b"\n\n", "header and no rows"),
        (b"customer_id\nann\nbob\n", "one column only, 'customer_id'"),
        (PROSE, "no table"),
        (b"<!DOCTYPE html>\n<html><body>a,b</body></html>", "HTML"),
        (b'{"orders": [1, 2]}', "JSON"),
        (b'[\n  {"id": 1}]', "JSON has one name only"),
        (b'{"id": 1, "x": ', "damaged JSON"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"),
        (b"PK\x03\x04" + bytes(100), "ZIP"),
        (bytes(range(32)) * 100, "no text"),
        (gzip.compress(HEADER * 500, mtime=0)[:-30], "gzip"),
        (gzip.compress(b"", mtime=0), "holds nothing"),
        (b"PAR1" + bytes(50), "Parquet file is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook is damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(shelf, data, said):
    with pytest.raises(DataError, match=said) as caught:
        shelf.bytes(data, name="orders")
    assert caught.value.where
    assert caught.value.mend.endswith(".")
    assert not list(shelf.folder.glob("inbox/*"))


def test_a_missing_file_names_its_neighbours(shelf):
    (shelf.folder / "order.csv").write_bytes(HEADER)
    with pytest.raises(DataError, match=r"there is no file 'orders.csv'.*order\.csv"):
        shelf.file(shelf.folder / "orders.csv")


def test_a_folder_is_refused(shelf):
    with pytest.raises(DataError, match="is a folder"):
        shelf.file(shelf.folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_refused(shelf):
    os.mkfifo(shelf.folder / "pipe.csv")
    with pytest.raises(DataError, match="no ordinary file"):
        shelf.file(shelf.folder / "pipe.csv")


def test_a_file_that_may_not_be_read_is_refused(shelf, monkeypatch):
    path = shelf.folder / "orders.csv"
    path.write_bytes(HEADER)
    path.chmod(0)
    if os.access(path, os.R_OK):  # the superuser may read all

        def refuse(*_, **__):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match="may not be read"):
        shelf.file(path)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(shelf, monkeypatch, number):
    def fail(*_, **__):
        raise OSError(number, "No space left on device")

    monkeypatch.setattr(sink.pq.ParquetWriter, "write_table", fail)
    with pytest.raises(DataError, match="no space left on the disk"):
        shelf.bytes(HEADER + b"ann,2024-01-01,5\n")
    assert not list(shelf.folder.glob("inbox/*"))
    assert not list(shelf.folder.glob("inbox/.*"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_really_is_full_is_a_sentence(tmp_path):
    with (
        pytest.raises(DataError, match="no space left"),
        sink.space_on_disk(tmp_path),
        Path("/dev/full").open("wb") as f,
    ):
        f.write(b"x" * 100_000)


def test_a_folder_that_cannot_be_made_is_a_sentence(shelf):
    (shelf.folder / "inbox").write_bytes(b"a file, not a folder")
    with pytest.raises(DataError, match="nothing can be written"):
        shelf.bytes(HEADER + b"ann,2024-01-01,5\n")


def test_a_file_that_changes_while_it_is_read_is_refused(shelf, monkeypatch):
    def grow(path):
        with path.open("ab") as file:
            file.write(b"bob,2024-01-02,7\n")
        return "0123456789abcdef"

    monkeypatch.setattr(read, "digest_of", grow)
    with pytest.raises(DataError, match="changed while it was read"):
        shelf.bytes(HEADER + b"ann,2024-01-01,5\n")
    assert not list(shelf.folder.glob("inbox/*"))


def test_reading_again_without_faults_forgets_the_earlier_ones(shelf):
    data = b"a;b,c\n1;2,3\n4;5,6\n7;8\n"
    first = shelf.bytes(data, delimiter=",")
    assert first.bad_rows == 1
    again = shelf.bytes(data, delimiter=";")
    assert (again.rows, again.bad_path) == (3, None)
    assert not first.bad_path.exists()


def test_a_lost_record_stops_the_reading(shelf, monkeypatch):
    def forget(tally, scanner):
        tally.rows += scanner.count(text.rules.GOOD) - 1

    monkeypatch.setattr(text, "_add", forget)
    with pytest.raises(ConservationError, match="of 2 lines below the header 1 were accounted for"):
        shelf.bytes(HEADER + b"ann,2024-01-01,5\nbob,2024-01-01,5\n")
    assert not list(shelf.folder.glob("inbox/*"))


@pytest.mark.parametrize(
    "options",
    [{"encoding": "klingon"}, {"encoding": "base64"}, {"delimiter": "ab"}, {"delimiter": '"'}, {"memory": "9"}],
)
def test_an_impossible_option_is_the_users_mistake(shelf, options):
    with pytest.raises(ConfigError):
        shelf.bytes(HEADER + b"ann,2024-01-01,5\n", **options)
