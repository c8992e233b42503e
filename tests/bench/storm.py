"""The storm of FACTS 1 against the whole house: `python -m tests.bench.storm [MINUTES]`.

6,000 alerts in a burst, then 1,500 a minute, on 60 endpoints in one channel; a Sev0 every
20 seconds. The simulated Teams keeps its limits. The service is a process of its own; the
clients and the simulated cloud share another.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.house import House, open_house
from tests.intake.replica import Replica
from tests.intake.test_storm import ENDPOINTS, many, notice, posts

BURST = 6_000
A_MINUTE = 1_500
SEV0_EVERY_S = 20.0
AT_ONCE = 32


class Tally:
    def __init__(self) -> None:
        self.times: list[float] = []
        self.burst: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.cards: list[float] = []  # seconds from a Sev0 to its card
        self.tasks: list[asyncio.Task[None]] = []


async def storm(house: House, minutes: float) -> Tally:
    tally, gate = Tally(), asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_one(house, n, tally, gate) for n in range(BURST)))
    tally.burst, tally.times = tally.times, []
    begun, sent, worst = time.monotonic(), 0, 0
    while (now := time.monotonic() - begun) < minutes * 60:
        while sent < now * A_MINUTE / 60:
            sent += 1
            task = _one(house, BURST + sent, tally, gate)
            tally.tasks.append(asyncio.create_task(task))
        if now > worst * SEV0_EVERY_S:
            worst += 1
            tally.tasks.append(asyncio.create_task(_sev0(house, worst, tally)))
        await asyncio.sleep(0.02)
    await asyncio.gather(*tally.tasks)
    return tally


async def _one(
    house: House, number: int, tally: Tally, gate: asyncio.Semaphore
) -> None:
    endpoint = number % (ENDPOINTS - 20)  # the last twenty are the Sev0s' own
    async with gate:
        await _send(house, notice(endpoint, 1 + number % 4, mark=f"{number}"), tally)


async def _send(house: House, body: bytes, tally: Tally) -> None:
    begun = time.perf_counter()
    headers = {"Content-Type": "application/json"}
    url = f"{house.bot}/api/alerts"
    async with house.session.post(url, data=body, headers=headers) as answer:
        tally.statuses[answer.status] += 1
    tally.times.append(time.perf_counter() - begun)


async def _sev0(house: House, number: int, tally: Tally) -> None:
    """Fire one on an endpoint of its own and wait for its card."""
    endpoint = ENDPOINTS - 20 + number % 20
    begun = time.monotonic()
    await _send(house, notice(endpoint, 0, mark=f"worst-{number}"), tally)
    wanted = f"-{endpoint}"
    while not any(_tells(c, wanted) for c in await house.cards()):
        if time.monotonic() - begun > 120:
            break
        await asyncio.sleep(0.25)
    tally.cards.append(time.monotonic() - begun)


def _tells(card: object, endpoint: str) -> bool:
    said = str(card)
    return "Sev 0" in said and endpoint in said


async def main(minutes: float) -> None:
    with (
        tempfile.TemporaryDirectory(dir=".") as folder,
        pytest.MonkeyPatch.context() as m,
    ):
        place = Path(folder)
        async with open_house(place, place / "blobs", m, watch=many) as house:
            (place / "watch.yaml").write_text(house.watch.model_dump_json())
            replica = Replica(house, place, house.settings.port)
            await replica.start()
            tally = await storm(house, minutes)
            teams = Counter(r["status"] for r in posts(house))
            cards = len(await house.cards())
            await replica.kill()
    p99 = [statistics.quantiles(t, n=100)[98] for t in (tally.burst, tally.times)]
    print(  # noqa: T201
        f"answers {dict(tally.statuses)}; p99 of burst and after: "
        f"{p99[0]:.2f} s, {p99[1]:.2f} s"
    )
    print(f"Teams answered {dict(teams)}; {cards} cards")  # noqa: T201
    worst = sorted(tally.cards)
    print(  # noqa: T201
        f"Sev0 to its card: median {statistics.median(worst):.1f} s, "
        f"95 % {worst[int(len(worst) * 0.95)]:.1f} s, of {len(worst)}"
    )


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10))
