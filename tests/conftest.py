"""What all tests share: the two engines, and the real files where they are to be found."""

import importlib.util
import os
import random
from datetime import date, timedelta
from pathlib import Path

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line has it; before numpy is loaded

from keepwell.engine.duck import DuckEngine
from keepwell.errors import ConfigError
from keepwell.settings import merged

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
MADE = Path(__file__).parent / "report" / "made.py"
# A run whose forecast is not what is tested takes a third of the time with the purchase models alone.
PLAIN = {"challenger": False, "season": False, "covariates": []}
PEOPLED = Path(__file__).parent / "peopled.py"


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """One local Spark for all tests, or a skip with the reason."""
    from keepwell.engine.spark import SparkEngine

    try:
        engine = SparkEngine(memory="1GB", threads=2, scratch=tmp_path_factory.mktemp("spark"))
    except ConfigError as error:
        pytest.skip(str(error))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def duckdb(tmp_path_factory):
    """One DuckDB for all tests."""
    engine = DuckEngine(memory="1GB", threads=2, scratch=tmp_path_factory.mktemp("duckdb"))
    yield engine
    engine.close()


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request):
    """Each engine in turn: every stage function passes the same tests on both."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def shared_data():
    """The folder of real files, or a skip with the reason."""
    if not SHARED.is_dir():
        pytest.skip(f"the real files are not at {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def samples():
    """A small file of every format by its name."""
    return loaded("samples").SAMPLES


def loaded(name):
    """Return a module that lies beside this file."""
    spec = importlib.util.spec_from_file_location(f"keepwell_tests_{name}", Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def plain():
    """Settings for runs whose forecast is not what is tested: of settings, or written into a workspace's folder."""

    def settle(where):
        if not isinstance(where, Path):
            return merged(where, {"predict": PLAIN})
        where.mkdir(parents=True, exist_ok=True)
        lines = [f"{name} = {str(value).lower()}" for name, value in PLAIN.items()]
        (where / "keepwell.toml").write_text("\n".join(["[predict]", *lines]) + "\n")
        return where

    return settle


@pytest.fixture(scope="session")
def made():
    """The module that makes a plausible run from a seed."""
    spec = importlib.util.spec_from_file_location("keepwell_tests_made", MADE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def peopled():
    """The module that makes a small workspace of people who can be told apart, merged and forgotten."""
    spec = importlib.util.spec_from_file_location("keepwell_tests_peopled", PEOPLED)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def peopled_once(peopled, tmp_path_factory):
    """The folder of that workspace, with one finished run; only to be read or copied."""
    folder = tmp_path_factory.mktemp("peopled") / "people.keepwell"
    peopled.workspace(folder)
    return folder


@pytest.fixture(scope="session")
def arrow(made):
    """All tables of a run with a contact cost, as Arrow."""
    return made.run()


@pytest.fixture(scope="session")
def place():
    """A function that puts Arrow tables into an engine."""

    def placed(engine, arrow):
        return {name: engine.table(table.to_batches(), table.schema) for name, table in arrow.items()}

    return placed


def pytest_addoption(parser):
    """How often the chaos tests kill a run at a random moment, and how many damaged files the fuzz tests make."""
    parser.addoption("--fuzz-files", type=int, default=None, help="damaged files, each read, recognised and typed")
    parser.addoption("--fuzz-first", type=int, default=0, help="number of the first of them")
    parser.addoption("--chaos-rounds", type=int, default=None, help="random kills; with it, every fault point too")


@pytest.fixture(scope="session")
def orders_csv(tmp_path_factory):
    """A file of a small shop: 120 customers over two years, a few who come often, rows of nobody, a bad row."""
    draw = random.Random(7)  # noqa: S311 no secret
    rows = []
    for customer in range(120):
        day, gap = date(2023, 1, 1) + timedelta(days=draw.randrange(365)), draw.choice((15, 60, 200, 900))
        while day < date(2024, 12, 31):
            rows.append((day, f"K{customer:03d}" if customer % 20 else "", f"{draw.uniform(5, 120):.2f}"))
            day += timedelta(days=1 + int(draw.expovariate(1 / gap)))
    lines = [f"{n},{who},{day},{amount}" for n, (day, who, amount) in enumerate(sorted(rows), start=1)]
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    path.write_text("\n".join(["order_id,customer_id,date,amount", *lines, "9999,K001,2024-11-31,10.00"]) + "\n")
    return path


def pytest_collection_modifyitems(items):
    """Keep all that needs Spark in one process: a second session costs more than it saves."""
    for item in items:
        if item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.xdist_group("spark"))
