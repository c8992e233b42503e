"""An Azure that hangs: people are answered all the same, and get what they asked for."""

from typing import Any

import pytest

from bot.simulator.faults import FAULTS
from tests.house import QUIET, House, Opened
from tests.story.remote import until

NAME = "loan-prescreening"
AZURE = "^/subscriptions/"
WAITING = "Looking up"
# Typed while Azure hangs, and what is read at once. The first ask Azure for nothing.
AT_ONCE = (
    ("alerts", "1 open alert"),
    ("approvals", "1 request to decide"),
    ("note 1 the vendor is informed", "the vendor is informed"),
    (f"status {NAME}", f"{WAITING} how {NAME} stands"),
    (f"health {NAME} 2h", f"{WAITING} how {NAME} serves"),
    (f"access {NAME}", f"{WAITING} who can reach {NAME}"),
    ("rollback 1 slow --dry-run", f"{WAITING} what a rollback of {NAME} would do"),
)
IN_THE_END = (
    f"1 open alert on {NAME}",
    f"How {NAME}",
    "role assignments",
)


async def hang(house: House) -> None:
    """Let Azure take every call and answer none."""
    await house.fail("", AZURE, delay_s=60, times=10_000)


def let_go(house: House) -> None:
    """Let Azure answer again; what hung is cut off."""
    house.sim[FAULTS].pending.clear()
    for task in house.sim[FAULTS].under_way:
        task.cancel()


async def waiting(house: House) -> list[Any]:
    return [a for a in await house.activities() if WAITING in str(a["card"])]


@pytest.fixture
async def house(build: Opened) -> House:
    house = await build(endpoint=QUIET, start=False)
    await house.start("serve")
    await house.alert()
    await house.event("SignalsEvaluated")
    return house


async def test_each_command_is_answered_while_azure_hangs(house: House) -> None:
    """
    What needs Azure is announced, and the announcement becomes the answer.
    """
    await house.press("priya", "Request rollback", reason="slow since noon")
    await house.shown("Approval needed")
    await hang(house)

    for typed, _ in AT_ONCE:
        await house.say("priya", typed)
    for _, answer in AT_ONCE:
        await house.told(answer)
    assert 4 == len(await waiting(house))
    let_go(house)

    await until("every answer", lambda: waiting(house), lambda w: not w)
    for answer in IN_THE_END:
        await house.told(answer)


async def test_each_button_is_answered_while_azure_hangs(house: House) -> None:
    await house.press("priya", "Request rollback", reason="slow since noon")
    await house.shown("Approval needed")
    await hang(house)

    evidence = await house.press("mei", "Evidence")
    refused = await house.press("priya", "Approve rollback")
    approved = await house.press("mei", "Approve rollback")

    assert "rests on" in str(evidence)
    assert "You cannot decide R-1" in str(refused)
    assert "The rollback is approved" in str(approved)
    let_go(house)


async def test_an_announced_answer_survives_a_kill(house: House) -> None:
    """
    The message that was posted before is edited, and no second one comes.
    """
    await hang(house)
    await house.say("priya", f"status {NAME}")
    [announced] = await until("the announcement", lambda: waiting(house))
    await house.crash("serve")
    let_go(house)

    await house.start("serve")

    await until("the answer", lambda: waiting(house), lambda w: not w)
    answers = [a for a in await house.activities() if "Status" in str(a["card"])]
    assert [announced["id"]] == [a["id"] for a in answers]
