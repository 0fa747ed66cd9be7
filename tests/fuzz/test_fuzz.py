"""No file, however damaged, ends in a traceback, hangs, or loses a row: read, recognised and typed.

`--fuzz-files 20000` makes as many damaged files; without it a few hundred are read and some of them typed. Files that
once broke something are kept in `corpus/`.
"""

import importlib.util
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from keepwell.engine.duck import DuckEngine
from keepwell.errors import ConservationError, KeepwellError
from keepwell.settings import Reading, Settings
from keepwell.unify.facts import told
from keepwell.unify.lists import listed
from keepwell.unify.reading import read_file
from keepwell.unify.recognise import recognised
from keepwell.unify.sales import sales
from keepwell.unify.subscriptions import subscribed
from keepwell.unify.understanding import understood

CORPUS = Path(__file__).parent / "corpus"
FEW = 220  # files in the suite, of which every twentieth is typed
TOLD = 500  # files after which a long run says how far it is
LONGEST = 10.0  # seconds of computing a file
PARTS = ("gross", "shipping", "tax", "other")


def loaded(path):
    spec = importlib.util.spec_from_file_location(f"keepwell_fuzz_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKING = loaded(Path(__file__).parent / "mutations.py")
ALL = loaded(Path(__file__).parents[1] / "samples.py")
SAMPLES = {**ALL.SAMPLES, **ALL.GENERIC}


def typed_rows(file, how, engine):
    zone = "UTC"
    role = file.recognition.role
    if role == "sales":
        return sales(file, how, engine, zone=zone, products=None, compared=True)
    if role == "subscriptions":
        return subscribed(file, how, engine, zone=zone, order=0)
    if role in ("products", "customers"):
        return listed(file, how, engine, order=0)
    return told(file, how, engine, zone=zone, order=0)


def read(path, folder):
    """Read a file, and ask both written files for all rows."""
    raw = read_file(
        path, reading=Reading(), into=folder, source="main", arrived=datetime(2026, 11, 22, tzinfo=UTC), memory="256MB"
    )
    numbers = [pq.read_table(p, columns=["line"])["line"] for p in (raw.path, raw.bad_path) if p is not None]
    lines = [line for column in numbers for line in column.to_pylist()]
    assert len(lines) == len(set(lines)) == raw.rows + raw.bad_rows, "a row is not there, or two have one line"
    recognised(raw, Reading())
    return raw


def typed(raw, engine, folder):
    """Type all rows of a file, and count them and their money."""
    rows = 0
    for number, (file, how) in enumerate(understood([raw], Settings(), engine)):
        out = folder / f"typed{number}.parquet"
        engine.write(typed_rows(file, how, engine), out)
        table = pq.read_table(out)
        assert len(pc.unique(table["line"])) == len(table), "two typed rows have one line"
        if file.recognition.role == "sales":
            good = table.filter(pc.is_null(table["fault_reason"]))
            for row in good.select(["money", "discount", "refund", *PARTS]).to_pylist():
                assert row["money"] == sum(row[part] for part in PARTS) - row["discount"] - row["refund"]
        rows += len(table)
    assert rows == raw.rows, f"{raw.rows} rows were read and {rows} typed"


def judge(data, name, engine, folder, *, whole):
    """Return what is wrong with how a file was met; '' where nothing is."""
    path = folder / name
    path.write_bytes(data)
    began = time.process_time()
    try:
        raw = read(path, folder)
        if whole:
            typed(raw, engine, folder)
    except ConservationError as error:
        return f"lost: {error}"
    except KeepwellError as error:
        return "" if str(error).strip() else "an error without a word"
    except Exception as error:  # noqa: BLE001 any of them is a failure
        return f"{type(error).__name__}: {str(error)[:300]}"
    spent = time.process_time() - began
    return f"{spent:.1f} s" if spent > LONGEST else ""


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    engine = DuckEngine(memory="512MB", threads=1, scratch=folder / "scratch")
    yield engine, folder
    engine.close()


def test_damaged_files_are_met_with_a_sentence_and_every_row_is_accounted_for(fuzzed, request):
    engine, folder = fuzzed
    asked = request.config.getoption("--fuzz-files", default=None)
    first = request.config.getoption("--fuzz-first", default=0)
    wrong = {}
    for number in range(first, first + (asked or FEW)):
        name, data = MAKING.mutated(number, SAMPLES)
        fault = judge(data, SAMPLES[name].file, engine, folder, whole=bool(asked) or number % 20 == 0)
        if fault:
            wrong[f"{number} ({name})"] = fault
            print(number, name, fault, flush=True)  # noqa: T201 a long run tells as it goes
        if asked and (number + 1 - first) % TOLD == 0:
            print(f"{number + 1 - first:,} files", flush=True)  # noqa: T201
    assert not wrong


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*")), ids=lambda path: path.name)
def test_what_once_broke_is_met(path, fuzzed):
    engine, folder = fuzzed
    assert judge(path.read_bytes(), path.name, engine, folder, whole=True) == ""


def test_good_files_pass_whole(fuzzed):
    engine, folder = fuzzed
    sample = SAMPLES["generic"]
    path = folder / sample.file
    path.write_bytes(sample.data)
    typed(read(path, folder), engine, folder)
