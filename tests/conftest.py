"""What all tests share: the two engines, and the real files where they are to be found."""

from pathlib import Path

import pytest

from keepwell.engine.duck import DuckEngine
from keepwell.errors import ConfigError

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


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
