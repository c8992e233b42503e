"""What is decided here is set in Azure, what is set there is shown here, and no echo."""

import asyncio
from typing import Any

import pytest

from tests.house import QUIET, House, Opened
from tests.story.remote import until

SET = "/changestate"


@pytest.fixture
async def house(build: Opened) -> House:
    house = await build(endpoint={**QUIET, "tier": 2}, portal_seconds=0.3)
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    return house


def alert(house: House) -> dict[str, Any]:
    [(_, found)] = house.world.all("alert")
    return found


def state(house: House) -> str:
    return str(alert(house)["properties"]["essentials"]["alertState"])


async def test_an_acknowledgement_is_set_in_azure(house: House) -> None:
    await house.say("priya", "ack 1 feed is late")

    await house.event("AzureMarked")

    assert "Acknowledged" == state(house)
    assert ["Priya Raman acknowledged Watchkeeper A-1: feed is late"] == (
        alert(house)["comments"]
    )


async def test_it_goes_back_and_to_the_end_with_the_incident(house: House) -> None:
    await house.press("priya", "Acknowledge")
    await until("azure to know", lambda: _is(house, "Acknowledged"))
    await house.say("priya", "unack 1")
    await until("azure to know", lambda: _is(house, "New"))
    await house.alert(status="resolved")
    await until("azure to know", lambda: _is(house, "Closed"))

    assert ["Watchkeeper A-1 is over"] == alert(house)["comments"]


async def _is(house: House, wanted: str) -> bool:
    return state(house) == wanted


async def test_what_a_colleague_sets_in_the_portal_is_on_the_card(house: House) -> None:
    await house.sim_post("azure/alert-state", state="Acknowledged")

    await house.shown("Acknowledged by jonas")
    assert "contoso.example" not in str(await house.incident())


async def test_nothing_is_echoed(house: House) -> None:
    """
    Set there, then acknowledged here: both say the same, so nothing is sent back.
    """
    await house.sim_post("azure/alert-state", state="Acknowledged")
    await house.event("AzureChanged")
    await house.press("priya", "Acknowledge")
    await house.shown("Priya Raman is looking into it")
    await asyncio.sleep(1)

    assert [] == house.requests("POST", SET)
    types = await house.types()
    assert (1, 0) == (types.count("AzureChanged"), types.count("AzureMarked"))


async def test_a_refused_permission_is_told_once(house: House) -> None:
    """
    Not at every alert: whoever set the roles knows by the first time.
    """
    await house.fail("POST", SET, status=403, times=50)
    await house.press("priya", "Acknowledge")
    assert "cannot be set in Azure" in await house.told("cannot be set in Azure")
    await house.say("priya", "unack 1")
    await house.say("priya", "ack 1")
    await until("both", house.types, lambda t: t.count("Acknowledged") == 2)
    await asyncio.sleep(1)

    assert 1 == (await house.types()).count("AzureRefused")
    assert "EffectParked" not in await house.types()


async def test_a_permission_that_was_granted_and_refused_again_is_told_again(
    house: House,
) -> None:
    """
    Who set the role and lost it would otherwise never hear that Azure is not told.
    """
    await house.fail("POST", SET, status=403, times=1)
    await house.press("priya", "Acknowledge")
    await house.event("AzureRefused")
    await house.say("priya", "unack 1")
    await house.say("priya", "ack 1 again")
    await house.event("AzureMarked")

    await house.fail("POST", SET, status=403, times=50)
    for typed in ("unack 1 off", "ack 1 mine", "unack 1 late"):
        await house.say("priya", typed)
        await asyncio.sleep(0.3)
    await until("the second", house.types, lambda t: t.count("AzureRefused") == 2)
    await asyncio.sleep(0.5)

    assert 2 == (await house.types()).count("AzureRefused")


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 503}, {"drop": "after"}])
async def test_a_failure_is_made_up_for(house: House, fault: dict[str, Any]) -> None:
    await house.fail("POST", SET, **fault)

    await house.press("priya", "Acknowledge")

    await house.event("AzureMarked")
    assert "Acknowledged" == state(house)
    assert "AzureChanged" not in await house.types()


async def test_azure_may_be_left_alone(build: Opened) -> None:
    house = await build(endpoint=QUIET, portal_seconds=0)
    await house.alert()
    await house.press("priya", "Acknowledge")
    await house.told("acknowledged A-1")

    assert [] == house.requests("POST", SET)
