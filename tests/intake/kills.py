"""Kill the server at random moments under load and count what it promised and kept."""

import asyncio
import os
import random
import signal
from dataclasses import dataclass, field

import aiohttp

from bot.store import Store
from tests.bench.accept import bodies
from tests.intake.serving import nest

SENDERS = 16


@dataclass
class Tally:
    promised: set[str] = field(default_factory=set)  # ids that were answered 202
    sent: int = 0
    unanswered: int = 0
    other: list[int] = field(
        default_factory=list
    )  # answers that are neither 202 nor 503


async def kill(url: str, rounds: int, seed: int) -> Tally:
    """Run `rounds` of load, each ended by SIGKILL; return what was promised."""
    chance = random.Random(seed)  # noqa: S311 a test that can be repeated
    tally = Tally()
    async with nest(url) as home:
        for n in range(rounds):
            pid, port = await home.start()
            load = asyncio.create_task(_load(port, f"{seed}-{n}", tally))
            if n % 5:  # every fifth is killed before it has warmed up
                await _answered(tally, len(tally.promised))
            await asyncio.sleep(chance.uniform(0.0, 0.3))
            os.kill(pid, signal.SIGKILL)
            await home.ended()
            await load
    return tally


async def _answered(tally: Tally, before: int) -> None:
    for _ in range(200):
        if len(tally.promised) > before:
            return
        await asyncio.sleep(0.05)


async def _load(port: int, mark: str, tally: Tally) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        waiting = bodies(4000, mark)
        senders = [_send(session, waiting, tally) for _ in range(SENDERS)]
        await asyncio.gather(*senders)


async def _send(
    session: aiohttp.ClientSession, waiting: list[bytes], tally: Tally
) -> None:
    headers = {"Content-Type": "application/json"}
    while waiting:
        body = waiting.pop()
        tally.sent += 1
        try:
            async with session.post(
                "/api/alerts", data=body, headers=headers
            ) as answer:
                if answer.status == 202:
                    tally.promised.add((await answer.json())["delivery"])
                elif answer.status != 503:
                    tally.other.append(answer.status)
        except (aiohttp.ClientError, OSError):
            tally.unanswered += 1
            return


async def kept(url: str) -> set[str]:
    """Return the ids of all deliveries in the database."""
    store = Store.open(url)
    try:
        return {d.id for d in await store.new_deliveries(limit=1_000_000)}
    finally:
        store.close()
