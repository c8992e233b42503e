"""A 202 is a promise: what breaks underneath may cost an answer, never an alert."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from bot.store import Store
from tests.bench.accept import bodies
from tests.intake.kills import kept, kill
from tests.intake.serving import door


async def test_no_promise_is_broken_by_a_kill(database_url: str) -> None:
    """
    The caller that has its 202 forgets the alert; if we forget it too, nobody knows.
    """
    tally = await kill(database_url, rounds=10, seed=20261123)

    assert [] == tally.other
    assert len(tally.promised) > 10
    assert set() == tally.promised - await kept(database_url)


class Entrance:
    """A running door; `send` returns the status and remembers what was promised."""

    def __init__(self, session: aiohttp.ClientSession, store: Store) -> None:
        self._session, self.store = session, store
        self.promised: set[str] = set()

    async def send(self, body: bytes) -> int:
        headers = {"Content-Type": "application/json"}
        async with self._session.post("/api/alerts", data=body, headers=headers) as got:
            if got.status == 202:
                self.promised.add((await got.json())["delivery"])
            return got.status

    async def send_all(self, several: list[bytes]) -> set[int]:
        return set(await asyncio.gather(*(self.send(b) for b in several)))

    async def recovered(self, body: bytes) -> None:
        """Wait until an alert is taken again, in the same process."""
        end = time.monotonic() + 20
        while await self.send(body) != 202:
            assert time.monotonic() < end
            await asyncio.sleep(0.1)

    async def kept(self) -> set[str]:
        return {d.id for d in await self.store.new_deliveries(limit=100_000)}


@pytest.fixture
async def entrance(store: Store) -> AsyncIterator[Entrance]:
    guard = await door(store)
    port = await guard.start("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield Entrance(session, store)
    await guard.stop()


class Fault:
    """A pragma that every connection gets as it is taken from the pool."""

    def __init__(self, store: Store) -> None:
        self.pragma = ""
        sa.event.listen(store.engine, "checkout", self._apply)

    def _apply(self, connection: Any, _record: Any, _proxy: Any) -> None:
        if self.pragma:
            connection.execute(f"PRAGMA {self.pragma}")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("max_page_count=1", "max_page_count=1000000"),  # never less than there are
        ("query_only=1", "query_only=0"),
    ],
)
async def test_a_full_or_read_only_disk_is_told_and_got_over(
    entrance: Entrance, broken: str, mended: str
) -> None:
    """
    Azure repeats a 503 and forgets a 500; a 202 for what is not on disk is a lie.
    """
    fault = Fault(entrance.store)
    first, second, third = bodies(150, "a"), bodies(150, "b"), bodies(20, "c")
    before = await entrance.send_all(first)
    fault.pragma = broken
    while_broken = await entrance.send_all(second)
    fault.pragma = mended
    after = await entrance.send_all(third)

    assert ({202}, {202}) == (before, after)
    assert 503 in while_broken
    assert while_broken <= {202, 503}
    assert entrance.promised == await entrance.kept()


HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
held.execute("ROLLBACK")
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_database_that_another_holds_is_answered_before_azure_gives_up(
    entrance: Entrance,
) -> None:
    path = str(Path(str(entrance.store.engine.url.database)))
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, path,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    await holder.stdout.readline()
    begun = time.monotonic()
    early = asyncio.create_task(entrance.send_all(bodies(20, "a")))
    await asyncio.sleep(3)
    late = asyncio.create_task(entrance.send_all(bodies(20, "b")))

    assert ({503}, {503}) == (await early, await late)
    assert time.monotonic() - begun < 3 + 9
    await holder.communicate(b"\n")
    await entrance.recovered(bodies(1, "c")[0])
    assert entrance.promised <= await entrance.kept()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_restarted_server_costs_answers_and_no_alert(
    entrance: Entrance, database_url: str
) -> None:
    """
    The cut comes in the middle of transactions, again and again.
    """
    other = sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    cut = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def terminate() -> None:
        with other.begin() as connection:
            connection.execute(cut)

    statuses = await _while(
        lambda n: entrance.send_all(bodies(8, f"r{n}")),
        lambda: asyncio.to_thread(terminate),
    )

    assert statuses <= {202, 503}
    await entrance.recovered(bodies(1, "end")[0])
    assert entrance.promised <= await entrance.kept()
    other.dispose()


async def _while(
    load: Callable[[int], Awaitable[set[int]]], fault: Callable[[], Awaitable[None]]
) -> set[int]:
    """Return the statuses of a load during which the fault strikes ten times."""
    found: set[int] = set()
    stop = asyncio.Event()

    async def go(number: int) -> None:
        n = 0
        while not stop.is_set():
            n += 1
            found.update(await load(number * 100_000 + n))

    tasks = [asyncio.create_task(go(n)) for n in range(4)]
    for _ in range(10):
        await asyncio.sleep(0.1)
        await fault()
    stop.set()
    await asyncio.gather(*tasks)
    return found
