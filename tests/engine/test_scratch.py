"""Scratch files are gone with the process that made them, however it ended."""

import os
import subprocess
import sys
import tempfile

from keepwell.engine.scratch import Scratch

KILLED = """
import os, signal
from keepwell.engine.scratch import Scratch
scratch = Scratch()
(scratch.folder / "0.parquet").write_text("ann@example.com")
print(scratch.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_deleted_by_the_next_and_the_living_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "keepwell-elsewhere-999999-x").mkdir()  # of another machine
    living = Scratch()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, check=False
    )
    left = killed.stdout.decode().strip()
    assert os.path.dirname(left) == str(tmp_path)
    assert os.path.exists(left)
    new = Scratch(tmp_path / "own")
    assert not os.path.exists(left)
    assert living.folder.exists()
    assert (tmp_path / "keepwell-elsewhere-999999-x").exists()
    for scratch in (living, new):
        scratch.close()
        assert not scratch.folder.exists()
