"""When the store refuses to open, and that it says why."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.store import CannotOpen, Leader, Store
from bot.store.engine import create
from bot.store.migrate import migrate
from bot.store.schema import delivery, metadata, micros, settled
from bot.store.store import digest
from tests.conftest import NOW, new_database

SQLITE_S_OWN = {"delivery_settled"}  # PostgreSQL has a key in its place


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "sqlite:///FILE"),
        ("mysql://host/db", "not supported"),
        ("sqlite://", "in memory"),
        ("postgresql://u@host:port/db", "sqlite:///FILE"),
    ],
)
def test_an_unusable_address_is_explained(url: str, words: str) -> None:
    with pytest.raises(CannotOpen, match=words):
        Store.open(url)


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    """
    A trace of SQLAlchemy tells an operator at night nothing; the last line of it does.
    """
    (tmp_path / "other").write_bytes(b"a text that somebody put there. " * 40)

    for url, words in (
        ("postgresql://u:hunter2@127.0.0.1:9/d", "Connection refused"),
        ("postgresql://u:hunter2@no-such-host.invalid/d", "resolve host"),
        (f"sqlite:///{tmp_path / 'other'}", "file is not a database"),
    ):
        with pytest.raises(CannotOpen, match=words) as caught:
            Store.open(url)
        assert str(caught.value).startswith("DATABASE_URL: ")
        assert 1 == len(str(caught.value).splitlines())
        assert "hunter2" not in str(caught.value)


def test_a_role_without_rights_is_one_line(postgresql: str) -> None:
    url = new_database(postgresql)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            b"DO $$ BEGIN CREATE ROLE nobody_much LOGIN; "
            b"EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        connection.execute(b"REVOKE ALL ON SCHEMA public FROM PUBLIC")

    with pytest.raises(CannotOpen, match=r"DATABASE_URL: .*(denied|no schema)"):
        Store.open(sa.make_url(url).set(username="nobody_much").render_as_string())


def test_a_second_process_on_the_same_file_is_refused(tmp_path: Path) -> None:
    """
    Two drivers on one SQLite file would post every card twice.
    """
    url = f"sqlite:///{tmp_path / 'a.db'}"
    store = Store.open(url)
    program = f"from bot.store import Store; Store.open({url!r})"

    second = subprocess.run(  # noqa: S603 our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    store.close()
    assert 1 == second.returncode
    assert "another process" in second.stderr


def test_serve_and_execute_share_a_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    serve, execute = Store.open(url), Store.open(url, role="execute")

    execute.close()
    serve.close()
    assert (tmp_path / "a.db").exists()


def test_the_migrations_make_the_tables_that_the_code_means(database_url: str) -> None:
    store = Store.open(database_url)
    sqlite = store.engine.dialect.name == "sqlite"
    opts = {"include_object": lambda _, name, *__: sqlite or name not in SQLITE_S_OWN}
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=opts)
        found = compare_metadata(context, metadata)
    store.close()

    assert [] == found


async def test_a_file_of_an_older_version_keeps_its_deliveries(tmp_path: Path) -> None:
    """
    Before 0004 the digest was SQLite's key; all that came in has to be there after.
    """
    url = f"sqlite:///{tmp_path / 'a.db'}"
    engine = create(url)
    migrate(engine, "0003")
    old = [
        {
            "id": digest("alerts", b"%d" % n),
            "route": "alerts",
            "body": b"%d" % n,
            "received_at": micros(NOW) - n,
            "state": ("new", "taken", "unhandled")[n % 3],
            "reason": "unknown" if n % 3 == 2 else "",
        }
        for n in range(9)
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(delivery), old)
    engine.dispose()

    store = Store.open(url)
    again = [await store.accept("alerts", b"%d" % n, NOW) for n in range(9)]
    table = sa.select(delivery).order_by(delivery.c.body)
    found = await store.read(lambda db: db.execute(table).mappings().all())
    plan = sa.text("EXPLAIN QUERY PLAN " + str(sa.select(delivery.c.id).where(settled)))
    steps = await store.read(lambda db: db.execute(plan).all())
    store.close()
    assert old == [dict(row) for row in found]
    assert [row["id"] for row in old] == again
    assert "delivery_settled" in str(steps)


async def test_a_stand_by_takes_over_when_the_leader_is_gone(postgresql: str) -> None:
    url = new_database(postgresql)
    one, two = Store.open(url), Store.open(url)
    first = await Leader.elect(one, "driver")

    first.resign()
    second = await Leader.elect(two, "driver")

    assert first.epoch < second.epoch
    assert await second.holds()
    second.resign()
    one.close()
    two.close()


async def test_a_leader_notices_that_its_session_was_cut(postgresql: str) -> None:
    url = new_database(postgresql)
    store = Store.open(url)
    leader = await Leader.elect(store, "driver")
    cut = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    other = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with other.begin() as connection:
        connection.execute(cut)

    assert not await leader.holds()
    leader.resign()
    other.dispose()
    store.close()
