"""The workspace folder: made, opened, refused and swept."""

import json

import pytest

from keepwell.errors import WorkspaceError
from keepwell.store import Workspace
from keepwell.store.workspace import FORMAT


def test_a_workspace_that_was_made_can_be_opened_again(tmp_path):
    made = Workspace.create(tmp_path / "orders.keepwell")
    again = Workspace.open(tmp_path / "orders.keepwell")
    assert again == made
    assert again.name == "orders"
    assert again.current is None
    assert len(again.id) == 32


def test_making_it_twice_keeps_the_id(tmp_path):
    assert Workspace.create(tmp_path / "w").id == Workspace.create(tmp_path / "w").id


def test_the_current_run_is_read_once_on_opening(tmp_path):
    before = Workspace.create(tmp_path / "w")
    before.make_current("a")
    assert before.current is None
    assert Workspace.open(before.folder).current == "a"


def test_a_missing_folder_is_a_sentence_with_its_mend(tmp_path):
    with pytest.raises(WorkspaceError, match=r"there is no workspace at .*nowhere. Make one with `keepwell run FILES`"):
        Workspace.open(tmp_path / "nowhere")


def test_a_file_is_no_workspace(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("a,b\n")
    with pytest.raises(WorkspaceError, match="a workspace is a folder, and this is a file"):
        Workspace.open(file)
    with pytest.raises(WorkspaceError, match="a workspace is a folder, and this is a file"):
        Workspace.create(file)


def test_any_other_folder_is_no_workspace(tmp_path):
    with pytest.raises(WorkspaceError, match=r"not a workspace: it has no workspace.json"):
        Workspace.open(tmp_path)


def test_nothing_is_made_among_a_strangers_files(tmp_path):
    (tmp_path / "thesis.doc").write_text("mine")
    with pytest.raises(WorkspaceError, match=r"holds other files \(thesis.doc\)"):
        Workspace.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_making_that_was_cut_short_is_made_whole(tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / "keepwell.toml").touch()
    assert Workspace.create(tmp_path).id


def test_a_workspace_of_a_newer_version_is_refused(tmp_path):
    folder = Workspace.create(tmp_path / "w").folder
    (folder / "workspace.json").write_text(json.dumps({"format": FORMAT + 1, "id": "x"}))
    with pytest.raises(WorkspaceError, match=f"format {FORMAT + 1}.*Install a newer Keepwell"):
        Workspace.open(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"id": "x"}', '{"format": "new"}'])
def test_a_damaged_identity_is_a_sentence(tmp_path, text):
    folder = Workspace.create(tmp_path / "w").folder
    (folder / "workspace.json").write_text(text)
    with pytest.raises(WorkspaceError, match=r"workspace.json is damaged"):
        Workspace.open(folder)


def test_sweeping_takes_what_a_killed_writer_left_and_nothing_else(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    for name in (".scratch/x", "runs/.1-a.part", "runs/1-b", ".git", "inbox/main"):
        (workspace.folder / name).mkdir(parents=True)
    for name in (".current.part", "inbox/main/.a.json.part", "inbox/main/a.json"):
        (workspace.folder / name).touch()
    workspace.sweep()
    left = {path.relative_to(workspace.folder).as_posix() for path in workspace.folder.rglob("*")}
    assert left == {".git", ".lock", "inbox", "inbox/main", "inbox/main/a.json", "runs", "runs/1-b", "workspace.json"}


def test_a_workspace_that_holds_anything_is_not_erased(tmp_path):
    used, unused = Workspace.create(tmp_path / "used"), Workspace.create(tmp_path / "unused")
    used.settings_file.write_text("")
    used.erase_if_unused()
    unused.erase_if_unused()
    assert Workspace.open(used.folder) == used
    assert not unused.folder.exists()
