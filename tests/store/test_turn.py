"""One writer at a time; the second says whose turn it is."""

import fcntl
import subprocess
import sys

import pytest

from keepwell.errors import WorkspaceError
from keepwell.store import Workspace, turn

HOLD = """
import pathlib, sys
from keepwell.store import turn
with turn(pathlib.Path(sys.argv[1]), what="run orders.csv"):
    print("holding", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "holding\n"
        yield process
        process.kill()


def test_the_second_waits_and_says_whose_turn_it_is(tmp_path, holder):
    said = []

    def tell(text):
        said.append(text)
        holder.communicate("go on\n", timeout=30)

    with turn(tmp_path, what="add", tell=tell):
        assert holder.returncode == 0
    assert len(said) == 1
    assert "it is the turn of `run orders.csv`" in said[0]
    assert f"process {holder.pid}" in said[0]


def test_a_killed_holder_holds_nothing(tmp_path, holder):
    holder.kill()
    with turn(tmp_path, what="add"):
        assert holder.wait(30) == -9


def test_alone_nothing_is_said(tmp_path):
    said = []
    for _ in range(2):
        with turn(tmp_path, what="run", tell=said.append):
            pass
    assert said == []


def test_waiting_for_one_who_deletes_the_workspace_is_a_sentence(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    holding = (workspace.folder / ".lock").open("w")
    fcntl.flock(holding, fcntl.LOCK_EX)
    holding.write('{"what": "run", "pid": 1, "host": "h", "since": "now"}')
    holding.flush()

    def delete(_):
        workspace.erase_if_unused()
        holding.close()

    with pytest.raises(WorkspaceError, match="deleted meanwhile"), turn(workspace.folder, what="x", tell=delete):
        pass
