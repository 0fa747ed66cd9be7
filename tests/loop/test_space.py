"""A full disk is a sentence, and what was complete stays."""

import errno
import shutil
import subprocess
import sys

import pytest

from keepwell.errors import DataError, WorkspaceError
from keepwell.loop.space import told_when_full

# Runs on a small disk of its own: a run, then a full disk, then room again.
SCRIPT = """
import sys
from pathlib import Path
import keepwell

disk, orders = Path(sys.argv[1]), sys.argv[2]
(disk / "w").mkdir()
(disk / "w" / "keepwell.toml").write_text("[predict]\\nchallenger = false\\nseason = false\\ncovariates = []\\n")
shop = keepwell.open(disk / "w", create=True)
options = {"memory": "512MB", "threads": 2, "draws": 64}
first = shop.run(orders, **options)["run"]
filler = disk / "filler"
with filler.open("wb", buffering=0) as file:
    try:
        while file.write(b"x" * 4096):
            pass
    except OSError:
        file.truncate(file.tell() - 200_000)
try:
    shop.run(orders, **options)
except keepwell.WorkspaceError as error:
    print(error)
left = sorted(path.name for path in (disk / "w").iterdir())
assert left == [".lock", "current", "inbox", "keepwell.toml", "reports", "runs", "workspace.json"], left
assert keepwell.open(disk / "w").summary()["run"] == first
filler.unlink()
assert shop.run(orders, **options)["run"] > first
print("ran again")
"""


@pytest.mark.parametrize("kind", [errno.ENOSPC, errno.EDQUOT])
def test_an_error_of_the_system_is_told(tmp_path, kind):
    with pytest.raises(WorkspaceError, match="no space left on the disk"), told_when_full(tmp_path):
        raise OSError(kind, "full")


def test_an_engines_own_error_is_told(tmp_path):
    with pytest.raises(WorkspaceError, match="no space left"), told_when_full(tmp_path):
        raise RuntimeError("IO Error: Could not write file: No space left on device")


def test_other_errors_pass_as_they_are(tmp_path):
    for error in (OSError(errno.EACCES, "no"), DataError("No space left on device, they say")):
        with pytest.raises(type(error)) as caught, told_when_full(tmp_path):
            raise error
        assert caught.value is error


@pytest.mark.slow
def test_a_run_on_a_full_disk_leaves_the_last_one_whole(tmp_path, orders_csv):
    mounted = 'mount -t tmpfs -o size=16m none "$0" && exec "$@"'
    own = ["unshare", "--map-root-user", "--mount", "sh", "-c", mounted, str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    command = [*own, sys.executable, "-c", SCRIPT, str(tmp_path), str(orders_csv)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no space left on the disk" in done.stdout
    assert "ran again" in done.stdout
