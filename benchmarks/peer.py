"""The peer, in an environment of its own that is made the first time."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEER = "lifetimes 0.11.3"


def python() -> Path:
    """Return the Python that has the peer; install it first where it is missing."""
    folder = HERE / ".venv-peer"
    ready, found = folder / ".ready", folder / "bin" / "python"
    if not ready.exists():
        print(f"installing {PEER} into {folder.name}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([found, "-m", "pip", "install", "-q", "lifetimes==0.11.3", "pyarrow"], check=True)
        ready.touch()
    return found
