"""What counts of all that came in: a plain replay of arrivals decides, on any day."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

from keepwell.store import Standing, entries, inbox, put, standing
from keepwell.store.standing import changes_nothing

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def at(day):
    return (DAY + timedelta(days=day)).isoformat()


def entry(digest, *came, feed="orders", source="main", dropped=()):
    """An entry that came as each of (day, mode) says."""
    arrivals = [{"at": at(day), "mode": mode, "batch": at(day)} for day, mode in came]
    return {"digest": digest, "source": source, "feed": feed, "arrived": at(came[0][0]), "arrivals": arrivals,
            "dropped": [at(day) for day in dropped]}  # fmt: skip


def names(*entries, known_by=None):
    return [one.entry["digest"] for one in standing(entries, known_by=known_by)]


def test_what_replaces_takes_the_place_of_its_kind_and_of_nothing_else():
    others = entry("c", (0, "append"), feed="customers"), entry("o", (0, "append"), source="other")
    assert names(entry("a", (0, "append")), entry("b", (1, "replace")), *others) == ["c", "o", "b"]


def test_a_day_before_the_replacement_still_sees_what_it_replaced():
    both = entry("a", (0, "append")), entry("b", (5, "replace"))
    assert names(*both, known_by=date(2026, 1, 5)) == ["a"]
    assert names(*both, known_by=date(2026, 1, 6)) == ["b"]
    gone = entry("a", (0, "append"), dropped=[5])
    assert names(gone, known_by=date(2026, 1, 5)) == ["a"]
    assert names(gone) == []


def test_what_was_replaced_counts_again_when_it_comes_again():
    assert names(entry("a", (0, "replace"), (2, "replace")), entry("b", (1, "replace"))) == ["a"]
    assert names(entry("a", (0, "append"), (2, "append"), dropped=[1])) == ["a"]


def test_what_comes_with_one_command_replaces_nothing_of_its_own():
    a, b = entry("a", (0, "replace")), entry("b", (0, "replace"))
    assert sorted(names(entry("old", (-1, "append")), a, b)) == ["a", "b"]


def test_an_entry_of_an_earlier_version_was_appended():
    old = {"digest": "a", "source": "main", "arrived": at(0)}
    assert names(old, entry("b", (1, "append"))) == ["a", "b"]


def plain(steps):
    """Replay (digest, mode) with nothing but a list: the second source."""
    held = []
    for digest, mode in steps:
        held = [one for one in held if one != digest]
        held = [digest] if mode == "replace" else [*held, digest]
    return held


def test_any_three_arrivals_end_as_a_plain_replay_does(tmp_path):
    staged = tmp_path / "staged"
    staged.mkdir()
    for case, steps in enumerate(product(product("ab", ("append", "replace")), repeat=3)):
        box = tmp_path / str(case)
        for day, (digest, mode) in enumerate(steps):
            (staged / "rows.parquet").write_text(digest)
            new = {"digest": digest, "source": "main", "feed": "x", "arrived": at(day)}
            put(box, new | {"path": "rows.parquet", "bad_path": None}, staged=staged, at=at(day), mode=mode)
        assert sorted(one.entry["digest"] for one in standing(entries(box))) == sorted(plain(steps)), steps


def test_the_same_again_writes_nothing(tmp_path):
    staged = tmp_path / "staged"
    staged.mkdir()
    written = []
    for day in range(3):
        (staged / "rows.parquet").write_text("rows")
        new = {"digest": "a", "source": "main", "feed": "x", "arrived": at(0), "path": "rows.parquet", "bad_path": None}
        put(tmp_path / "inbox", new, staged=staged, at=at(day), mode="replace")
        written.append((tmp_path / "inbox" / "main" / "a.json").stat().st_mtime_ns)
    assert len(set(written)) == 1


def test_a_correction_again_changes_something_only_where_others_came_since():
    a, b = entry("a", (0, "correct")), entry("b", (1, "correct"))
    again = Standing(a, "correct", at(2))
    assert changes_nothing(standing([a]), again)
    assert not changes_nothing(standing([a, b]), again)
    assert not changes_nothing([], again)


def test_what_was_taken_out_comes_back_when_it_is_added_again(tmp_path):
    staged = tmp_path / "staged"
    staged.mkdir()
    new = {"digest": "a", "source": "main", "feed": "x", "arrived": at(0), "path": "rows.parquet", "bad_path": None}
    (staged / "rows.parquet").write_text("rows")
    inbox.drop(tmp_path / "inbox", put(tmp_path / "inbox", new, staged=staged), at=at(1))
    assert standing(entries(tmp_path / "inbox")) == []
    assert (tmp_path / "inbox" / "main" / "a.parquet").exists()
    put(tmp_path / "inbox", new, staged=staged, at=at(2))
    assert names(*entries(tmp_path / "inbox")) == ["a"]
