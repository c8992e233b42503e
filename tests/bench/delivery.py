"""How long from an alert to its card, and how fast a thousand cards may go.

    python -m tests.bench.delivery [--alerts 100] [--cards 1000] [--channels 20]

The first is measured through the real programs and SDK clients, all on this machine. The
second is played against a clock of its own: the rate windows are Teams', whose answer of
429 would be counted, and the time that it takes is what they allow.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pytest

from bot.simulator.teams.messages import MESSAGES, Queue
from bot.simulator.teams.throttle import Throttle
from bot.teams.pace import Pace
from tests.house import QUIET, open_house

WARM = 2  # alerts that pay for imports and connections
# A card and two edits each stay far within any window, and the evidence of one alert is
# collected before the next fires.
APART_S = 6.0


async def alert_to_card(alerts: int) -> list[tuple[float, float]]:
    """Return how long each alert took from firing until its card stood in Teams.

    Seconds by the clock, and seconds of CPU that all of the house, the simulated cloud
    too, took meanwhile: on a machine with other work the first is mostly waiting.
    One alert at a time, no faster than a channel may be written to: what a storm waits
    for is Teams' windows, which is the other figure.
    """
    patch = pytest.MonkeyPatch()
    found: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        async with open_house(
            place, place, patch, endpoint={**QUIET, "tier": 2}
        ) as house:
            await house.start("serve")
            seen = house.sim[MESSAGES].watch()
            for n in range(alerts + WARM):
                kind = ("latency", "errors")[n % 2]
                begun, spent = time.monotonic(), time.process_time()
                await house.sim_post("azure/alerts", kind=kind)
                async with asyncio.timeout(60):
                    await _posted(seen)
                took = time.monotonic() - begun, time.process_time() - spent
                found.append(took)
                await asyncio.sleep(APART_S / 2)
                await house.sim_post("azure/alerts", kind=kind, status="resolved")
                await asyncio.sleep(APART_S / 2)
    patch.undo()
    return found[WARM:]


async def _posted(seen: Queue) -> None:
    """Return when the simulated Teams has a new card."""
    while True:
        message = await seen.get()
        if message and message["card"] and not message["edits"]:
            return


async def at_full_rate(cards: int, channels: int) -> tuple[float, int]:
    """Return how long the cards take by Teams' windows, and how many 429 there were."""
    clock = _Clock()
    pace, throttle = Pace(clock=clock, sleep=clock.sleep), Throttle()
    throttle.on = True
    refused = 0

    async def channel(name: str, count: int) -> None:
        nonlocal refused
        for _ in range(count):
            async with pace.turn(name):
                refused += bool(throttle.wait(name, clock()))

    share = [channel(f"19:{n}", cards // channels) for n in range(channels)]
    task = asyncio.gather(*share)
    await clock.run(task)
    return clock(), refused


class _Clock:
    """Time that passes when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, len(self._sleepers), future))
        await future

    async def run(self, task: "asyncio.Future[list[None]]") -> None:
        while not task.done():
            for _ in range(50):  # let everybody who can go on do so
                await asyncio.sleep(0)
            if self._sleepers:
                self._sleepers.sort(key=lambda s: s[:2], reverse=True)
                self.now, _, future = self._sleepers.pop()
                future.set_result(None)
        task.result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--alerts", type=int, default=100)
    parser.add_argument("--cards", type=int, default=1000)
    parser.add_argument("--channels", type=int, default=20)
    asked = parser.parse_args()
    took, refused = asyncio.run(at_full_rate(asked.cards, asked.channels))
    text = f"{asked.cards} cards to {asked.channels} channels: {took:.0f} s, {refused} x 429"
    sys.stdout.write(text + "\n")
    times = asyncio.run(alert_to_card(asked.alerts))
    for name, figures in zip(("wall", "CPU"), zip(*times, strict=True), strict=True):
        ordered = sorted(figures)
        median = statistics.median(ordered) * 1000
        p95 = ordered[int(len(ordered) * 0.95) - 1] * 1000
        text = f"{len(ordered)} alerts to their cards, {name}: "
        sys.stdout.write(f"{text}median {median:.0f} ms, p95 {p95:.0f} ms\n")


if __name__ == "__main__":
    main()
