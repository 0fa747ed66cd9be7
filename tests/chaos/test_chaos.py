"""Killed at any moment, the workspace opens with the last complete run and the next run succeeds.

`make chaos` kills at 50 random moments and at every fault point; the usual tests at a few of each.
"""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from keepwell.store import Workspace, entries, find, finished, turn
from keepwell.tables import CONTRACTS

FEW_ROUNDS = 2
FEW_POINTS = ("inside inbox entry", "inside current")
KILLED = signal.SIGKILL  # as a wait status


class Driver:
    """The process that forks runs; see driver.py."""

    def __init__(self, folder, orders) -> None:
        self.folder, self._orders, self._number = folder, orders, 0
        script = Path(__file__).with_name("driver.py")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, str(script)], **pipes)
        assert self._process.stdout.readline() == "ready\n"
        self.points, self.seconds = [], 0.0

    def run(self, workspace, *, what="run", kill_after=None, **environment):
        """Run on a file never seen before, or add it; return the wait status: 0 or 9."""
        self._number += 1
        file = self.folder / f"orders{self._number}.csv"
        file.write_text(f"{self._orders}{9999 + self._number},K001,2024-12-01,10.00\n")
        order = {"what": what, "folder": str(workspace), "file": str(file), "kill_after": kill_after}
        order |= {"environment": environment}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def learn(self, workspace):
        """Make a first run whole; note how long one takes, and which fault points it passes."""
        listing = self.folder / "points"
        begun = time.perf_counter()
        assert self.run(workspace, KEEPWELL_FAULT_LIST=str(listing)) == 0
        self.seconds = time.perf_counter() - begun
        self.points = list(dict.fromkeys(listing.read_text().splitlines()))

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def driver(tmp_path_factory, orders_csv):
    one = Driver(tmp_path_factory.mktemp("chaos"), orders_csv.read_text())
    one.learn(one.folder / "w")
    yield one
    one.close()


@pytest.fixture
def workspace(driver):
    return driver.folder / "w"


def check_opens_with_the_last_complete_run(workspace, *, before, status):
    """The run that was current still is, unless the kill came after the flip; and it is whole."""
    opened = Workspace.open(workspace)
    current = find(opened)
    if status == 0:
        assert current.id > before
    elif current.id != before:
        assert current.id == max(run.id for run in finished(opened))
    for run in finished(opened):
        assert run.manifest()["summary"]["run"] == run.id
        assert run.tables() == sorted(CONTRACTS)
    for table in CONTRACTS:
        pq.read_metadata(current.path(table))


def check_nothing_is_left(workspace):
    """All that is there is what a whole workspace has."""
    names = {path.name for path in workspace.iterdir()}
    assert names == {".lock", "workspace.json", "inbox", "runs", "reports", "current"}
    assert {path.name for path in (workspace / "runs").iterdir()} == {
        run.id for run in finished(Workspace.open(workspace))
    }
    files = [path.name for path in (workspace / "inbox" / "main").iterdir()]
    entries = {name.removesuffix(".json") for name in files if name.endswith(".json")}
    assert {name.split(".")[0] for name in files} == entries


def check_the_next_run_succeeds(driver, workspace):
    before = Workspace.open(workspace).current if (workspace / "workspace.json").exists() else None
    assert driver.run(workspace) == 0
    assert Workspace.open(workspace).current != before
    check_nothing_is_left(workspace)


@pytest.mark.slow
def test_killed_at_random_moments_it_opens_with_the_last_complete_run(driver, workspace, pytestconfig):
    rounds = pytestconfig.getoption("--chaos-rounds")
    draw = random.Random(3)  # noqa: S311 no secret
    killed = 0
    for _ in range(rounds or FEW_ROUNDS):
        before = Workspace.open(workspace).current
        status = driver.run(workspace, kill_after=draw.uniform(0, driver.seconds))
        check_opens_with_the_last_complete_run(workspace, before=before, status=status)
        killed += status == KILLED
        if rounds:
            check_the_next_run_succeeds(driver, workspace)
    # Else the runs after this one, at fault points and whole, have to succeed on what it left.
    assert killed > 0


@pytest.mark.slow
def test_killed_at_a_fault_point_it_opens_with_the_last_complete_run(driver, workspace, pytestconfig):
    everyone = pytestconfig.getoption("--chaos-rounds")
    assert set(FEW_POINTS) <= set(driver.points)
    for point in driver.points if everyone else FEW_POINTS:
        before = Workspace.open(workspace).current
        assert driver.run(workspace, KEEPWELL_FAULT=point) == KILLED, point
        check_opens_with_the_last_complete_run(workspace, before=before, status=KILLED)
        flipped = Workspace.open(workspace).current != before
        assert flipped == (point == "after current"), point
        if everyone:
            check_the_next_run_succeeds(driver, workspace)
    check_the_next_run_succeeds(driver, workspace)


def test_killed_while_the_workspace_is_made_the_next_run_makes_it(driver, pytestconfig):
    moments = ("before", "inside", "after") if pytestconfig.getoption("--chaos-rounds") else ("inside",)
    for moment in moments:
        folder = driver.folder / f"new-{moment}"
        assert driver.run(folder, KEEPWELL_FAULT=f"{moment} workspace.json") == KILLED
        assert driver.run(folder, what="add") == 0
        assert len(entries(Workspace.open(folder).inbox)) == 1
        assert not list(folder.glob(".*.part"))


def test_every_write_has_a_point_before_and_after_it(driver):
    tables = {f"{when} table {table}" for table in CONTRACTS for when in ("before", "after")}
    others = ("inbox path", "inbox entry", "run.json", "run folder", "current")
    writes = {f"{when} {what}" for what in others for when in ("before", "after")}
    assert tables | writes <= set(driver.points)


def test_two_at_once_both_succeed_and_each_says_whose_turn_it_is(tmp_path, orders_csv):
    folder = tmp_path / "w"
    files = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for number, file in enumerate(files):
        file.write_text(f"{orders_csv.read_text()}{9999 + number},K001,2024-12-01,10.00\n")
    Workspace.create(folder)
    both = []
    with turn(folder, what="run orders.csv"):
        for file in files:
            command = [sys.executable, "-m", "keepwell", "add", str(file), "--workspace", str(folder)]
            both.append(subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        said = [next(line for line in process.stderr if "it is the turn of" in line) for process in both]
    errors = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert all("it is the turn of `run orders.csv`" in line for line in said), said
    assert {entry["name"] for entry in entries(folder / "inbox")} == {"one.csv", "two.csv"}
