"""Runs are written aside, named when whole, and never change."""

import shutil
from datetime import UTC, datetime

import pytest

from keepwell.errors import DataError, WorkspaceError
from keepwell.store import Workspace, begin, find, finish, finished

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "w")


def run(workspace, *, now=NOON, current=True):
    draft = begin(workspace, now=now)
    draft.path("values").write_text("rows")
    return finish(workspace, draft, {"run": draft.id}, current=current)


def test_a_draft_is_seen_by_nobody(workspace):
    begin(workspace, now=NOON).path("values").write_text("rows")
    assert finished(workspace) == []


def test_a_finished_run_becomes_current_for_those_who_open_then(workspace):
    done = run(workspace)
    assert find(Workspace.open(workspace.folder)) == done
    assert done.manifest() == {"run": done.id}
    assert done.tables() == ["values"]
    with pytest.raises(WorkspaceError, match="no run is current yet"):
        find(workspace)


def test_a_run_that_is_not_to_be_current_can_be_looked_at(workspace):
    first, second = run(workspace), run(workspace, current=False)
    opened = Workspace.open(workspace.folder)
    assert find(opened) == first
    assert find(opened, second.id) == second
    assert finished(opened) == [first, second]


def test_ids_rise_even_when_the_clock_stands_or_falls(workspace):
    ids = [run(workspace, now=now).id for now in (NOON, NOON, NOON.replace(hour=3), NOON.replace(hour=13))]
    assert ids == sorted(ids)
    assert ids[0].startswith("20261122T120000-")
    assert ids[2].startswith("20261122T120002-")
    assert ids[3].startswith("20261122T130000-")


def test_an_unknown_run_is_answered_with_the_nearest(workspace):
    done = run(workspace)
    with pytest.raises(WorkspaceError, match=f"Did you mean '{done.id}'"):
        find(workspace, done.id[:-1])


def test_an_unknown_table_is_answered_with_those_there(workspace):
    with pytest.raises(DataError, match=r"no table 'value'.*Did you mean 'values'"):
        run(workspace).path("value")


def test_a_table_that_an_earlier_version_did_not_know_is_said_to_need_another_run(workspace):
    with pytest.raises(WorkspaceError, match="earlier version of Keepwell made this run: it has no table"):
        run(workspace).path("costs")


def test_where_no_run_was_taken_the_mend_is_to_accept_one(workspace):
    run(workspace, current=False)
    with pytest.raises(WorkspaceError, match="--accept"):
        find(Workspace.open(workspace.folder))


def test_a_run_that_was_rewritten_is_found_by_every_name_it_had(workspace):
    first = run(workspace)
    for number in range(2, 12):
        first.folder.with_name(f"{first.id}-{number}").mkdir()
        (first.folder.with_name(f"{first.id}-{number}") / "run.json").write_text("{}")
    for number in ("", *(f"-{n}" for n in range(2, 10))):
        shutil.rmtree(first.folder.with_name(first.id + number))
    for name in (first.id, f"{first.id}-2", f"{first.id}-9"):
        assert find(workspace, name).id == f"{first.id}-11"
    assert find(workspace, f"{first.id}-10").id == f"{first.id}-10"
