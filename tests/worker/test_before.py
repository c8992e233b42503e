"""What changed just before an alert is on its card, from Azure and from what we knew."""

from datetime import timedelta
from typing import Any

import pytest

from bot.simulator.azure.activity import log
from bot.simulator.people import JONAS
from bot.worker.before import compared
from tests.cards import samples
from tests.house import QUIET, House, Opened
from tests.incidents import ENDPOINT

WRITE = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"


@pytest.fixture
async def house(build: Opened) -> House:
    house = await build(endpoint=QUIET, start=False)
    for key, _ in house.world.all("log line"):  # of how this world was made
        house.world.delete("log line", key)
    await house.start("serve")
    return house


def did(house: House, what: str, **more: Any) -> None:
    own = f"{ENDPOINT}/deployments/blue" if "deployments" in what else ENDPOINT
    log(house.world, own, f"{WRITE}/{what}", by=JONAS.oid, **more)


async def test_a_deployment_just_before_is_named(house: House) -> None:
    did(house, "deployments/write", correlation="1", status="Started")
    did(house, "deployments/write", correlation="1")
    did(house, "write", status="Failed")
    did(house, "deployments/read")

    await house.alert()

    found = await house.event("ChangesFound")
    assert ["1"] == [c["correlation"] for c in found["changes"]]
    card = str(await house.shown("Changed before it fired"))
    assert "Deployment blue was written by Jonas Weber" in card
    assert "contoso.example" not in card


async def test_that_nothing_changed_is_said(house: House) -> None:
    await house.alert()
    card = await house.shown("Nothing was done to it in Azure")

    assert [] == (await house.event("ChangesFound"))["changes"]
    assert "was written by" not in str(card)


async def test_that_it_is_not_known_is_said(house: House) -> None:
    await house.fail("GET", "eventtypes", status=403, times=50)

    await house.alert()

    assert "Nothing was done" not in str(await house.shown("the activity log. "))


async def test_it_is_looked_up_once_an_incident(house: House) -> None:
    await house.alert()
    await house.event("ChangesFound")
    await house.sim_post("azure/alerts", kind="errors")
    await house.press("priya", "Acknowledge")
    await house.told("acknowledged A-1")

    assert 1 == (await house.types()).count("ChangesFound")


def test_what_is_different_is_named() -> None:
    was = samples.state(samples.FIRED, {"blue": 100})
    now = samples.state(samples.FIRED + timedelta(hours=1), {"blue": 90, "green": 10})

    assert [("traffic", "blue 100%", "blue 90%, green 10%")] == [
        (d.what, d.was, d.now) for d in compared(was, now)
    ]
    assert () == compared(now, now)
