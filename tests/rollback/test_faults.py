"""What Azure does to a rollback that was approved, and what people are told of it.

Always: one PUT at most, and nothing is called done that was not read back.
"""

import asyncio
from typing import Any

import pytest

from tests.house import QUIET, House, Opened
from tests.story.remote import until

BEFORE = {"blue": 90, "green": 10}
AFTER = {"green": 100}


async def approved(house: House) -> None:
    """From the alert to the second person's click."""
    await requested(house)
    await house.press("mei", "Approve rollback")


async def requested(house: House) -> None:
    await house.alert()
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")


async def ended(house: House, words: str) -> Any:
    card = await house.shown(words)
    assert len(house.requests("PUT", "onlineendpoints")) <= 1
    return card


# fault, the state on the card, what is said of it, the traffic then
REFUSED = [
    pytest.param({"status": 429}, "limiting our requests", id="arm-429"),
    pytest.param({"status": 409}, "another change of", id="arm-409"),
    pytest.param({"status": 412}, "changed by someone else", id="arm-412"),
    pytest.param({"status": 403}, "may not change the traffic", id="forbidden"),
    pytest.param({"status": 500}, "Azure answered with an error", id="arm-500"),
    pytest.param({"drop": "before"}, "Azure&#x27;s answer was lost", id="put-lost"),
]


@pytest.mark.parametrize(("fault", "words"), REFUSED)
async def test_what_azure_refuses_is_told_as_not_done(
    house: House, fault: dict[str, Any], words: str
) -> None:
    await requested(house)
    await house.fail("PUT", "onlineendpoints", **fault)
    await house.press("mei", "Approve rollback")

    card = await ended(house, "Not rolled back")

    assert words.replace("&#x27;", "'") in str(card)
    assert "Traffic is as it was before. You can ask again." in str(card)
    assert "Who can act" in str(card)
    assert "Priya Raman, Jonas Weber, Lena Vogt: ask again" in str(card)
    assert BEFORE == await house.traffic()
    assert 1 == len(house.requests("PUT", "onlineendpoints"))


async def test_a_change_that_arrived_without_an_answer_is_read_back(
    house: House,
) -> None:
    """
    The PUT timed out though it was applied: what is there decides, not the answer.
    """
    await requested(house)
    await house.fail("PUT", "onlineendpoints", drop="after")
    await house.press("mei", "Approve rollback")

    await ended(house, "Rolled back")

    assert AFTER == await house.traffic()
    assert 1 == len(house.requests("PUT", "onlineendpoints"))


@pytest.mark.parametrize(
    ("outcome", "state", "words"),
    [
        ("Failed", "Not rolled back", "Nothing was changed: the operation failed"),
        ("Canceled", "Not rolled back", "Nothing was changed: the operation was"),
        (
            "differs",
            "Not rolled back",
            "Azure took the change but loan-prescreening serves blue 90 %",
        ),
        (
            "moved",
            "Not confirmed",
            "Azure took the change but reports a failure: the operation failed",
        ),
    ],
)
async def test_an_operation_that_ends_badly_is_told_as_not_done(
    house: House, outcome: str, state: str, words: str
) -> None:
    """
    Nor is it told as undone: what failed with the traffic moved says both.
    """
    await requested(house)
    await house.sim_post("azure/operations", seconds=0, outcome=outcome)
    await house.press("mei", "Approve rollback")

    card = await ended(house, state)

    assert words in str(card)
    assert (AFTER if outcome == "moved" else BEFORE) == await house.traffic()


async def test_a_stuck_operation_is_nobodys_success_and_holds_the_endpoint(
    build: Opened,
) -> None:
    house = await build(endpoint=QUIET, operation_limit_s=2)
    await requested(house)
    await house.sim_post("azure/operations", seconds=0, outcome="stuck")
    await house.press("mei", "Approve rollback")

    card = await ended(house, "Not confirmed")
    assert "Nothing else is moved on this endpoint" in str(card)
    assert "look, then unlock loan-prescreening" in str(card)
    assert "ask again" not in str(card).lower()  # it could only be refused

    again = "rollback loan-prescreening once more"
    await house.say("jonas", again)
    await house.told("R-1 holds the endpoint")
    await house.say("mei", "unlock loan-prescreening looked at it in the portal")
    await house.told("Noted on loan-prescreening: unlock")
    await house.say("jonas", again)
    await house.event("RollbackAsked")
    assert 1 == len(house.requests("PUT", "onlineendpoints"))


async def test_an_operation_is_waited_for(house: House) -> None:
    await requested(house)
    await house.sim_post("azure/operations", seconds=0.6)
    await house.press("mei", "Approve rollback")

    await ended(house, "Rolled back")

    assert AFTER == await house.traffic()


# -- the world changes between the steps -----------------------------------------------


async def test_approval_is_refused_when_traffic_has_moved(house: House) -> None:
    await requested(house)
    await house.sim_post("azure/traffic", traffic={"blue": 50, "green": 50})

    await house.press("mei", "Approve rollback")

    card = await house.shown("is out of date")
    assert "blue 50%, green 50% by now" in str(card)
    assert ["RollbackStale"] == [
        t for t in await house.types() if t in ("RollbackStale", "RollbackApproved")
    ]
    assert 0 == len(house.requests("PUT", "onlineendpoints"))


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ("traffic", {"traffic": {"blue": 50, "green": 50}}, "blue 50%, green 50%"),
        ("deployments", {"deployment": "green", "state": "Failed"}, "green is Failed"),
        ("deployments", {"deployment": "green", "state": "deleted"}, "not exist any"),
        ("endpoints", {"state": "Updating"}, "being changed by someone else"),
    ],
)
async def test_the_executor_refuses_a_world_that_was_not_approved(
    house: House, path: str, change: dict[str, Any], words: str
) -> None:
    """
    It was away when Mei approved; what it finds is no longer what she saw.
    """
    await requested(house)
    await house.stop("execute")
    await house.press("mei", "Approve rollback")
    await house.event("RollbackApproved")
    await house.sim_post(f"azure/{path}", **change)

    await house.start("execute")

    card = await ended(house, "Not rolled back")
    assert words in str(card)
    assert 0 == len(house.requests("PUT", "onlineendpoints"))


async def test_the_executor_refuses_an_approver_who_is_none_any_more(
    house: House,
) -> None:
    """
    The watch list was read anew between the click and the move: Mei lost her role.
    """
    await requested(house)
    await house.stop("execute")
    await house.press("mei", "Approve rollback")
    await house.event("RollbackApproved")
    people = [
        p.model_copy(update={"roles": ("viewer",)}) if p.name == "Mei Chen" else p
        for p in house.watch.people
    ]
    house.watch = house.watch.model_copy(update={"people": tuple(people)})

    await house.start("execute")

    card = await ended(house, "Not rolled back")
    assert "nothing was changed: 0 of 1 approvals count by now" in str(card)
    assert 0 == len(house.requests("PUT", "onlineendpoints"))


@pytest.mark.parametrize("status", [403, 404])
async def test_an_executor_that_may_not_look_tells_so(
    house: House, status: int
) -> None:
    """
    It lost its role on the endpoint, or the endpoint is gone: nobody is left waiting.
    """
    await requested(house)
    await house.stop("execute")
    await house.press("mei", "Approve rollback")
    await house.event("RollbackApproved")
    await house.fail("GET", "/onlineendpoints/", times=99, status=status)

    await house.start("execute")

    failed = await house.event("ShiftFailed")
    assert failed["reason"].startswith("nothing was changed: ")
    assert await house.shown(failed["reason"][:40])
    assert 0 == len(house.requests("PUT", "onlineendpoints"))


async def test_a_target_that_is_gone_is_refused_before_the_request(
    house: House,
) -> None:
    await house.alert()
    await house.sim_post("azure/deployments", deployment="green", state="deleted")

    await house.press("jonas", "Request rollback", reason="13 copes")

    assert "green is not deployed" in str(
        await house.shown("No rollback was requested")
    )


# -- reading fails, Teams fails --------------------------------------------------------


async def test_reading_may_fail_as_long_as_it_comes_back(house: House) -> None:
    await house.alert()
    await house.fail("GET", "/onlineendpoints/", times=3, status=503)
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")
    await house.fail("GET", "/onlineendpoints/", times=2, status=503)
    await house.press("mei", "Approve rollback")

    await ended(house, "Rolled back")

    assert AFTER == await house.traffic()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "headers": {"Retry-After": "1"}},
        {"status": 502},
        {"status": 504},
        {"drop": "after"},
    ],
    ids=["teams-429", "teams-502", "teams-504", "teams-lost-answer"],
)
async def test_teams_may_fail_around_an_approval(
    house: House, fault: dict[str, Any]
) -> None:
    """
    The click is recorded and carried out once; the card follows when Teams is back.
    """
    await requested(house)
    await house.fail("PUT", "/v3/", times=2, **fault)
    await house.fail("POST", "/v3/", times=1, **fault)
    await house.press("mei", "Approve rollback")

    await house.shown("Rolled back")

    types = await house.types()
    assert (1, 1) == (types.count("RollbackApproved"), types.count("TrafficShifted"))
    assert 1 == len(await house.cards())
    assert 1 == len(house.requests("PUT", "onlineendpoints"))


async def test_two_approvals_at_once_give_one_winner(house: House) -> None:
    await requested(house)

    answers = await asyncio.gather(
        *(house.press(who, "Approve rollback") for who in ("mei", "lena", "mei"))
    )

    await ended(house, "Rolled back")
    said = [a["value"] for a in answers if isinstance(a.get("value"), str)]
    assert 2 == len(said)
    assert all("is not waiting any more" in text for text in said)
    assert 1 == (await house.types()).count("RollbackApproved")


async def test_the_identity_may_be_gone_for_a_while(house: House) -> None:
    await requested(house)
    await house.stop("execute")
    await house.press("mei", "Approve rollback")
    await house.fail("GET", "/msi/token", times=2, status=500)

    await house.start("execute")

    await ended(house, "Rolled back")
    assert AFTER == await house.traffic()


async def test_the_executor_may_die_while_azure_works(build: Opened) -> None:
    """
    Found started, a move is read back until Azure rests; it is not sent again.
    """
    house = await build(endpoint=QUIET)
    await requested(house)
    await house.sim_post("azure/operations", seconds=2)
    await house.press("mei", "Approve rollback")

    async def put() -> bool:
        return bool(house.requests("PUT", "onlineendpoints"))

    await until("the PUT", put)
    await house.crash("execute")
    await house.start("execute")

    await ended(house, "Rolled back")
    assert AFTER == await house.traffic()
    assert 1 == len(house.requests("PUT", "onlineendpoints"))


async def test_an_interrupted_move_says_so_until_its_end_is_known(
    build: Opened,
) -> None:
    """
    Killed while the PUT was on its way: for a minute nobody can know, and the card says
    just that. What arrives late is found, and told as what it is.
    """
    house = await build(endpoint=QUIET, operation_settles_s=600)
    await requested(house)
    await house.fail("PUT", "onlineendpoints", drop="before")
    await house.press("mei", "Approve rollback")

    async def put() -> bool:
        return bool(house.requests("PUT", "onlineendpoints"))

    await until("the PUT", put)
    await house.crash("execute")
    await house.start("execute")

    card = await ended(house, "Interrupted")
    assert "nothing is sent a second time" in str(card)
    assert "Azure is moving the traffic" not in str(card)
    await house.told("The move of R-1 was interrupted")
    await house.sim_post("azure/traffic", traffic=AFTER)
    await ended(house, "Rolled back")
    assert 1 == len(house.requests("PUT", "onlineendpoints"))
    assert 1 == (await house.types()).count("ShiftInterrupted")


async def test_a_refusal_of_the_reader_is_what_the_cloud_itself_says(
    house: House,
) -> None:
    await approved(house)
    await ended(house, "Rolled back")

    assert {"executor"} == {
        r["principal"] for r in house.requests("PUT", "onlineendpoints")
    }
