"""The made run, for the tests of the charts."""

import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "report"


@pytest.fixture(scope="session")
def made():
    """The module that makes a plausible run from a seed."""
    spec = importlib.util.spec_from_file_location("keepwell_tests_made", HERE / "made.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
