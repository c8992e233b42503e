"""The days of a demo that is left running: data come in by the hour, the monitor runs.

Without them its figures grow old: after a day and a half the gate says, rightly, that
the monitor has not run, and there is no data of today to judge.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from bot.simulator.scenarios import Scenario
from bot.simulator.world import World

log = logging.getLogger(__name__)
LOOKS_S = 60.0  # a computer that slept wakes up in another hour


async def pass_by(
    scenario: Scenario,
    world: World,
    folder: Path,
    clock: Callable[[], datetime],
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Bring the scenario's world up to date whenever a new hour begins; never ends."""
    seen = _hour(clock())
    while True:
        await wait(LOOKS_S)
        now = clock()
        if _hour(now) != seen:
            try:
                scenario.seed(world, folder, now)
            except OSError as error:  # a full disk, perhaps: the demo goes on
                log.warning("today's data could not be written: %s", error)
                continue
            seen = _hour(now)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
