"""A password in a URL is nowhere afterwards: not in the workspace, not in what is said, not in an error."""

import pytest

from keepwell import loop
from keepwell.errors import DataError
from keepwell.loop import Manner
from keepwell.settings import Settings
from keepwell.unify.reading.databases import address_of

SECRET = "hush%2Fhush"  # noqa: S105 made up


def test_a_password_is_in_no_file_of_the_workspace_and_in_nothing_said(postgres_url, done, tmp_path, monkeypatch):
    done(
        postgres_url,
        "drop table if exists sales",
        "create table sales (id int primary key, customer_id text, order_date date, amount numeric(9,2))",
        "insert into sales values (1, 'a', '2024-01-01', 5), (2, 'b', '2024-01-02', 6)",
    )
    told: list[str] = []
    folder, url = tmp_path / "w", postgres_url.replace("postgres:@", f"postgres:{SECRET}@")
    assert SECRET in url

    def add(*urls, **manner):
        return loop.add(folder, urls, settings=Settings(), manner=Manner(**manner), tell=told.append)

    assert [one.rows for one in add(url, tables=("sales",))] == [2]
    with pytest.raises(DataError) as caught:
        add(url, tables=("nothing",))
    assert [one.new for one in add()] == [False]  # this server asks for no password; one that does says so
    monkeypatch.setenv("SHOP_SECRET", "hush/hush")
    add(url.replace(SECRET, "$SHOP_SECRET"), tables=("sales",))
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for text in (SECRET, "hush/hush"):
        assert text.encode() not in written
        assert text not in " ".join([*told, str(caught.value), repr(address_of(url)), str(loop.held(folder))])
