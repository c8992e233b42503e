"""What cannot be said where it should be is said another way, and nothing is said twice."""

from typing import Any

import pytest

from bot.simulator.people import ALERTS
from tests.house import QUIET, House, Opened
from tests.story.remote import CHANNEL, until

POST = r"/v3/conversations/19.*/activities"
CHATS = r"/v3/conversations"
SEARCHES = (
    *("loan", "A-1", "1", "", "   ", "green", "priya raman", "latency", "firing"),
    *("open", "sev2", "Sev 2 open loan", "today", "7d", "last 24h of loan"),
    *("open, sev2, loan", "the latency on loan-prescreening"),
)
NOT_FOUND = (
    *("zzz", "A-2", "resolved", "snoozed", "sev0", "2020-01-01", "2026-11-31"),
    *("yesterday", "loan resolved", "' or 1=1 --", "%", "_", "{{title}}", ".*"),
    *("99999999999999d", "a" * 5000, "<at>loan</at>", "../A-1", "open\u200b"),
)


async def personal(house: House, person: str = "priya") -> str:
    params = {"conversation": f"a:1{person}"}
    return str(await house.get(f"{house.cloud}/sim/activities", params=params))


async def posted(house: House) -> House:
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    return house


async def test_a_card_too_big_for_teams_is_sent_smaller(house: House) -> None:
    """
    Not the same card again: the first lines, and where the rest is.
    """
    await house.fail("POST", POST, status=413)

    await posted(house)

    [card] = await house.cards()
    assert "The rest" in str(card["card"])
    assert "answers slowly" in str(card["card"])
    assert 2 == len(house.requests("POST", "/activities"))


async def test_an_edit_that_is_refused_becomes_a_reply(house: House) -> None:
    """
    About one edit in a thousand fails for good; the thread still gets to know.
    """
    await posted(house)
    await house.fail("PUT", r"/activities/", status=403, times=1)

    await house.press("priya", "Acknowledge")

    assert "could not be updated" in await house.told("could not be updated")
    assert "EffectParked" not in await house.types()


@pytest.mark.parametrize("status", [403, 404])
async def test_the_owner_is_told_what_the_channel_cannot_be(
    house: House, status: int
) -> None:
    """
    The bot was thrown out of the channel, or the channel is gone.
    """
    await house.fail("POST", POST, status=status, times=50)
    await house.sim_post("azure/alerts", kind="latency")

    told = await house.event("ToldElsewhere")

    assert "personal chat" == told["way"]
    said = await until("the owner to read it", lambda: personal(house))
    assert "The alert's card was not updated" in said
    assert 1 == (await house.types()).count("ToldElsewhere")


async def test_at_the_end_a_workflow_is_told(build: Opened) -> None:
    """
    Neither channel nor chat: a Workflows address, if there is one, gets the card.
    """
    house = await build(endpoint=QUIET, start=False)
    url = f"{house.cloud}/workflows/1?sig=secret"
    house.settings = house.settings.model_copy(update={"workflow_url": url})
    await house.start("serve")
    await house.fail("POST", r"/v3/conversations", status=403, times=200)
    await house.sim_post("azure/alerts", kind="latency")

    told = await house.event("ToldElsewhere")

    assert "workflow" == told["way"]
    [card] = await house.get(f"{house.cloud}/sim/workflows")
    assert "was not updated" in str(card)
    assert "Action.Submit" not in str(card)


async def test_without_any_way_that_is_on_record(house: House) -> None:
    await house.fail("POST", r"/v3/conversations", status=403, times=200)
    await house.sim_post("azure/alerts", kind="latency")

    assert "" == (await house.event("ToldElsewhere"))["way"]


async def test_a_channel_that_gets_the_bot_gets_its_alerts(build: Opened) -> None:
    """
    The alert came first, the bot was added to the team later.
    """
    house = await build(endpoint=QUIET, start=False)
    for key in ("model-alerts", "platform"):
        house.world.put("install", key, {"conversation": ALERTS.id})  # Teams is silent
    await house.start("serve")
    await house.sim_post("azure/alerts", kind="latency")
    await until("it to be parked", house.types, lambda t: "EffectParked" in t)
    assert [] == await house.cards()

    await house.sim_post("install", conversation=CHANNEL)

    await until("the card", house.cards)
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    assert 1 == len(await house.cards())


@pytest.mark.parametrize("inputs", [{}, {"until": "2 h", "reason": "feed"}], ids=str)
async def test_a_copy_that_is_clicked_goes_away(
    house: House, inputs: dict[str, str]
) -> None:
    """
    A send whose answer was lost, and that could not be looked up, leaves two cards.
    """
    await posted(house)
    [card] = await house.cards()
    copy = await house.sim_post(
        "copy", activity=card["id"]
    )  # the same card, as a message that nobody recorded

    answer = await click(
        house, copy["id"], "Snooze" if inputs else "Acknowledge", inputs
    )

    assert "copy" in str(answer) or "current one" in str(answer)
    await until("one card", house.cards, lambda c: [x["id"] for x in c] == [card["id"]])
    assert not {"Acknowledged", "Snoozed"} & {*await house.types()}


async def click(house: House, activity: str, title: str, inputs: dict[str, str]) -> Any:
    body = {"activity": activity, "title": title, "inputs": inputs}
    url = f"{house.cloud}/sim/people/priya/click"
    status, answer = await house.post(url, body)
    assert 200 == status, answer
    return answer


async def test_evidence_is_found_for_a_message(house: House) -> None:
    """
    The message extension: by name, person, kind, state or day; nothing of it acts.
    """
    await posted(house)
    await house.event("SignalsEvaluated")
    for text in SEARCHES:
        found = await house.sim_post(
            "people/ana/search", conversation=CHANNEL, text=text
        )
        [result] = found["composeExtension"].get("attachments", [text])
        assert result != text
        assert "A-1" in result["preview"]["content"]["title"]
        assert "actions" not in result["content"]
    for text in NOT_FOUND:
        none = await house.sim_post(
            "people/ana/search", conversation=CHANNEL, text=text
        )
        assert "Nothing was found." == none["composeExtension"]["text"], text


async def test_a_guest_finds_nothing(house: House) -> None:
    await posted(house)
    found = await house.sim_post("people/chris/search", conversation=CHANNEL, text="")

    assert "A guest cannot ask for " in found["composeExtension"]["text"]


async def test_another_channel_finds_nothing(house: House) -> None:
    await posted(house)
    other = "19:ml-platform@thread.tacv2"

    found = await house.sim_post("people/ana/search", conversation=other, text="A-1")

    assert "Nothing was found." == found["composeExtension"]["text"]
