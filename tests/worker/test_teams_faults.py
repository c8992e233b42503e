"""Whatever Teams does, people see one card, and it is true."""

from typing import Any

import pytest

from tests.house import House
from tests.story.remote import until

POST = r"/v3/conversations/.*/activities"


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "headers": {"Retry-After": "1"}},
        {"status": 429},
        {"status": 412},
        {"status": 500},
        {"status": 502},
        {"status": 503},
        {"status": 504},
        {"drop": "before"},
        {"drop": "after"},
    ],
    ids=str,
)
async def test_a_failed_send_ends_in_one_card(
    house: House, fault: dict[str, Any]
) -> None:
    """
    Microsoft asks to repeat some of these, and some of those had been done already.
    """
    await house.fail("POST", POST, **fault)

    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)

    assert 1 == len(await house.cards())


async def test_a_lost_answer_to_a_reply_does_not_say_it_twice(house: House) -> None:
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    await house.fail("POST", POST, drop="after")

    await house.press("priya", "Acknowledge")
    await until("the reply to be recorded", house.types, lambda t: "Replied" in t)

    said = [a["text"] for a in await house.activities() if a["text"]]
    assert ["Priya Raman acknowledged A-1."] == said


async def test_a_deleted_card_is_posted_anew_once(house: House) -> None:
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    [card] = await house.cards()
    gone = f"{house.cloud}/sim/activities/{card['id']}"
    async with house.session.delete(gone) as answer:
        assert answer.ok

    await house.say("priya", "ack 1")
    await until("a new card", house.types, lambda t: t.count("CardShown") > 1)

    [again] = await house.cards()
    assert card["id"] != again["id"]
    assert "Acknowledged" in again["card"]["fallbackText"]


async def test_what_cannot_succeed_is_parked_and_told(house: House) -> None:
    """
    The bot was thrown out of the channel: the operator must see that nobody saw.
    """
    refusal = {"error": {"code": "BotNotInConversationRoster", "message": "no"}}
    await house.fail("POST", POST, status=403, times=50, body=refusal)

    await house.sim_post("azure/alerts", kind="latency")
    await until("it to be parked", house.types, lambda t: "EffectParked" in t)

    async def parked() -> int:
        return int((await house.get(f"{house.bot}/readyz"))["parked"])

    await until("the operator to see it", parked)
    assert [] == await house.cards()
