"""Every command shown in README and docs is run, and its output compared where output is shown.

A block marked ```console is a session: lines after `$ ` are run in a shell in one temporary folder per page, and what
follows is expected, with `...` standing for anything. A block ```csv title="name" is a file that the session finds.
"""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(console|csv title=\"([^\"]+)\")\n(.*?)^```", re.MULTILINE | re.DOTALL)


def steps(page):
    """Yield (file name, content) or (command, expected output) in the order of the page."""
    for kind, name, body in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind != "console":
            yield "file", name, body
            continue
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            yield "command", command, expected


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any(steps(p))], ids=lambda p: p.name)
def test_commands_do_what_the_page_shows(page, tmp_path):
    surroundings = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "100"}
    for kind, text, expected in steps(page):
        if kind == "file":
            (tmp_path / text).write_text(expected, encoding="utf-8")
            continue
        done = subprocess.run(text, shell=True, cwd=tmp_path, env=surroundings, capture_output=True, text=True)  # noqa: S602
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        if expected.strip():
            same = doctest.OutputChecker().check_output(
                expected.strip() + "\n", done.stdout.strip() + "\n", doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
            )
            assert same, f"{text} printed\n{done.stdout}\nand the page shows\n{expected}"
