"""Two replicas on PostgreSQL, each a process: both take alerts, one acts, either may die."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot.incident import AlertReceived, CardShown, EvaluateSignals, ShowCard
from bot.store import Store
from tests.conftest import new_database
from tests.house import House, Opened
from tests.intake.replica import Replica
from tests.intake.test_storm import many, notice
from tests.ports import free_port
from tests.story.remote import until

SENDERS = 4


@dataclass
class Load:
    """Alerts sent to whoever takes them; each has an id of its own."""

    house: House
    replicas: list[Replica]
    promised: set[str] = field(default_factory=set)
    sent: int = 0
    stopped: bool = False

    async def send(self, number: int) -> None:
        while not self.stopped:
            self.sent += 1
            mark = f"{number}-{self.sent}"
            replica = self.replicas[self.sent % len(self.replicas)]
            try:
                await self._one(replica.port, notice(self.sent % 8, mark=mark), mark)
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.05)

    async def to(self, replica: Replica, count: int = 4) -> None:
        """Send some to one replica, each until it is taken."""
        for _ in range(count):
            self.sent += 1
            mark = f"to-{self.sent}"
            while mark not in self.promised:
                await self._one(replica.port, notice(self.sent % 8, mark=mark), mark)

    async def _one(self, port: int, body: bytes, mark: str) -> None:
        url = f"http://127.0.0.1:{port}/api/alerts"
        headers = {"Content-Type": "application/json"}
        async with self.house.session.post(url, data=body, headers=headers) as answer:
            assert answer.status in (202, 503)
            if answer.status == 202:
                self.promised.add(mark)

    async def reach(self, more: int) -> None:
        """Wait until so many more alerts were promised."""
        wanted = len(self.promised) + more

        async def enough() -> bool:
            return len(self.promised) >= wanted

        await until("the load", enough)


@asynccontextmanager
async def loading(house: House, replicas: list[Replica]) -> AsyncIterator[Load]:
    load = Load(house, replicas)
    tasks = [asyncio.create_task(load.send(n)) for n in range(SENDERS)]
    try:
        yield load
    finally:
        load.stopped = True
        await asyncio.gather(*tasks)


async def test_none_is_lost_and_none_is_handled_twice_when_a_replica_dies(
    build: Opened, postgresql: str, tmp_path: Path
) -> None:
    """
    The one that acts is killed in the middle of its work, then the one that took over.
    """
    url = new_database(postgresql)
    house = await build(start=False, watch=many, database_url=url)
    (tmp_path / "watch.yaml").write_text(house.watch.model_dump_json())
    first = Replica(house, tmp_path, house.settings.port)
    second = Replica(house, tmp_path, free_port())
    await first.start()
    await second.start()
    async with loading(house, [first, second]) as load:
        await load.reach(60)
        await first.kill()
        await load.reach(60)
        await first.start()
        await load.reach(60)
        await second.kill()
        await load.reach(60)
    store = Store.open(url)
    try:
        await until("all to be done", lambda: _idle(store))
        alerts, shown = await _told(store)
    finally:
        store.close()
        await first.kill()

    assert load.promised <= set(alerts)
    assert {1} == set(alerts.values())
    assert {1} == set(shown.values())
    assert len(shown) == len(await house.cards())


async def _idle(store: Store) -> bool:
    due = await store.outbox.due("driver", datetime.now(UTC) + timedelta(minutes=2))
    waiting = any(isinstance(d.effect, ShowCard | EvaluateSignals) for d in due)
    return not waiting and await store.new_deliveries() == []


async def _told(store: Store) -> tuple[Counter[str], dict[str, int]]:
    """Return how often each alert was recorded, and each incident's messages."""
    alerts: Counter[str] = Counter()
    shown: dict[str, int] = {}
    for listed in await store.incidents():
        incident = await store.load(listed.id)
        assert incident is not None
        for event in incident.every(AlertReceived):
            alerts[event.alert.fingerprint.rpartition("storm-")[2]] += 1
        posted = {e.activity for e in incident.every(CardShown)}
        shown[listed.id] = len(posted)
    return alerts, shown
