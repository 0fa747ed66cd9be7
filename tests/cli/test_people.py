"""The commands on people: what they print, and that nothing is forgotten without being asked."""

import json
import shutil
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def folder(peopled_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "people.keepwell"
    shutil.copytree(peopled_once, folder)
    return folder


def keepwell(*arguments, cwd, text=None):
    command = [sys.executable, "-m", "keepwell", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300, input=text)


def test_nobody_is_forgotten_where_nobody_can_be_asked(folder):
    done = keepwell("forget", "K1", cwd=folder.parent, text="")
    assert done.returncode == 2
    assert "forgetting cannot be undone" in done.stderr
    assert "--yes" in done.stderr
    assert not (folder / "records.sqlite").exists()


def test_forgetting_says_what_it_did_in_json_and_where_the_list_is(folder, tmp_path):
    where = tmp_path / "people.keepwell"
    shutil.copytree(folder, where)
    done = keepwell("forget", "K1", "--yes", "--json", "--list", tmp_path / "list.csv", cwd=tmp_path)
    said = json.loads(done.stdout)
    assert said["list"] == str(tmp_path / "list.csv")
    assert {file["name"]: file["cleared"] + file["taken_out"] for file in said["files"]}["orders.csv"] == 6
    assert (tmp_path / "list.csv").read_text().startswith("system,source,file,what,key,delete")


def test_a_page_for_review_is_refused_where_there_is_no_folder_for_it(folder):
    done = keepwell("identities", "review", "--page", "/nonexistent/p.html", cwd=folder.parent)
    assert done.returncode == 2
    assert "there is no such folder" in done.stderr


def test_answers_to_the_review_can_be_piped_in(folder, tmp_path):
    where = tmp_path / "people.keepwell"
    shutil.copytree(folder, where)
    listed = json.loads(keepwell("identities", "review", "--json", cwd=tmp_path).stdout)
    done = keepwell("identities", "review", cwd=tmp_path, text="s\n" * listed["total"])
    assert done.returncode == 0
    assert (f"0 of {listed['total']:,} pairs decided" in done.stdout) == (listed["total"] > 0)
