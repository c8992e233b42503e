"""Every command of the list, typed in a channel, answered by the real programs."""

import pytest

from tests.house import QUIET, House, Opened
from tests.story.remote import CHANNEL, until


@pytest.fixture
async def house(build: Opened) -> House:
    house = await build(endpoint=QUIET, start=False)
    await house.start("serve")
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    return house


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("help snooze", "snooze 42 until tomorrow 9:00"),
        ("status loan-prescreening", "1 open alert on loan-prescreening"),
        ("status", "1 open alert on loan-prescreening"),
        ("status 1", "1 open alert on loan-prescreening"),
        ("status loan-prescreenin", "Did you mean"),
        ("owner loan-prescreening", "Priya Raman owns loan-prescreening"),
        ("health loan-prescreening 2h", "UTC (2 h)"),
        ("health loan-prescreening yesterday", "How long is"),
        ("drift loan-prescreening", "the watch list names no monitor"),
        ("digest", "with open alerts"),
        ("evidence loan-prescreening 30d", "1 incident since"),
        ("evidence loan-prescreening 900d", "366 days at most"),
        ("evidence loan-prescreening 2025-Q4", "No incident from 1 Oct to 31 Dec 2025"),
        ("evidence nothing-like-it", "No model or endpoint"),
        ("ack 1 --dry-run", "Dry run, nothing was recorded. It would say: Priya"),
        ("snooze 1 soon", "Until when"),
        ("thanks!", "You are welcome"),
        ("assign 1 nobody-here", "Nobody in the watch list"),
        ("alerts LOAN-Prescreening", "1 open alert on loan-prescreening"),
    ],
)
async def test_what_is_typed_is_answered(house: House, typed: str, answer: str) -> None:
    await house.say("priya", typed)

    assert answer in await house.told(answer)


async def test_a_kind_word_is_answered_in_kind(house: House) -> None:
    """
    It was "Not done" and "Nothing was changed" before.
    """
    await house.say("priya", "thanks!")

    await house.told("You are welcome")
    (answer,) = [a for a in await house.activities() if "welcome" in a["text"]]
    assert answer["card"] is None


async def test_a_dry_run_records_nothing(house: House) -> None:
    await house.say("priya", "snooze 1 2h feed is late --dry-run")

    await house.told("Dry run, nothing was recorded")
    assert "Snoozed" not in await house.types()


async def test_an_incident_goes_from_hand_to_hand(house: House) -> None:
    await house.say("priya", "assign 1 @Jonas Weber")
    assert "Jonas Weber" == (await house.event("Assigned"))["person"]
    await house.say("jonas", "ack 1 on it")
    await house.shown("Acknowledged")
    await house.say("jonas", "note A-1 the vendor is informed")
    await house.shown("the vendor is informed")
    await house.say("jonas", "unack 1 off for today")

    await house.shown("Firing")
    said = await house.told("gave A-1 back")
    assert "Jonas Weber gave A-1 back; nobody has it now: off for today" in said
    assert "assigned A-1 to Jonas Weber" in said


async def test_below_a_card_its_id_need_not_be_said(house: House) -> None:
    [card] = await house.cards()
    body = {"conversation": CHANNEL, "text": "ack mine", "reply_to": card["id"]}

    await house.post(f"{house.cloud}/sim/people/priya/say", body)

    assert "mine" == (await house.event("Acknowledged"))["note"]


@pytest.mark.parametrize("conversation", ["a:1priya"])
async def test_a_personal_chat_needs_no_mention(
    house: House, conversation: str
) -> None:
    body = {"conversation": conversation, "text": "alerts"}
    await house.post(f"{house.cloud}/sim/people/priya/say", body)

    async def there() -> str:
        params = {"conversation": conversation}
        return str(await house.get(f"{house.cloud}/sim/activities", params=params))

    assert "1 open alert" in await until("the list", there, lambda s: "open alert" in s)


async def test_another_channel_sees_none_of_it(house: House) -> None:
    """
    A channel limits what can be seen, also in lists.
    """
    other = "19:ml-platform@thread.tacv2"
    for text in ("alerts", "evidence loan-prescreening", "digest"):
        body = {"conversation": other, "text": text}
        await house.post(f"{house.cloud}/sim/people/priya/say", body)

    async def there() -> list[str]:
        found = await house.get(
            f"{house.cloud}/sim/activities", params={"conversation": other}
        )
        return [str(a["card"]) for a in found if a["card"]]

    cards = await until("three answers", there, lambda c: len(c) == 3)
    assert "A-1" not in str(cards)


async def test_a_snooze_by_dialog_is_shown_and_ends(house: House) -> None:
    """
    Two inputs: duration and reason, in a dialog that closes when it is sent.
    """
    reason = "partner feed is late"
    answer = await house.press("priya", "Snooze", until="2 h", reason=reason)

    assert not answer
    await house.shown("Snoozed")
    await house.press("priya", "End snooze")
    await house.shown("Firing")
    assert "snoozed A-1 until" in await house.told("gave A-1 back")


async def test_a_dialog_that_is_refused_says_why(house: House) -> None:
    answer = await house.press("ana", "Snooze")

    assert "You cannot snooze here. Who can" in str(answer)


async def test_a_dialog_that_is_not_right_yet_keeps_what_was_filled_in(
    house: House,
) -> None:
    """
    What was typed and is lost to a slip in another field is not typed again.
    """
    answer = await house.press("priya", "Snooze", until="2 h", reason="...")
    card = answer["task"]["value"]["card"]["content"]
    filled = {part["id"]: part.get("value") for part in card["body"] if "id" in part}

    assert "continue" == answer["task"]["type"]
    assert "Say why" in str(card["body"][0])
    assert {"until": "2 h", "reason": "..."} == filled
    assert "Snoozed" not in await house.types()
