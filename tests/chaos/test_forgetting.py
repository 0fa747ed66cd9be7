"""Killed at any moment of forgetting or adding, nothing is half done: the next writer finishes it, or it never was.

`make chaos` kills at 50 random moments and at every fault point; the usual tests at two of forgetting, one of adding.
"""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from keepwell.store import Workspace, entries, find, finished
from keepwell.store.records import RecordBook

KILLED = signal.SIGKILL  # as a wait status
FEW_POINTS = ("inside journal", "after rewritten run")
COMMIT = "after journal"  # from this point on it will be finished


class Driver:
    """The process that forks; see driver.py."""

    def __init__(self, base, folder, files) -> None:
        self.base, self.folder, self.files, self._number = base, folder, files, 0
        script = Path(__file__).with_name("driver.py")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, str(script)], **pipes)
        assert self._process.stdout.readline() == "ready\n"

    def copy(self):
        """Return a fresh copy of the workspace."""
        self._number += 1
        folder = self.folder / f"w{self._number}"
        shutil.copytree(self.base, folder)
        return folder

    def do(self, what, workspace, *, kill_after=None, file=None, **environment):
        """Do it in a child; return its wait status: 0 or 9."""
        order = {"what": what, "folder": str(workspace), "file": str(file or self.files[0]), "who": "ann@example.com"}
        order |= {"environment": environment, "kill_after": kill_after}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def points(self, what, *, file=None):
        """Return the fault points that `what` passes, and how many seconds it takes."""
        workspace, listing = self.copy(), self.folder / f"points of {what}"
        begun = time.perf_counter()
        assert self.do(what, workspace, file=file, KEEPWELL_FAULT_LIST=str(listing)) == 0
        return list(dict.fromkeys(listing.read_text().splitlines())), time.perf_counter() - begun

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def driver(peopled_once, peopled, tmp_path_factory):
    folder = tmp_path_factory.mktemp("chaos-of-forgetting")
    one = Driver(peopled_once, folder, peopled.files(folder / "given"))
    yield one
    one.close()


def named(workspace, peopled):
    """Return whether Ann stands in the inbox and in the current run: all of her, or nothing of her."""
    run = find(workspace)
    tables = ("customers", "people", "values", "order_lines", "plan")
    ids = {r["customer_id"] for r in pq.read_table(run.path("people")).to_pylist() if r["number"] == "K1"}
    seen = [bool(ids) and any(r["customer_id"] in ids for r in pq.read_table(run.path(t)).to_pylist()) for t in tables]
    assert len(set(seen)) == 1, dict(zip(tables, seen, strict=True))
    return seen[0]


def check_a_reader_sees_one_state(folder, peopled):
    """Whatever happened, who opens the workspace now reads whole runs, and one of them throughout."""
    workspace = Workspace.open(folder)
    for run in finished(workspace):
        assert run.manifest()["run"] == run.manifest()["summary"]["run"] == run.id
        for table in run.tables():
            pq.read_metadata(run.path(table))
    return named(workspace, peopled)


def check_the_next_writer_finishes(driver, folder, peopled, *, committed):
    assert driver.do("add", folder, file=driver.files[1]) == 0
    workspace = Workspace.open(folder)
    assert not (folder / "forgetting.json").exists()
    assert not [path.name for path in (folder / "runs").iterdir() if path.name.startswith(".")]
    listed = {
        workspace.inbox / path
        for entry in entries(workspace.inbox)
        for path in (entry["path"], entry["bad_path"])
        if path
    }
    assert set(workspace.inbox.rglob("*.parquet")) == listed
    assert named(workspace, peopled) != committed
    assert bool(RecordBook(folder).decided().forgotten) == committed
    if committed:
        left = [p for p, text in peopled.everything_in(folder).items() if "ann@example.com" in text.lower()]
        assert left == []
        assert len(finished(workspace)) == 1


@pytest.mark.slow
def test_killed_at_a_fault_point_of_forgetting_it_is_finished_or_never_was(driver, peopled, pytestconfig):
    if pytestconfig.getoption("--chaos-rounds"):
        points, _ = driver.points("forget")
        assert {*FEW_POINTS, COMMIT} <= set(points)
    else:
        points = list(FEW_POINTS)
    order = {point: place for place, point in enumerate(points)}
    for point in points:
        folder = driver.copy()
        assert driver.do("forget", folder, KEEPWELL_FAULT=point) == KILLED, point
        check_a_reader_sees_one_state(folder, peopled)
        committed = order[point] >= order.get(COMMIT, 1)
        check_the_next_writer_finishes(driver, folder, peopled, committed=committed)


@pytest.mark.slow
def test_killed_at_random_moments_of_forgetting_it_is_finished_or_never_was(driver, peopled, pytestconfig):
    rounds = pytestconfig.getoption("--chaos-rounds")
    if not rounds:
        pytest.skip("random moments are for `make chaos`")
    _, seconds = driver.points("forget")
    draw, killed = random.Random(5), 0  # noqa: S311 no secret
    for _ in range(rounds):
        folder = driver.copy()
        status = driver.do("forget", folder, kill_after=draw.uniform(0.3 * seconds, seconds))
        killed += status == KILLED
        check_a_reader_sees_one_state(folder, peopled)
        book = RecordBook(folder).decided()
        committed = (folder / "forgetting.json").exists() or bool(book.forgotten)
        check_the_next_writer_finishes(driver, folder, peopled, committed=committed)
        shutil.rmtree(folder)
    assert killed > rounds // 4


@pytest.mark.slow
def test_killed_while_it_adds_all_files_are_in_or_none(driver, peopled, pytestconfig, tmp_path):
    new = tmp_path / "new.csv"
    new.write_text("order id,customer id,date,amount\n2001,K9,2024-05-05,5.00\n")
    every = pytestconfig.getoption("--chaos-rounds")
    points = driver.points("add", file=new)[0] if every else ["inside inbox entry"]
    for point in points:
        folder = driver.copy()
        before = {entry["digest"] for entry in entries(folder / "inbox")}
        assert driver.do("add", folder, file=new, KEEPWELL_FAULT=point) == KILLED, point
        came = {entry["digest"] for entry in entries(folder / "inbox")} - before
        assert len(came) == (point == "after inbox entry"), point
        assert driver.do("add", folder, file=new) == 0
        assert len({entry["digest"] for entry in entries(folder / "inbox")} - before) == 1
        assert check_a_reader_sees_one_state(folder, peopled)
