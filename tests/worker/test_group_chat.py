"""A group chat may hold anybody: what is asked there is answered to the asker alone."""

from typing import Any

import pytest

from bot.simulator.people import CREW, JONAS, PRIYA
from tests.house import QUIET, House, Opened
from tests.story.remote import until


@pytest.fixture
async def house(build: Opened) -> House:
    house = await build(endpoint=QUIET, start=False)
    await house.start("serve")
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    return house


async def _say(house: House, person: str, text: str) -> None:
    body = {"conversation": CREW.id, "text": text}
    await house.post(f"{house.cloud}/sim/people/{person}/say", body)


async def _said(house: House, conversation: str, words: str) -> str:
    """Return all that the bot said in a conversation, once it said `words`."""

    async def look() -> str:
        params = {"conversation": conversation}
        found = await house.get(f"{house.cloud}/sim/activities", params=params)
        ours = [a for a in found if a["from"]["kind"] == "bot"]
        return "\n".join(a["text"] + str(a["card"] or "") for a in ours)

    return await until(f"the bot to say {words!r}", look, lambda s: words in s)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("alerts", "1 open alert"),
        ("evidence 1", "loan-prescreening"),
        ("show 77", "There is no incident"),
    ],
)
async def test_an_answer_goes_to_the_asker_alone(
    house: House, typed: str, answer: str
) -> None:
    """
    A guest reads along in the chat, and no list of endpoints is his to see.
    """
    await _say(house, "priya", typed)

    assert answer in await _said(house, f"a:1{PRIYA.key}", answer)
    told = await _said(house, CREW.id, "the answer is in our own chat")
    assert "loan-prescreening" not in told
    assert "A-1" not in told


async def test_what_is_decided_there_counts_and_is_shown_in_the_channel(
    house: House,
) -> None:
    await _say(house, "jonas", "ack 1 on it")

    assert "on it" == (await house.event("Acknowledged"))["note"]
    await house.shown("Acknowledged")
    assert "A-1" in await _said(house, f"a:1{JONAS.key}", "A-1")
    assert "A-1" not in await _said(house, CREW.id, "our own chat")


async def test_who_may_not_is_told_there_who_can_and_leaves_a_trace(
    house: House,
) -> None:
    await _say(house, "chris", "ack 1")

    assert "A guest cannot ack" in await _said(house, CREW.id, "Who can")
    assert "ack" == (await house.event("CommandRefused"))["verb"]


async def test_help_and_a_slip_are_answered_where_everybody_reads(
    house: House,
) -> None:
    await _say(house, "chris", "help")
    await _say(house, "priya", "statsu loan-prescreening")

    assert "snooze" in await _said(house, CREW.id, "snooze")
    assert "status" in await _said(house, CREW.id, "Did you mean")


async def test_without_a_chat_of_their_own_nothing_is_said(house: House) -> None:
    """
    Who blocked the bot, or never installed it, is told how to get the answer.
    """
    refused = {"match": {"method": "POST", "path": "/v3/conversations"}}
    await house.post(f"{house.cloud}/sim/faults", {**refused, "status": 403})

    await _say(house, "ana", "alerts")

    told = await _said(house, CREW.id, "Open me under Apps")
    assert "loan-prescreening" not in told


async def test_a_group_chat_that_is_named_is_a_channel_like_any_other(
    build: Opened,
) -> None:
    def add(listed: dict[str, Any]) -> None:
        listed["channels"]["crew"] = {"id": CREW.id, "name": "crew"}
        listed["endpoints"][0]["channel"] = "crew"

    house = await build(endpoint=QUIET, watch=add, start=False)
    await house.start("serve")
    await _say(house, "priya", "status loan-prescreening")

    assert "loan-prescreening" in await _said(house, CREW.id, "open alert")


async def test_a_search_there_finds_nothing_to_put_before_others(house: House) -> None:
    body = {"conversation": CREW.id, "text": "loan"}

    _, found = await house.post(f"{house.cloud}/sim/people/priya/search", body)

    assert "Not everybody in this chat" in str(found)
    assert "A-1" not in str(found)
