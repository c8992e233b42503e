"""Endpoints that are not two deployments and a calm day."""

import time
from typing import Any

from tests.house import QUIET, House, Opened
from tests.story.remote import until

NAME = "loan-prescreening"


def _arm(house: House, path: str, **changes: Any) -> None:
    """Change a document of the simulated Azure behind everybody's back."""
    made = house.world.get("arm", path) or {}
    house.world.put("arm", path, {**made, **changes})


async def _moves(house: House, wanted: dict[str, int]) -> None:
    live = await until("the traffic", house.traffic, lambda found: found == wanted)
    assert wanted == live

    async def held() -> bool:
        ledger = await house.get(f"{house.bot}/api/gate/{NAME}/green")
        return any("holds the endpoint" in why for why in ledger["reasons"])

    await until("its release", held, lambda still: not still)


async def test_a_split_in_three_is_put_back_by_an_undo_and_by_the_undo_of_that(
    house: House,
) -> None:
    """
    The third has a name in Azure's own case, and it is the undo that serves it again.
    """
    endpoint = house.watch.endpoints[0].id
    green = house.world.get("arm", f"{endpoint}/deployments/green") or {}
    odd = f"{endpoint}/deployments/canary-v2-1"
    _arm(house, odd, **{**green, "id": odd, "name": "Canary-V2-1"})
    thirds = {"blue": 50, "green": 30, "Canary-V2-1": 20}
    await house.sim_post("azure/traffic", traffic=thirds)

    await house.say("jonas", f'rollback {NAME} to "canary-v2-1": it copes')
    await house.shown("Approval needed")
    await house.say("mei", "approve R-1 anyway")
    await _moves(house, {"Canary-V2-1": 100})
    await house.event("TrafficShifted")
    await house.say("jonas", "undo R-1 too slow")
    await house.shown("Undo R-1")
    await house.say("mei", "approve R-2 anyway")
    await _moves(house, thirds)
    await until("its record", house.types, lambda t: t.count("TrafficShifted") == 2)
    await house.say("jonas", "undo R-2 not the reason")
    await house.shown("Undo R-2")
    await house.say("mei", "approve R-3 anyway")
    await _moves(house, {"Canary-V2-1": 100})

    assert 3 == len(house.requests("PUT", "onlineendpoints"))


async def test_an_endpoint_that_a_failed_change_left_broken_is_mended_by_a_rollback(
    house: House,
) -> None:
    """
    Azure takes a change of it, and nobody wants to wait for Azure at three in the night.
    """
    await house.sim_post("azure/endpoints", state="Failed")
    await house.say("jonas", f"rollback {NAME} to green the last update failed")
    card = str(await house.shown("Approval needed"))
    await house.say("mei", "approve R-1")
    refused = await house.told("A check has failed: the endpoint is Failed since")
    await house.say("mei", "approve R-1 anyway")

    await _moves(house, {"green": 100})
    approved = await house.event("RollbackApproved")

    assert refused
    assert "another change may mend it" in card
    assert ["mend"] == [n for n in approved["accepted"] if n == "mend"]
    live = house.world.get("arm", house.watch.endpoints[0].id) or {}
    assert "Succeeded" == live["properties"]["provisioningState"]


async def test_without_a_name_it_goes_back_to_what_served_well(build: Opened) -> None:
    """
    By Azure's own figures of the week; and where nothing tells, somebody has to name it.
    """
    house = await build(endpoint={**QUIET, "rollback_target": ""})
    endpoint, then = house.watch.endpoints[0].id, time.time() - 30 * 3600
    steps = [[then, {"green": 100, "blue": 0}], [time.time() - 7200, {"blue": 100}]]
    house.world.put("traffic", endpoint, {"steps": steps})
    green = house.world.get("arm", f"{endpoint}/deployments/green") or {}
    odd = f"{endpoint}/deployments/canary"
    _arm(house, odd, **{**green, "id": odd, "name": "canary"})
    await house.sim_post("azure/traffic", traffic={"blue": 100})
    await house.say("jonas", f"rollback {NAME} the release was a mistake")
    asked = await house.event("RollbackRequested")
    await house.say("jonas", "withdraw R-1")
    await house.event("RollbackRejected")
    await house.fail("GET", "insights/metrics", times=999, status=403)
    await house.say("jonas", f"rollback {NAME} and once more")

    await house.told("name the deployment to move to; there is blue, green, canary")

    assert "green" == asked["target"]


async def test_an_endpoint_that_is_deleted_meanwhile_is_not_made_again(
    build: Opened,
) -> None:
    """
    A PUT of a captured document would bring a deleted endpoint back to life.
    """
    house = await build(endpoint=QUIET, start=False)
    await house.start("serve")
    await house.say("jonas", f"rollback {NAME} 13 copes")
    await house.shown("Approval needed")
    await house.say("mei", "approve R-1")
    await house.event("RollbackApproved")
    await house.fail("GET", f"onlineendpoints/{NAME}", times=99, status=404)
    await house.start("execute")

    failed = await house.event("ShiftFailed")
    card = str(await house.shown("R-1"))

    assert failed["reason"].startswith("nothing was changed: ")
    assert (None, True) == (failed["live"], failed["settled"])
    assert "Rolled back" not in card
    assert 0 == len(house.requests("PUT", "onlineendpoints"))


async def test_a_target_that_takes_copies_is_not_asked_about(house: House) -> None:
    endpoint = house.watch.endpoints[0].id
    made = house.world.get("arm", endpoint) or {}
    properties = {**made["properties"], "mirrorTraffic": {"green": 10}}
    _arm(house, endpoint, properties=properties)

    await house.say("jonas", f"rollback {NAME} to green 13 copes")

    await house.told("green takes mirrored traffic (10%); end that first")
    assert "RollbackRequested" not in await house.types()
