"""The roads by which an incident of tier 1 could end: none without a decision on record."""

import pytest

from tests.house import House

NAME = "loan-prescreening"
KINDS = ["threshold", "false-positive"]  # the others: test_journeys, test_retraining


async def _decided(house: House) -> list[str]:
    return [t for t in await house.types() if t.startswith("Decision")]


async def test_neither_a_word_nor_the_portal_closes_it(house: House) -> None:
    """
    Taken, slept over, closed in Azure's portal and resolved: still nobody has decided.
    """
    await house.alert("latency")
    for words in ("close A-1", "resolve 1", "done A-1", "fixed A-1 was the deploy"):
        await house.say("sam", words)
    await house.told("An incident ends when its alert does")
    await house.say("priya", "ack A-1 mine")
    await house.event("Acknowledged")
    await house.say("priya", "snooze A-1 1h nothing to do before noon")
    await house.event("Snoozed")
    await house.sim_post("azure/alert-state", state="Closed")
    before = (await house.incident())["status"]
    await house.alert("latency", status="resolved")
    await house.shown("Decision needed")

    assert "acknowledged" == before
    assert "undecided" == (await house.incident())["status"]
    assert [] == await _decided(house)


async def test_who_may_not_decide_closes_nothing(house: House) -> None:
    """
    Another's word, none at all, no reason, a choice that is none: each is refused.
    """
    await house.alert("latency")
    await house.alert("latency", status="resolved")
    await house.shown("Decision needed")
    for who, words in (
        ("jonas", "decide A-1 accept it was me"),
        ("mei", "decide A-1 accept fine by me"),
        ("sam", "decide A-1"),
        ("sam", "decide A-1 accept"),
        ("sam", "decide A-1 ignore it will pass"),
        ("sam", "decide A-1 accept -"),
        ("sam", "decide A-1 accept known until 2001-01-01"),
    ):
        await house.say(who, words)

    await house.say("jonas", "show A-1")
    await house.told("A decision holds for 1 to 366 days")

    assert "undecided" == (await house.incident())["status"]
    assert [] == await _decided(house)


@pytest.mark.parametrize("choice", KINDS)
async def test_each_choice_closes_it_with_reason_and_expiry(
    house: House, choice: str
) -> None:
    await house.alert("latency")
    await house.alert("latency", status="resolved")
    await house.shown("Decision needed")
    await house.say("sam", f"decide A-1 {choice} one burst of a batch job for 9 days")

    made = await house.event("DecisionRecorded")

    assert (choice, "one burst of a batch job") == (made["choice"], made["reason"])
    assert made["expires_at"] > made["at"]
    assert "resolved" == (await house.incident())["status"]
