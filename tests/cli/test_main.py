"""The command line answers at once, and says what is wrong in one sentence."""

import json
import subprocess
import sys

import pytest

from keepwell.cli.main import app

HEAVY = {
    "numpy",
    "ibis",
    "duckdb",
    "numba",
    "scipy",
    "pyarrow",
    "pandas",
    "plotly",
    "pydantic",
    "jinja2",
    "rich",
    "pyspark",
}


def keepwell(*arguments, cwd=None, env=None):
    command = [sys.executable, "-m", "keepwell", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=300)


def test_help_loads_nothing_heavy():
    code = "import sys, keepwell.cli.main; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_every_command_says_what_it_does():
    assert all((command.callback.__doc__ or "").strip() for command in app.registered_commands)


def test_the_version_is_printed():
    assert keepwell("--version").stdout.startswith("keepwell ")


def test_a_missing_file_is_a_sentence_and_exit_2(tmp_path):
    done = keepwell("run", "nothing.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert "nothing.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_json_where_json_was_asked_for(tmp_path):
    done = keepwell("run", "nothing.csv", "--json", cwd=tmp_path)
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["exit"]) == (2, 2)
    assert error["problem"]
    assert error["mend"]


@pytest.mark.parametrize(
    "arguments", [["run", "--margin", "abc"], ["run", "--nonsense"], ["explain"], ["export", "values"], ["nonsense"]]
)
def test_a_wrong_option_is_json_where_json_was_asked_for(tmp_path, arguments):
    done = keepwell(*arguments, "--json", cwd=tmp_path)
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["exit"]) == (2, 2)
    assert error["problem"]
    assert error["mend"]


def test_files_of_two_years_get_two_workspaces(tmp_path):
    for year in (2023, 2024):
        (tmp_path / f"orders.{year}.csv").write_text(f"customer_id,date,amount\nann,{year}-01-05,10\n")
        assert keepwell("add", f"orders.{year}.csv", cwd=tmp_path).returncode == 0
    assert sorted(path.name for path in tmp_path.glob("*.keepwell")) == ["orders.2023.keepwell", "orders.2024.keepwell"]


@pytest.mark.parametrize(
    "arguments", [["explain", "17850"], ["export", "values", "--to", "v.csv"], ["runs"], ["run"], ["add"], ["inbox"]]
)
def test_without_a_workspace_a_command_says_so(tmp_path, arguments):
    done = keepwell(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "workspace" in done.stderr


def test_a_margin_that_is_none_is_refused(tmp_path):
    (tmp_path / "orders.csv").write_text("customer_id,date,amount\na,2024-01-01,5\n")
    done = keepwell("run", "orders.csv", "--margin", "1.5", cwd=tmp_path)
    assert done.returncode == 2
    assert "margin" in done.stderr


def test_a_map_without_an_equals_sign_is_refused(tmp_path):
    (tmp_path / "orders.csv").write_text("a,b,c\na,2024-01-01,5\n")
    done = keepwell("run", "orders.csv", "--map", "a", cwd=tmp_path)
    assert done.returncode == 2
    assert "column=field" in done.stderr


@pytest.mark.parametrize("place", ["nowhere/report.html", "folder"])
def test_a_report_that_cannot_be_written_there_is_a_sentence(tmp_path, place):
    (tmp_path / "folder").mkdir()
    done = keepwell("report", "--to", place, cwd=tmp_path)
    assert done.returncode == 2
    assert "folder" in done.stderr
    assert "fault" not in done.stderr


def test_every_answer_is_one_json_object(tmp_path):
    (tmp_path / "orders.csv").write_text("customer_id,date,amount\na,2024-01-01,5\nb,2024-02-01,5\n")
    for arguments, name in ((["check", "orders.csv"], "files"), (["add", "orders.csv"], "files"), (["runs"], "runs")):
        assert list(json.loads(keepwell(*arguments, "--json", cwd=tmp_path).stdout)) == [name]
