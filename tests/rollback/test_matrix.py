"""Every fault that can meet a rollback between Azure and our own process, by its name.

Most are tried in the files that tests/rollback/faults.py names; here are those that were
missing, and the proof that none is forgotten.
"""

import asyncio
import json
from importlib import import_module
from typing import Any

import pytest

from bot import app
from tests.conftest import new_database
from tests.house import QUIET, House, Opened
from tests.rollback.faults import COVERED, FAULTS, runs
from tests.rollback.test_faults import AFTER, ended, requested
from tests.story.remote import until


def test_no_fault_is_forgotten() -> None:
    assert {fault["id"] for fault in FAULTS} == set(COVERED)
    for place in COVERED.values():
        module, name = place.split(".")
        assert hasattr(import_module(f"tests.rollback.{module}"), name), place
    assert (20, 30, 1) == (
        runs("test_a_kill_at_every_await_leaves_one_put_and_the_truth"),
        runs("test_what_changes_after_the_put_is_told"),
        runs("test_of_something_else"),
    )


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 429, "headers": {"Retry-After": "1"}},
        {"status": 404},
        {"status": 200, "text": "no JSON"},
        {"drop": "before"},
    ],
    ids=["500", "429", "404", "junk", "dropped"],
)
async def test_an_identity_that_fails_delays_and_changes_nothing(
    house: House, fault: dict[str, Any]
) -> None:
    await requested(house)
    await house.stop("execute")
    await house.press("mei", "Approve rollback")
    await house.fail("GET", "/msi/token", times=2, **fault)

    await house.start("execute")

    await ended(house, "Rolled back")
    assert AFTER == await house.traffic()
    assert "eyJ" not in json.dumps(await house.incident())


async def test_a_token_may_run_out_while_azure_works(house: House) -> None:
    """
    Each lives for two to three seconds: asked for anew, and the change is not sent again.
    """
    await requested(house)
    await house.sim_post("azure/operations", seconds=4)
    house.world.put("identity", "tokens", {"s": 3})
    await house.stop("execute")
    await house.press("mei", "Approve rollback")

    await house.start("execute")

    await ended(house, "Rolled back")
    assert AFTER == await house.traffic()
    assert len(house.requests("GET", "/msi/token")) > 2


async def test_what_changes_after_the_put_is_told(house: House) -> None:
    """
    A colleague moves traffic in the portal while we wait: both values are shown.
    """
    await requested(house)
    await house.fail("GET", "mfeOperationsStatus", delay_s=0.6)
    await house.press("mei", "Approve rollback")

    async def put() -> bool:
        return bool(house.requests("PUT", "onlineendpoints"))

    await until("the PUT", put)
    await house.sim_post("azure/traffic", traffic={"blue": 70, "green": 30})

    card = await ended(house, "Not rolled back")
    assert "blue 70%, green 30%" in str(card)
    assert "Traffic is neither as it was before nor as it was approved." in str(card)


async def test_told_to_stop_it_hands_the_move_over(house: House) -> None:
    """
    A deployment of ours in the middle of a move: the next executor reads it back.
    """
    await requested(house)
    await house.sim_post("azure/operations", seconds=1)
    await house.press("mei", "Approve rollback")

    async def put() -> bool:
        return bool(house.requests("PUT", "onlineendpoints"))

    await until("the PUT", put)
    async with asyncio.timeout(5):
        await house.stop("execute")
    assert "TrafficShifted" not in await house.types()

    await house.start("execute")

    await ended(house, "Rolled back")
    assert 1 == len(house.requests("PUT", "onlineendpoints"))


async def test_two_executors_send_one_put(build: Opened, postgresql: str) -> None:
    """
    A rolling deployment runs both for a while; one leads.
    """
    house = await build(endpoint=QUIET, database_url=new_database(postgresql))
    stop = asyncio.Event()
    second = asyncio.create_task(app.execute(house.settings, house.watch, stop))
    await requested(house)
    await house.press("mei", "Approve rollback")
    await ended(house, "Rolled back")
    await house.crash("execute")

    await house.say("jonas", "undo R-1 13 is worse")
    await house.shown("Undo R-1")
    await house.press("mei", "Approve rollback")
    await house.shown("Undone")

    assert 2 == len(house.requests("PUT", "onlineendpoints"))
    stop.set()
    await second
