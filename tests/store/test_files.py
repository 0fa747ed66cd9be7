"""A crash leaves the old or the new."""

import os
import subprocess
import sys

import pytest

from keepwell.store.files import removed, replaced

DRIVER = """
import pathlib, sys
from keepwell.store.files import replaced
replaced(pathlib.Path(sys.argv[1]), "new", what="it")
"""


@pytest.mark.parametrize(("moment", "left"), [("before it", "old"), ("inside it", "old"), ("after it", "new")])
def test_a_kill_leaves_the_old_or_the_new(tmp_path, moment, left):
    path = tmp_path / "file"
    path.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(path)], env=os.environ | {"KEEPWELL_FAULT": moment}, check=False
    )
    assert done.returncode == -9
    assert path.read_text() == left


def test_the_moments_passed_can_be_listed(tmp_path, monkeypatch):
    monkeypatch.setenv("KEEPWELL_FAULT_LIST", str(tmp_path / "list"))
    replaced(tmp_path / "file", "new", what="it")
    assert (tmp_path / "list").read_text().splitlines() == ["before it", "inside it", "after it"]


def test_removing_takes_files_folders_and_nothing(tmp_path):
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "file").touch()
    for name in ("folder", "file", "nothing"):
        removed(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
