"""Whom a name means where no run is: a number that several sources have means nobody yet."""

import pytest

from keepwell import loop
from keepwell.errors import DataError
from keepwell.loop.forgetting import found
from keepwell.loop.intake import Manner
from keepwell.settings import Settings
from keepwell.store import Workspace

HEAD = "order_id,customer_id,customer_email,date,amount\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """K7 of the shop and K7 of the till, who are two people; the shop's K8 is the only one."""
    place = tmp_path_factory.mktemp("person")
    shop, till = place / "shop.csv", place / "till.csv"
    shop.write_text(HEAD + "1,K7,ann@example.com,2024-01-01,10\n2,K8,bob@example.com,2024-01-02,20\n")
    till.write_text(HEAD + "9,K7,cem@example.com,2024-01-03,30\n")
    loop.add(place / "w", [shop], settings=Settings())
    loop.add(place / "w", [till], settings=Settings(), manner=Manner(source="till"))
    return place / "w"


@pytest.fixture
def lines(folder, duckdb):
    """Return source -> lines of those who are meant."""

    def go(*asked):
        files, who = found(Workspace.open(folder), asked, Settings(), duckdb)
        return {f.raw.source: set(who.lines[f.raw.digest]) for f in files if f.raw.digest in who.lines}

    return go


def test_a_number_in_several_sources_names_nobody_until_it_is_said_whose(lines):
    with pytest.raises(DataError, match="'K7' may be more than one customer") as raised:
        lines("K7")
    assert "'till|K7', '|K7'" in raised.value.mend
    assert lines("till|K7") == {"till": {2}}
    assert lines("|K7") == {"main": {2}}


def test_a_number_in_one_source_needs_no_more(lines):
    assert lines("K8") == {"main": {3}}
    assert lines("CEM@example.com") == {"till": {2}}
    with pytest.raises(DataError, match="no customer 'K9'"):
        lines("K9")
    with pytest.raises(DataError, match=r"no customer 'shop\|K7'"):
        lines("shop|K7")
