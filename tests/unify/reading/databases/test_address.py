"""URLs of databases: what is kept holds no secret, and what a database says is told without one."""

import builtins

import pytest

from keepwell.errors import ConfigError, DataError
from keepwell.unify.reading.databases import address_of, connected, is_url

SECRET = "p@ss/w0rd%"  # noqa: S105 made up
URL = "postgresql://ann:p%40ss%2Fw0rd%25@127.0.0.1:1/shop?sslpassword=hush&sslmode=prefer"


def test_what_is_shown_and_printed_holds_no_secret():
    address = address_of(URL)
    for text in (address.shown, address.place, repr(address), str(address)):
        assert SECRET not in text
        assert "p%40ss" not in text
        assert "hush" not in text
    assert address.shown == "postgresql://ann@127.0.0.1:1/shop?sslmode=prefer"
    assert address.name == "shop"


def test_a_secret_in_the_environment_is_kept_as_its_name(monkeypatch):
    address = address_of("mysql://ann:$SHOP_SECRET@127.0.0.1:1/shop")
    assert address.shown == "mysql://ann:$SHOP_SECRET@127.0.0.1:1/shop"
    assert address_of(address.shown).shown == address.shown
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    assert SECRET not in address.scrubbed(f"no entry for {SECRET}")
    monkeypatch.delenv("SHOP_SECRET")
    with pytest.raises(ConfigError, match="the environment has no variable SHOP_SECRET"), connected(address):
        pass


def test_a_secret_in_any_spelling_is_taken_out_of_a_message():
    address = address_of(URL)
    said = address.scrubbed(f"{SECRET} p%40ss%2Fw0rd%25 hush")
    assert said == "*** *** ***"


def test_one_database_has_one_place_whoever_asks():
    assert address_of(URL).place == address_of("postgres://bob@127.0.0.1:1/shop").place
    assert address_of(URL).place != address_of("postgres://bob@127.0.0.1:1/other").place


def test_a_database_that_does_not_answer_is_a_sentence_without_the_secret():
    for url in (URL, URL.replace("postgresql", "mysql").partition("?")[0]):
        with pytest.raises(DataError, match="Check the host and the port") as caught, connected(address_of(url)):
            pass
        assert "w0rd" not in str(caught.value)
        assert caught.value.__cause__ is None  # what the driver raised may hold the URL


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://host/shop", "no database is read by oracle://"),
        ("postgresql://ann:p@ss:w0rd@host:x/shop", "the database's URL cannot be read"),
        ("postgresql://host", "the URL names no database"),
        ("sqlite://", "the URL names no file"),
    ],
)
def test_a_wrong_url_is_a_sentence_without_what_stands_in_it(url, said):
    with pytest.raises(ConfigError, match=said) as caught:
        address_of(url)
    assert "w0rd" not in str(caught.value)


def test_a_missing_file_is_not_made(tmp_path):
    (tmp_path / "shop.db").touch()
    with pytest.raises(DataError, match=r"there is no file 'shpo.db'.*there are: shop.db"):
        address_of(f"sqlite:///{tmp_path}/shpo.db")
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


@pytest.mark.parametrize(
    ("dialect", "extra", "package"), [("postgresql", "postgres", "psycopg"), ("mysql", "mysql", "pymysql")]
)
def test_a_missing_driver_names_the_extra_to_install(dialect, extra, package, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    named = rf"{package} is not installed.*pip install 'keepwell\[{extra}\]'"
    with pytest.raises(ConfigError, match=named), connected(address_of(f"{dialect}://host/shop")):
        pass


def test_files_are_no_urls():
    assert [is_url(text) for text in ("orders.csv", "a/b.csv", "C:/x.csv", "sqlite:///x.db")] == [False] * 3 + [True]


def test_a_file_of_sqlite_may_have_a_question_mark_in_its_path(tmp_path):
    path = tmp_path / "what? no" / "shop.db"
    path.parent.mkdir()
    path.touch()
    found = address_of(f"sqlite:///{path}")
    assert (found.url.database, found.name) == (str(path), "shop")
    assert address_of(found.shown).place == found.place
