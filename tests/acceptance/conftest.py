"""The command line in this process: quick, and with its exit status."""

import json
import sys

import pytest

from keepwell.cli import faults
from keepwell.cli.main import app


@pytest.fixture
def keepwell(tmp_path, monkeypatch, capsys):
    """Call a command in an empty folder; returns (exit status, what --json printed or None, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)

    def call(*arguments):
        asked = [str(a) for a in arguments]
        monkeypatch.setattr(sys, "argv", ["keepwell", *asked])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            faults.watched(lambda: app(asked), json="--json" in asked)
        said = capsys.readouterr()
        code = ended.value.code or 0
        return code, json.loads(said.out) if "--json" in asked and said.out else said.out, said.err

    return call
