"""The pages of deploy/README.md that can be tried without a cloud."""

import asyncio
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from bot.__main__ import application
from bot.incident import AlertReceived, Follow, Incident, ShowCard
from bot.keys import Keys
from bot.store import CannotOpen, Leader, Store
from bot.store.check import verify
from bot.store.copy import copy
from bot.store.engine import create
from bot.store.grants import grant
from bot.store.log import Log
from tests.conftest import NOW, new_database
from tests.incidents import alert


async def fill(store: Store, keys: Path) -> None:
    """Leave three sealed incidents with an effect each, and a delivery."""
    for number in range(3):
        key = await store.accept("alerts", b"{%d}" % number, NOW)
        event = AlertReceived(at=NOW, alert=alert(), delivery=key)
        await store.append(
            Incident(id="", group_key=f"group {number}", endpoint="/endpoint"),
            [event],
            [Follow(effect=ShowCard(), due_at=NOW)],
        )
    await store.remember("19:a@thread.tacv2", {"serviceUrl": "https://x"}, NOW)
    leader = await Leader.elect(store, "driver")
    await Log(store, Keys.load(keys).log).seal(NOW, fence=leader.epoch)
    leader.resign()


@pytest.fixture
async def source(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'watchkeeper.db'}"
    store = Store.open(url)
    await fill(store, tmp_path / "keys.json")
    store.close()
    return url


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    engine = create(url)
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        found = {
            name: sorted(map(tuple, connection.execute(_all(name))), key=repr)
            for name in names
        }
    engine.dispose()
    return found


def _all(name: str) -> sa.TextClause:
    return sa.text(f"SELECT * FROM {name}")  # noqa: S608 our own tables


async def cli(*words: str) -> tuple[int, str]:
    """Run a command as a person would, beside this test's event loop."""
    done = await asyncio.to_thread(CliRunner().invoke, application(), list(words))
    return done.exit_code, done.output


async def test_a_store_moves_to_postgresql(source: str, postgresql: str) -> None:
    """
    Every row is there byte for byte, the log verifies, and new work gets new numbers.
    """
    target = new_database(postgresql)
    code, output = await cli("store", "copy", source, target)

    assert 0 == code, output
    assert "3 sealed records verified" in output
    assert rows(source) == rows(target)
    store = Store.open(target)
    try:
        assert (3, 0) == await verify(store)
        effect = Follow(effect=ShowCard(), due_at=NOW)
        await store.outbox.queue("INC-9", effect)
        due = await store.outbox.due("driver", NOW + timedelta(days=1))
        assert 4 == len({each.id for each in due})
    finally:
        store.close()


async def test_nothing_is_copied_over_something(source: str, postgresql: str) -> None:
    target = new_database(postgresql)
    copy(source, target)

    with pytest.raises(CannotOpen, match="not empty"):
        copy(source, target)


async def test_a_copy_cut_off_half_way_leaves_nothing(
    source: str, postgresql: str
) -> None:
    """
    Half a history verifies as half a history: it must not be there at all.
    """
    target = new_database(postgresql)
    Store.open(target).close()
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(
            b"CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            b"PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
        )
        connection.execute(
            b"CREATE TRIGGER cut BEFORE INSERT ON outbox "
            b"FOR EACH ROW EXECUTE FUNCTION cut()"
        )

    code, said = await cli("store", "copy", source, target)
    left = {name: found for name, found in rows(target).items() if found}
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(b"DROP TRIGGER cut ON outbox")
    again, output = await cli("store", "copy", source, target, "--format", "json")

    assert (2, 1) == (code, len(said.splitlines())), said
    assert "the target is as before" in said
    assert {"alembic_version"} == set(left)
    assert 0 == again, output
    assert rows(source) == rows(target)


async def test_nothing_is_copied_under_a_running_service(
    source: str, postgresql: str
) -> None:
    """
    Rows that came in meanwhile would be lost without a word.
    """
    store = Store.open(source)
    try:
        with pytest.raises(CannotOpen, match="another process"):
            copy(source, new_database(postgresql))
    finally:
        store.close()


async def test_a_backup_comes_back_whole(tmp_path: Path, source: str) -> None:
    """
    SQLite's own backup while the service writes; then the log says if it is whole.
    """
    store = Store.open(source)
    saved = tmp_path / "saved" / "watchkeeper.db"
    saved.parent.mkdir()
    live = sqlite3.connect(source.removeprefix("sqlite:///"))
    backup = sqlite3.connect(saved)
    with closing(live), closing(backup):
        live.backup(backup)
    await store.accept("alerts", b"{after}", NOW)
    store.close()
    shutil.copy(tmp_path / "keys.json", saved.parent)

    code, output = await cli("audit", "verify", "--state", str(saved.parent))

    assert 0 == code, output
    with closing(sqlite3.connect(saved)) as changed, changed:
        changed.execute("UPDATE history SET body = replace(body, 'a', 'b')")
    code, output = await cli("audit", "verify", "--state", str(saved.parent))
    assert 1 == code, output


@pytest.fixture
def roles(postgresql: str) -> tuple[str, str]:
    """A database whose tables `watchkeeper-serve` made, with the grants; two addresses."""
    url = new_database(postgresql)
    name = re.sub(r".*/(test_\w+)\?.*", r"\1", url)
    with psycopg.connect(postgresql, autocommit=True) as connection:
        for role in ("watchkeeper-serve", "watchkeeper-execute"):
            connection.execute(
                f'DO $$ BEGIN CREATE ROLE "{role}" LOGIN; '
                "EXCEPTION WHEN duplicate_object THEN NULL; END $$".encode()
            )
        connection.execute(
            f'ALTER DATABASE {name} OWNER TO "watchkeeper-serve"'.encode()
        )
    serve, execute = (
        re.sub(r"//[^@]*@", f"//{role}@", url)
        for role in ("watchkeeper-serve", "watchkeeper-execute")
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(b'GRANT ALL ON SCHEMA public TO "watchkeeper-serve"')
    Store.open(serve).close()
    grant(serve, "watchkeeper-execute")
    return serve, execute


async def test_grants_are_given_again_and_by_the_owner_alone(
    roles: tuple[str, str], postgresql: str
) -> None:
    """
    Each upgrade that adds a table asks for them again; who may not give them is told who may.
    """
    serve, execute = roles
    words = ("store", "grant", "watchkeeper-execute", "--database")
    again, said = await cli(*words, serve)
    refused, why = await cli(*words, execute)
    empty, nothing = await cli(*words, new_database(postgresql))
    unknown, whom = await cli("store", "grant", "nobody", "--database", serve)
    dry, sql = await cli("store", "grant", "nobody", "--dry-run")

    assert (0, "watchkeeper-execute may append, and change nothing") == (
        again,
        said[:50],
    )
    assert (2, True) == (refused, "run it as watchkeeper-serve" in why)
    assert (2, True) == (empty, "start `serve` once" in nothing)
    assert (2, True) == (unknown, "no role nobody" in whom)
    assert (0, 7) == (dry, sql.count("GRANT "))


async def test_the_executor_can_do_its_work_and_no_more(
    roles: tuple[str, str], tmp_path: Path
) -> None:
    """
    Whoever takes over the process that moves traffic must not rewrite what it did.
    """
    serve, execute = roles
    store = Store.open(serve)
    await fill(store, tmp_path / "keys.json")
    listed = await store.incidents()
    store.close()

    store = Store.open(execute, role="execute")
    try:
        leader = await Leader.elect(store, "executor")
        incident = await store.load(listed[0].id)
        assert incident is not None
        event = AlertReceived(at=NOW, alert=alert(), delivery="x")
        await store.append(
            incident,
            [event],
            [Follow(effect=ShowCard(), due_at=NOW)],
            leader=("executor", leader.epoch),
        )
        leader.resign()
    finally:
        store.close()
    for forbidden in (
        "UPDATE history SET body = ''",
        "DELETE FROM history",
        "DELETE FROM log_leaf",
        "UPDATE log_head SET root = ''",
        "UPDATE delivery SET state = 'taken'",
        "DROP TABLE history",
    ):
        with (
            psycopg.connect(execute) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(forbidden.encode())
