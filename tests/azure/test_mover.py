"""Moving traffic: one PUT at most, and words that never say more than is known."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.identity.aio import ManagedIdentityCredential

from bot.azure import AzureMover, AzureWorkspace
from bot.azure.cloud import Cloud
from bot.azure.traffic import Way, judged
from bot.incident import EndpointState
from bot.ports import Ambiguous, Impossible, Unavailable
from bot.simulator.identity import EXECUTOR
from bot.simulator.world import World
from tests.azure.conftest import ARM, QUICK, Sim

BACK = {"blue": 0, "green": 100}


@pytest.fixture
async def seen(mover: AzureMover) -> EndpointState:
    """What the approver saw."""
    return await mover.state(ARM)


def puts(sim: Sim) -> int:
    return len(sim.seen("PUT"))


async def test_traffic_moves_and_nothing_else(
    mover: AzureMover, seen: EndpointState, sim: Sim, world: World
) -> None:
    """
    A PUT replaces the endpoint: whatever the body leaves out is gone.
    """
    before = world.get("arm", ARM) or {}
    after = await mover.shift(ARM, seen, BACK)
    stored = world.get("arm", ARM) or {}

    assert BACK == dict(after.traffic)
    assert 1 == puts(sim)
    assert {"executor"} == {r["principal"] for r in sim.seen("PUT")}
    for one in (before, stored):
        one["properties"] = {**one["properties"], "traffic": {}}
        one["systemData"] = {}
    assert before == stored


async def test_a_name_keeps_the_spelling_that_azure_has_for_it(
    mover: AzureMover, sim: Sim, world: World
) -> None:
    """
    A deployment made as "Green" may stand as "green" in the traffic: one name, not two.
    """
    made = world.get("arm", f"{ARM}/deployments/green") or {}
    world.put("arm", f"{ARM}/deployments/green", {**made, "name": "Green"})
    seen = await mover.state(ARM)

    after = await mover.shift(ARM, seen, {"blue": 0, "Green": 100})

    stored = (world.get("arm", ARM) or {})["properties"]["traffic"]
    assert {"blue": 90, "Green": 10} == dict(seen.traffic)
    assert {"blue": 0, "Green": 100} == dict(after.traffic)
    assert {"blue": 0, "green": 100} == stored
    assert 1 == puts(sim)


async def test_it_follows_a_slow_operation(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    await sim.post("/sim/azure/operations", seconds=0.3)

    after = await mover.shift(ARM, seen, BACK)

    assert BACK == dict(after.traffic)
    assert sim.seen("GET", "mfeOperationsStatus")
    assert 1 == puts(sim)


async def test_the_reader_cannot_move_traffic(
    workspace: AzureWorkspace, cloud: Cloud, sim: Sim
) -> None:
    """
    The process that talks to people must not be able to do it, whatever its code says.
    """
    reader = AzureMover(workspace._credential, cloud)  # noqa: SLF001 - a wrong wiring
    state = await reader.state(ARM)

    with pytest.raises(
        Impossible, match=r"Nothing was changed: this identity may not change"
    ):
        await reader.shift(ARM, state, BACK)
    await reader.close()

    assert 1 == puts(sim)
    assert {"blue": 90, "green": 10} == dict((await workspace.state(ARM)).traffic)


async def test_other_traffic_than_approved_is_not_overwritten(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    await sim.post("/sim/azure/traffic", traffic={"blue": 50, "green": 50})

    with pytest.raises(
        Impossible, match=r"Nothing was changed: .*blue 50 %, green 50 %"
    ):
        await mover.shift(ARM, seen, BACK)

    assert 0 == puts(sim)


async def test_other_settings_than_approved_are_not_overwritten(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    await sim.post("/sim/azure/endpoints", tags={"ticket": "CHG-1"})

    with pytest.raises(Impossible, match=r"settings were changed"):
        await mover.shift(ARM, seen, BACK)

    assert 0 == puts(sim)


@pytest.mark.parametrize(
    ("state", "words"),
    [("deleted", "does not exist any more"), ("Failed", "green is Failed")],
)
async def test_a_deployment_that_cannot_serve_gets_no_traffic(
    mover: AzureMover, seen: EndpointState, sim: Sim, state: str, words: str
) -> None:
    await sim.post("/sim/azure/deployments", deployment="green", state=state)

    with pytest.raises(Impossible, match=words):
        await mover.shift(ARM, seen, BACK)

    assert 0 == puts(sim)


@pytest.mark.parametrize("traffic", [{"green": 90}, {"green": 120, "blue": -20}, {}])
async def test_traffic_must_add_up(
    mover: AzureMover, seen: EndpointState, sim: Sim, traffic: dict[str, int]
) -> None:
    with pytest.raises(Impossible, match=r"add up to 100"):
        await mover.shift(ARM, seen, traffic)

    assert 0 == puts(sim)


async def test_nothing_is_put_while_azure_works(mover: AzureMover, sim: Sim) -> None:
    await sim.post("/sim/azure/endpoints", state="Updating")
    busy = await mover.state(ARM)

    with pytest.raises(Impossible, match=r"being changed by someone else"):
        await mover.shift(ARM, busy, BACK)

    assert 0 == puts(sim)


@pytest.mark.parametrize(
    ("status", "raised", "words"),
    [
        (429, Unavailable, "limiting our requests"),
        (403, Impossible, "may not change the traffic"),
        (404, Impossible, "knows no endpoint"),
        (409, Impossible, "another change"),
        (412, Impossible, "by someone else"),
        (400, Impossible, "status 400"),
        (500, Impossible, "Azure answered with an error"),
        (503, Impossible, "Azure answered with an error"),
    ],
)
async def test_a_refused_change_says_that_nothing_was_changed(
    mover: AzureMover,
    seen: EndpointState,
    sim: Sim,
    status: int,
    raised: type[Exception],
    words: str,
) -> None:
    headers = {"Retry-After": "30"}
    await sim.fail("PUT", "", status=status, headers=headers)

    with pytest.raises(raised, match=rf"^Nothing was changed: .*{words}") as caught:
        await mover.shift(ARM, seen, BACK)

    assert 1 == puts(sim)
    if isinstance(caught.value, Unavailable):
        assert timedelta(seconds=30) == caught.value.retry_after


async def test_a_lost_answer_is_read_back(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    """
    Aiohttp repeats a PUT by itself when the connection drops; ours must go out once.
    """
    await sim.fail("PUT", "", drop="after")

    after = await mover.shift(ARM, seen, BACK)

    assert BACK == dict(after.traffic)
    assert 1 == puts(sim)


async def test_a_lost_request_changed_nothing(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    await sim.fail("PUT", "", drop="before")

    with pytest.raises(
        Impossible, match=r"^Nothing was changed: Azure's answer was lost"
    ):
        await mover.shift(ARM, seen, BACK)

    assert 1 == puts(sim)


async def test_a_late_change_is_not_called_undone(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    """
    Azure was silent and works on: "nothing was changed" would be a lie in a moment.
    """
    await sim.fail("PUT", "", delay_s=0.5)

    after = await mover.shift(ARM, seen, BACK)

    assert BACK == dict(after.traffic)
    assert 1 == puts(sim)


async def test_nobody_knows_what_a_silent_azure_makes_of_it(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    await sim.fail("PUT", "", delay_s=2.5)

    with pytest.raises(Ambiguous, match=r"did not answer, and nothing .* is seen yet"):
        await mover.shift(ARM, seen, BACK)

    assert 1 == puts(sim)


async def test_a_change_of_a_broken_endpoint_is_no_success(
    seen: EndpointState,
) -> None:
    """
    The split stands in Azure's document, but the endpoint itself is Failed.
    """
    after = replace(seen, traffic=BACK, provisioning_state="Failed")

    with pytest.raises(Impossible, match=r"reports a failure: the endpoint is Failed"):
        judged("loan-prescreening", seen, after, BACK, Way("done"))


async def test_a_broken_endpoint_is_mended_by_the_same_traffic_again(
    mover: AzureMover, sim: Sim
) -> None:
    await sim.post("/sim/azure/traffic", traffic=BACK)
    await sim.post("/sim/azure/endpoints", state="Failed")
    seen = await mover.state(ARM)
    await sim.post("/sim/azure/operations", seconds=0.2)

    after = await mover.shift(ARM, seen, BACK)

    assert ("Failed", "Succeeded") == (
        seen.provisioning_state,
        after.provisioning_state,
    )
    assert 1 == puts(sim)


async def test_what_a_broken_endpoint_said_before_is_no_sign_of_a_change(
    mover: AzureMover, sim: Sim
) -> None:
    """
    It serves what is wanted, by its document, whether or not the change arrived.
    """
    await sim.post("/sim/azure/traffic", traffic=BACK)
    await sim.post("/sim/azure/endpoints", state="Failed")
    seen = await mover.state(ARM)
    await sim.fail("PUT", "", drop="before")

    with pytest.raises(Impossible, match=r"^Nothing was changed: Azure's answer was"):
        await mover.shift(ARM, seen, BACK)

    assert "Failed" == (await mover.state(ARM)).provisioning_state
    assert 1 == puts(sim)


async def test_what_azure_says_against_a_change_is_passed_on(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    told = '{"error": {"code": "BadArgument", "message": "green mirrors traffic."}}'
    await sim.fail("PUT", "", status=400, text=told)

    words = r"^Nothing was changed: .*400 \(BadArgument\): green mirrors traffic\.$"
    with pytest.raises(Impossible, match=words):
        await mover.shift(ARM, seen, BACK)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"status": 404}, "knows nothing of its operation any more"),
        ({"text": '{"error": {"code": "X", "message": "no quota"}}'}, "no quota"),
        ({"text": '{"status": "Canceled"}'}, "no code given"),
    ],
    ids=["forgotten", "an error with 200", "canceled"],
)
async def test_an_operation_that_ends_oddly_is_read_back(
    mover: AzureMover,
    seen: EndpointState,
    sim: Sim,
    told: dict[str, Any],
    words: str,
) -> None:
    await sim.post("/sim/azure/operations", seconds=0, outcome="Failed")
    await sim.fail("GET", "mfeOperationsStatus", times=99, **{"status": 200, **told})

    with pytest.raises(Impossible, match=rf"^Nothing was changed: .*{words}"):
        await mover.shift(ARM, seen, BACK)

    assert 1 == puts(sim)


async def test_an_hour_that_azure_asks_for_is_not_waited_for(
    sim: Sim,
    cloud: Cloud,
    identities: dict[str, ManagedIdentityCredential],
    seen: EndpointState,
) -> None:
    """
    The change is there in seconds, and so are the people who wait to read of it.
    """
    patience = replace(
        QUICK, limit=timedelta(minutes=2), longest=timedelta(milliseconds=50)
    )
    mover = AzureMover(identities[EXECUTOR], cloud, patience=patience)
    slow = {"status": 200, "text": '{"status": "InProgress"}'}
    wait = {"headers": {"Retry-After": "3600"}}
    await sim.fail("GET", "mfeOperationsStatus", times=2, **slow, **wait)

    async with asyncio.timeout(60):
        after = await mover.shift(ARM, seen, BACK)
    await mover.close()

    assert BACK == dict(after.traffic)
    assert 3 == len(sim.seen("GET", "mfeOperationsStatus"))


async def test_it_asks_as_seldom_as_azure_wants(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    headers = {"Retry-After": "1"}
    await sim.fail("GET", "mfeOperationsStatus", status=429, headers=headers)

    after = await mover.shift(ARM, seen, BACK)

    assert BACK == dict(after.traffic)
    assert 2 == len(sim.seen("GET", "mfeOperationsStatus"))


async def test_a_failed_operation_tells_why(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    await sim.post("/sim/azure/operations", seconds=0, outcome="Failed")

    with pytest.raises(Impossible, match=r"^Nothing was changed: .*not enough quota"):
        await mover.shift(ARM, seen, BACK)


async def test_success_that_serves_something_else_is_no_success(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    await sim.post("/sim/azure/operations", seconds=0, outcome="differs")

    with pytest.raises(
        Impossible, match=r"^Azure took the change but .*blue 90 %.*not green 100 %"
    ):
        await mover.shift(ARM, seen, BACK)


async def test_an_operation_without_end_is_nobodys_success(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    await sim.post("/sim/azure/operations", seconds=0, outcome="stuck")

    with pytest.raises(Ambiguous, match=r"has not finished it: no end after"):
        await mover.shift(ARM, seen, BACK)

    assert 1 == puts(sim)


async def test_asking_after_the_operation_may_fail(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    """
    The operation goes on without us; only the PUT must not be repeated.
    """
    await sim.fail("GET", "mfeOperationsStatus", times=3, status=503)

    after = await mover.shift(ARM, seen, BACK)

    assert BACK == dict(after.traffic)
    assert 1 == puts(sim)


async def test_what_cannot_be_read_back_is_ambiguous(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    await sim.post("/sim/azure/operations", seconds=0.2)
    shift = asyncio.create_task(mover.shift(ARM, seen, BACK))
    while not sim.seen("PUT"):  # noqa: ASYNC110 - another process, to the test
        await asyncio.sleep(0.01)
    await sim.fail("GET", "onlineendpoints/", times=10_000, status=503)

    with pytest.raises(Ambiguous, match=r"was sent but cannot be read back"):
        await shift

    assert 1 == puts(sim)


async def test_who_slept_before_the_change_does_not_send_it(
    sim: Sim,
    cloud: Cloud,
    identities: dict[str, ManagedIdentityCredential],
    seen: EndpointState,
) -> None:
    """
    Stopped for minutes between the look and the change: another executor has told by
    then that nothing was changed, and has freed the endpoint.
    """
    hours = iter(range(100))

    def clock() -> datetime:
        return seen.at + timedelta(hours=next(hours))

    mover = AzureMover(identities[EXECUTOR], cloud, clock=clock, patience=QUICK)
    with pytest.raises(Unavailable, match=r"^Nothing was changed: too much time"):
        await mover.shift(ARM, seen, BACK)
    await mover.close()

    assert 0 == puts(sim)


async def test_two_at_once_do_not_overtake_each_other(
    mover: AzureMover, seen: EndpointState, sim: Sim
) -> None:
    first, second = await asyncio.gather(
        mover.shift(ARM, seen, BACK),
        mover.shift(ARM, seen, {"blue": 100}),
        return_exceptions=True,
    )

    assert isinstance(first, EndpointState)
    assert BACK == dict(first.traffic)
    assert isinstance(second, Impossible)
    assert 1 == puts(sim)
