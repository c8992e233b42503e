"""What people get to see when they type and press, over the real botbuilder."""

import asyncio
import json
from typing import Any

import pytest

from bot.simulator.people import PRIYA
from bot.simulator.teams.line import from_person, send
from bot.simulator.teams.places import CHANNELS
from tests.house import House
from tests.story.remote import CHANNEL, until


@pytest.fixture
async def house(house: House) -> House:
    """A house with one alert that is on its card."""
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    return house


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("help", "What you can ask"),
        ("alerts", "1 open alert"),
        ("show 1", "answers slowly"),
        ("evidence A-1", "What the alert on loan-prescreening rests on"),
        ("evidnce 1", 'Did you mean "evidence"?'),
        ("ack 99", 'There is no incident "99"'),
        ("ack 1 2", "One at a time, please: A-1, A-2"),
        ("ack loan-prescreening", "Did you mean A-1?"),
        ("alerts for loan-prescrening", 'Did you mean "loan-prescreening"?'),
        ("alerts 1", "To see one incident: show A-1"),
        ("approve", "Which request?"),
        ("approve R-9", "There is no request R-9"),
        ("rollback 1", "Say why"),
        ("help snoose", "There is no command snoose. Did you mean snooze?"),
        ("snooze 1 2h feed is late", "Priya Raman snoozed A-1 until"),
    ],
)
async def test_what_is_typed_is_answered(house: House, typed: str, answer: str) -> None:
    await house.say("priya", typed)

    assert answer in await house.told(answer)


async def test_a_viewer_may_look_but_not_touch(house: House) -> None:
    answer = await house.press("ana", "Acknowledge")

    assert "You cannot ack here. Who can: " in answer["value"]
    assert "Acknowledged" not in await house.types()


async def test_a_refusal_is_kept(house: House) -> None:
    """
    Who tried what they may not is part of the evidence.
    """
    await house.press("jonas", "Acknowledge")
    await house.press("priya", "Acknowledge")

    assert "already acknowledged by Jonas Weber" in str(
        await house.event("CommandRefused")
    )


async def test_another_channel_cannot_act(house: House) -> None:
    body = {"conversation": "19:ml-platform@thread.tacv2", "text": "ack 1"}
    await house.post(f"{house.cloud}/sim/people/priya/say", body)

    async def there() -> str:
        params = {"conversation": body["conversation"]}
        return str(await house.get(f"{house.cloud}/sim/activities", params=params))

    await until("the refusal", there, lambda s: "belongs to another channel" in s)
    assert "Acknowledged" not in await house.types()


async def test_another_tenants_user_changes_nothing(house: House) -> None:
    """
    Shared channels hold people of other organisations.
    """
    body = {"conversation": "19:ml-platform@thread.tacv2", "text": "ack 1"}
    url = f"{house.cloud}/sim/people/olga/say"
    async with house.session.post(url, json=body) as answer:
        assert 403 == answer.status

    assert "Acknowledged" not in await house.types()


async def test_a_changed_button_is_not_believed(house: House) -> None:
    """
    What a button carries comes from the client: it decides nothing.
    """
    [card] = await house.cards()
    forged = str(card["card"]).replace("A-1", "A-2")
    assert forged != str(card["card"])
    dialog = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "actions": [
            {
                "type": "Action.Execute",
                "title": "Acknowledge",
                "verb": "ack",
                "data": {"verb": "ack", "id": "A-1", "rev": 1, "t": "forged"},
            }
        ],
    }
    body = {"activity": card["id"], "title": "Acknowledge", "dialog": dialog}
    _, answer = await house.post(f"{house.cloud}/sim/people/priya/click", body)

    assert "not one of ours" in str(answer)
    assert "Acknowledged" not in await house.types()


async def test_two_who_press_at_once_are_told_apart(house: House) -> None:
    answers = await asyncio.gather(
        house.press("priya", "Acknowledge"), house.press("jonas", "Acknowledge")
    )

    assert 1 == (await house.types()).count("Acknowledged")
    assert 1 == sum("already acknowledged" in str(a) for a in answers)


async def test_resolved_in_azure_is_resolved_on_the_card(house: House) -> None:
    await house.alert(status="resolved")

    await house.shown("Resolved")
    assert CHANNEL == (await house.event("CardShown"))["conversation"]


async def test_a_message_that_is_delivered_twice_counts_once(house: House) -> None:
    frame = from_person(house.sim, "message", PRIYA, CHANNELS[0], "")
    frame |= {"text": "note A-1 said once"}

    for _ in range(2):
        assert 200 == (await send(house.sim, frame)).status

    await house.told("said once")
    assert 1 == (await house.types()).count("Noted")


async def test_a_message_that_comes_again_to_another_process_counts_once(
    house: House,
) -> None:
    """
    Killed before its answer reached Teams; the next process has no memory of it.
    """
    frame = from_person(house.sim, "message", PRIYA, CHANNELS[0], "")
    frame |= {"text": "note A-1 said to the first"}
    assert 200 == (await send(house.sim, frame)).status
    await house.told("said to the first")
    await house.crash("serve")
    await house.start("serve")

    assert 200 == (await send(house.sim, frame)).status
    await house.say("priya", "note A-1 said later")
    await house.told("said later")
    await house.say("priya", "note A-1 said to the first")
    await until("three", house.types, lambda t: t.count("Noted") > 2)

    assert 3 == (await house.types()).count("Noted")


async def test_a_press_counts_once(house: House) -> None:
    """
    A client repeats what it believes lost, and people press twice: a button of one
    revision says a thing once, whoever repeats it. On the edited card it can be said anew.
    """

    async def press() -> None:
        assert "Wrong" not in str(await send(house.sim, frame))

    [card] = await house.cards()
    [data] = [a["data"] for a in card["card"]["actions"] if a["title"] == "Acknowledge"]
    said: dict[str, Any] = {**data, "verb": "note", "text": "pressed once"}
    action = {"type": "Action.Execute", "verb": "note", "data": said}
    frame = from_person(house.sim, "invoke", PRIYA, CHANNELS[0], card["id"])
    frame |= {"name": "adaptiveCard/action", "replyToId": card["id"]}
    frame |= {"value": {"action": action, "trigger": "manual"}}

    await asyncio.gather(press(), press())
    await press()

    assert 1 == (await house.types()).count("Noted")


async def test_a_press_on_a_stale_card_is_answered_with_the_card_as_it_is(
    house: House,
) -> None:
    """
    Acknowledged, given back, and the first card is still on her screen: pressing it once
    more says how it stands now, and a press on what it shows counts.
    """
    [stale] = await house.cards()

    async def press(shown: Any) -> Any:
        [data] = [a["data"] for a in shown["actions"] if a["title"] == "Acknowledge"]
        action = {"type": "Action.Execute", "verb": "ack", "data": data}
        frame = from_person(house.sim, "invoke", PRIYA, CHANNELS[0], stale["id"])
        frame |= {"name": "adaptiveCard/action", "replyToId": stale["id"]}
        frame |= {"value": {"action": action, "trigger": "manual"}}
        return json.loads((await send(house.sim, frame)).text or "")

    await press(stale["card"])
    await house.say("priya", "unack 1")
    await until("it to be given back", house.types, lambda t: "Unacknowledged" in t)

    again = await press(stale["card"])
    assert 1 == (await house.types()).count("Acknowledged")
    assert again["value"]["fallbackText"].startswith("Firing")

    deliberate = await press(again["value"])
    assert 2 == (await house.types()).count("Acknowledged")
    assert deliberate["value"]["fallbackText"].startswith("Acknowledged")
