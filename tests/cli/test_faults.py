"""An error of the surroundings is the user's to mend (2); a fault of ours is 1; neither shows a traceback."""

import errno
import json
import subprocess
import sys

import pytest

from keepwell.cli import faults
from keepwell.errors import ConservationError, DataError


def raising(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DataError("bad", "row 4", "Mend it."), 2),
        (ConservationError("lost"), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_status(error, status, capsys, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    with pytest.raises(SystemExit) as stopped:
        faults.watched(raising(error), json=False)
    assert stopped.value.code == status
    assert capsys.readouterr().err.startswith("error: ")


def test_a_fault_of_ours_is_one_sentence_and_a_file(tmp_path):
    code = "from keepwell.cli import faults\nfaults.watched(lambda: 1 / 0, json={})"
    for json_asked in (False, True):
        done = subprocess.run(
            [sys.executable, "-c", code.format(json_asked)],
            capture_output=True,
            text=True,
            env={"TMPDIR": str(tmp_path)},
        )
        said = json.loads(done.stdout)["error"]["mend"] if json_asked else done.stderr
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert str(tmp_path) in said
    assert all("ZeroDivisionError" in file.read_text() for file in tmp_path.iterdir())
