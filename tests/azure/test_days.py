"""A demo that is left running over night."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.azure import AzureWorkspace
from bot.demo.days import pass_by
from bot.simulator.scenarios import names, scenario
from bot.simulator.world import World
from bot.triage import silence
from bot.watch import WatchList


def written(folder: Path, at: datetime) -> list[Path]:
    """Return what was collected in the hour of `at`."""
    return list(folder.rglob(f"{at:%Y/%m/%d/%H}/*.parquet"))


class Enough(Exception):
    """The test has seen it."""


@pytest.mark.parametrize("name", names())
async def test_the_monitor_goes_on_running(
    name: str,
    world: World,
    folder: Path,
    workspace: AzureWorkspace,
) -> None:
    """
    A gate that fails on the third morning of a demo would say that the bot is broken.
    """
    told = scenario(name)
    start = datetime.now(UTC)
    if name not in ("loan", "none"):  # the world of these two is there
        told.seed(world, folder, start)
    hours = iter(range(8, 49, 8))
    now = start

    async def wait(_: float) -> None:
        nonlocal now
        await asyncio.sleep(0)
        hour = next(hours, None)
        if hour is None:
            raise Enough
        now = start + timedelta(hours=hour)

    with pytest.raises(Enough):
        await pass_by(told, world, folder, lambda: now, wait)

    [endpoint] = WatchList.model_validate(told.watch()).endpoints
    plan = await workspace.plan(endpoint)
    assert "" == silence.monitor(plan, endpoint.listening, now)
    assert "last ran on" in silence.monitor(
        plan, endpoint.listening, now + timedelta(days=2)
    )
    assert written(folder, now - timedelta(hours=1))
