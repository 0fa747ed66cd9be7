"""Where a database is: its URL, with the secret kept apart from what may be shown, and how it is opened.

What is written down or said is `Address.shown`, which holds no secret. A secret may stand in the URL as `$NAME`: then
the environment variable is read whenever the database is opened, and the name is kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from keepwell.errors import ConfigError, DataError

if TYPE_CHECKING:
    import sqlalchemy as sa

# What the beginning of a URL means, and what has to be installed for it: SQLAlchemy's driver, package, our extra.
DRIVERS = {
    "postgresql": ("postgresql+psycopg", "psycopg", "postgres"),
    "postgres": ("postgresql+psycopg", "psycopg", "postgres"),
    "mysql": ("mysql+pymysql", "pymysql", "mysql"),
    "mariadb": ("mariadb+pymysql", "pymysql", "mysql"),
    "sqlite": ("sqlite+pysqlite", "", ""),
}
EXAMPLE = "postgresql://user:$SHOP_PASSWORD@host/shop"
PATIENCE = 15  # seconds for a server to answer
_SECRETS = re.compile(r"pass|pwd|secret|token|credential|sslkey", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Address:
    """A database. Its `repr`, `shown` and `place` hold no secret."""

    shown: str  # the URL without its secrets; with '$NAME' where one stands in the environment
    place: str  # host and database alone: what two URLs of one database share
    name: str  # of the database
    dialect: str  # 'postgresql', 'mysql', 'mariadb' or 'sqlite'
    url: Any = field(repr=False)  # SQLAlchemy's, as given

    def scrubbed(self, text: str) -> str:
        """Return a text without any secret of the URL."""
        for secret in sorted(_secrets(self.url), key=len, reverse=True):
            for form in {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}:
                text = text.replace(form, _HIDDEN)
        return text


def is_url(text: str) -> bool:
    """Tell a URL from the name of a file.

    >>> is_url("postgresql://host/shop"), is_url("orders.csv")
    (True, False)
    """
    return "://" in text


def address_of(text: str) -> Address:
    """Read a database's URL.

    >>> address_of("postgres://ann:secret@db.example/shop").shown
    'postgresql://ann@db.example/shop'
    >>> address_of("mysql://ann:$SHOP@db.example:3307/shop").shown
    'mysql://ann:$SHOP@db.example:3307/shop'

    Raises:
        ConfigError: It is none, or of a kind of database that is not read here. The message holds no secret.
    """
    import sqlalchemy as sa

    scheme = text.partition("://")[0].partition("+")[0].lower()
    if scheme not in DRIVERS:
        mend = f"Say postgresql://, mysql://, mariadb:// or sqlite://, e.g. '{EXAMPLE}'; of others export a file."
        raise ConfigError(f"no database is read by {scheme}://", "", mend)
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):  # the library's message quotes the secret
        mend = f"Write it like '{EXAMPLE}'; a sign like @ or / in the password is written %40 or %2F."
        raise ConfigError("the database's URL cannot be read", f"{scheme}://{_HIDDEN}", mend) from None
    url = url.set(drivername=DRIVERS[scheme][0])
    if scheme == "sqlite":
        url = _existing(url, text.partition("://")[2].removeprefix("/"))
    elif not url.database:
        mend = f"Name the database at its end, e.g. '{EXAMPLE}'."
        raise ConfigError("the URL names no database", _shown(url), mend)
    return Address(_shown(url), _place(url), Path(url.database or "").stem, url.get_backend_name(), url)


def _existing(url: sa.URL, written: str) -> sa.URL:
    """Return the URL of an SQLite file with its whole path; SQLite itself would make a missing one.

    A '?' begins what else a URL says, unless the path as it is `written` is a file that has one in its name.
    """
    if not url.database or url.database == ":memory:":
        mend = "Name its file: sqlite:///shop.db, or sqlite:////folder/shop.db."
        raise ConfigError("the URL names no file", _shown(url), mend)
    path = Path(written if Path(written).is_file() else url.database).absolute()
    if not path.is_file():
        near = sorted(p.name for p in path.parent.iterdir() if p.is_file())[:8] if path.parent.is_dir() else []
        mend = f"In that folder there are: {', '.join(near)}." if near else "Check the path: sqlite:///shop.db is here."
        raise DataError(f"there is no file {path.name!r}", str(path.parent), mend)
    return url.set(database=str(path), query={})


def _shown(url: sa.URL) -> str:
    """Return a URL as it may be written down."""
    reference = url.password is not None and _VARIABLE.fullmatch(str(url.password))
    named = {name: value for name, value in url.query.items() if not _SECRETS.search(name) or _is_reference(value)}
    bare = _rebuilt(url, user=url.username, secret=str(url.password) if reference else None, query=named)
    return bare.render_as_string(hide_password=False).replace("%24", "$")


def _rebuilt(url: sa.URL, *, user: str | None, secret: str | None, query: dict[str, Any]) -> sa.URL:
    return type(url).create(url.get_backend_name(), user, secret, url.host, url.port, url.database, query)


def _is_reference(value: object) -> bool:
    return isinstance(value, str) and bool(_VARIABLE.fullmatch(value))


def _place(url: sa.URL) -> str:
    """Return what tells one database from another, whoever asks."""
    at = {name: value for name, value in url.query.items() if name in ("host", "port", "unix_socket", "service")}
    return _rebuilt(url, user=None, secret=None, query=at).render_as_string(hide_password=False)


def _secrets(url: sa.URL) -> set[str]:
    """Return all that must not be shown: what stands in the URL, and what its names stand for."""
    values = [str(url.password)] if url.password else []
    values += [v for n, v in url.query.items() if _SECRETS.search(n) and isinstance(v, str)]
    found = set()
    for value in values:
        name = _VARIABLE.fullmatch(value)
        found.add(os.environ.get(name[1], "") if name else value)
    return {value for value in found if value}


def _filled(address: Address) -> sa.URL:
    """Return the URL with the environment's secrets in it."""
    url: sa.URL = address.url
    query = {n: _value_of(v, address) if isinstance(v, str) else v for n, v in url.query.items()}
    url = url.set(query=query)
    return url.set(password=_value_of(str(url.password), address)) if url.password else url


def _value_of(text: str, address: Address) -> str:
    name = _VARIABLE.fullmatch(text)
    if name is None:
        return text
    if name[1] not in os.environ:
        mend = f"Set it: export {name[1]}=..., or write the password itself in the URL; it is not kept."
        raise ConfigError(f"the environment has no variable {name[1]}", address.shown, mend)
    return os.environ[name[1]]


@contextmanager
def connected(address: Address) -> Iterator[sa.Connection]:
    """Open the database for reading.

    Raises:
        ConfigError: The driver is not installed, or a variable of the environment is not set.
        DataError: The database cannot be reached or read; its own words, without secrets.
    """
    import sqlalchemy as sa

    url = _filled(address)
    try:
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool, connect_args=_arguments(address))
    except ImportError:
        _scheme, package, extra = DRIVERS[address.dialect]
        problem = f"{package} is not installed, which reads {address.dialect}"
        raise ConfigError(problem, address.shown, f"pip install 'keepwell[{extra}]'") from None
    try:
        with engine.connect() as connection:
            _prepare(connection, address)
            yield connection
    except sa.exc.SQLAlchemyError as error:  # not chained: what it holds is not scrubbed
        raise _explained(error, address) from None
    finally:
        engine.dispose()


def _arguments(address: Address) -> dict[str, Any]:
    if address.dialect == "sqlite":
        return {}
    given = {} if "connect_timeout" in address.url.query else {"connect_timeout": PATIENCE}
    if address.dialect == "postgresql":
        return given
    return given | {"init_command": "SET time_zone = '+00:00'"}  # in which it tells its timestamps


def _prepare(connection: sa.Connection, address: Address) -> None:
    """Make sure that nothing is written, and that every value there is can be read."""
    raw = connection.connection.dbapi_connection
    if address.dialect == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        raw.text_factory = _text  # type: ignore[union-attr]
    elif address.dialect == "postgresql":
        from keepwell.unify.reading.databases.endless import register

        connection.execution_options(postgresql_readonly=True)
        register(raw)


def _text(stored: bytes) -> str:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored.decode("cp1252", errors="replace")


def _explained(error: sa.exc.SQLAlchemyError, address: Address) -> DataError:
    """Turn a database's complaint into a sentence with its mend, and without secrets."""
    words = str(getattr(error, "orig", None) or error)
    first = next((line.strip() for line in words.splitlines() if line.strip()), type(error).__name__)
    told = address.scrubbed(first).rstrip(".")
    mend = next((mend for pattern, mend in _MENDS if re.search(pattern, words, re.IGNORECASE)), _ELSE)
    return DataError(f"the database says: {told}", address.shown, mend)


_MENDS = (
    (
        r"password|access denied|authentication",
        f"The password is not kept: give the URL with it again, or write a name, as in '{EXAMPLE}'.",
    ),
    (r"permission denied|command denied", "Let its owner give the user the right to read it: GRANT SELECT."),
    (r"database .* does not exist|unknown database", "Check the database's name at the end of the URL."),
    (
        r"refused|could not translate|not known|timed? ?out|timeout|can't connect|no such file or directory",
        "Check the host and the port, and whether the database runs.",
    ),
    (r"not a database|malformed", "The file is no SQLite database, or it is damaged."),
    (r"locked", "Another program is writing it: try again when that is done."),
)
_ELSE = "Look whether the table can be read with the database's own program."
