"""The real botframework-connector against the simulated Teams."""

from typing import Any

import aiohttp
import pytest

from bot.ports import Message, Unavailable
from bot.simulator.people import ALERTS
from bot.simulator.world import WORLD
from bot.teams.account import Account
from bot.teams.chat import TeamsChat
from bot.teams.clients import Clients
from bot.teams.credentials import Credentials, Tokens
from tests.teams.conftest import CARD, References, Simulator


async def test_a_card_is_posted_with_its_summary(
    chat: TeamsChat, sim: Simulator
) -> None:
    posted = await chat.post(ALERTS.id, Message(card=CARD, summary="Firing: A-1"))

    (seen,) = await sim.messages()
    assert posted == seen["id"]
    assert (ALERTS.id, "", CARD) == (
        seen["conversation"],
        seen["replyToId"],
        seen["card"],
    )
    assert "Firing: A-1" == seen["summary"]
    (request,) = await sim.get("/sim/requests", host="teams")
    assert ("bot", 201) == (request["principal"], request["status"])


async def test_a_reply_goes_into_the_thread(chat: TeamsChat, sim: Simulator) -> None:
    root = await chat.post(ALERTS.id, Message(card=CARD))

    reply = await chat.post(ALERTS.id, Message(text="Acknowledged"), thread=root)

    seen = {m["id"]: m for m in await sim.messages()}
    assert (root, "Acknowledged") == (seen[reply]["replyToId"], seen[reply]["text"])


async def test_a_new_thread_is_begun_from_inside_of_one(
    chat: TeamsChat, sim: Simulator
) -> None:
    """
    A reference from a reply names its thread; a new card must not land in there.
    """
    await chat.post(f"{ALERTS.id};messageid=17", Message(card=CARD))

    (seen,) = await sim.messages()
    assert (ALERTS.id, "") == (seen["conversation"], seen["replyToId"])


async def test_a_card_is_edited_in_place(chat: TeamsChat, sim: Simulator) -> None:
    posted = await chat.post(ALERTS.id, Message(card=CARD))
    later = {**CARD, "body": [{"type": "TextBlock", "text": "Resolved"}]}

    await chat.update(ALERTS.id, posted, Message(card=later))

    (seen,) = await sim.messages()
    assert (posted, 1, later) == (seen["id"], seen["edits"], seen["card"])


async def test_a_card_survives_the_sdk_unchanged(
    chat: TeamsChat, sim: Simulator
) -> None:
    """
    The SDK turns numpy scalars into texts and writes NaN bare; dates and emptiness in
    our cards must come through as they are.
    """
    odd: dict[str, Any] = {
        "none": None,
        "nan": float("nan"),
        "text": "2026-11-23T08:00:00Z",
        "empty": [],
        "flag": False,
        "deep": {"a": [1, 2.5, {"b": ""}]},
    }
    await chat.post(ALERTS.id, Message(card={**CARD, "x": odd}))

    (seen,) = await sim.messages()
    assert {**odd, "nan": None} == seen["card"]["x"]


# -- look-up -----------------------------------------------------------------


async def test_a_message_is_found_by_its_key(chat: TeamsChat) -> None:
    first = await chat.post(ALERTS.id, Message(card=CARD, key="A-1"))
    second = await chat.post(ALERTS.id, Message(card=CARD, key="A-2"), thread=first)

    assert first == await chat.find(ALERTS.id, "A-1")
    assert second == await chat.find(ALERTS.id, "A-2")
    assert await chat.find(ALERTS.id, "A-3") is None


async def test_a_reply_without_a_card_is_found_by_its_words(chat: TeamsChat) -> None:
    """
    A kill between sending a line and recording it must not say the line twice.
    """
    root = await chat.post(ALERTS.id, Message(card=CARD, key="A-1"))
    words = "Priya Raman acknowledged A-1: <b>on it</b> & more."
    said = await chat.post(ALERTS.id, Message(text=words, key="A-1/2"), thread=root)

    assert said == await chat.find(ALERTS.id, "A-1/2", words)
    assert await chat.find(ALERTS.id, "A-1/3", "Mei Chen acknowledged A-1.") is None


async def test_an_edited_message_is_found_and_a_deleted_one_is_not(
    chat: TeamsChat, sim: Simulator, session: aiohttp.ClientSession
) -> None:
    posted = await chat.post(ALERTS.id, Message(card=CARD, key="A-1"))
    await chat.update(ALERTS.id, posted, Message(card=CARD, key="A-1"))
    assert posted == await chat.find(ALERTS.id, "A-1")

    async with session.delete(f"{sim.url}/sim/activities/{posted}") as answer:
        assert 200 == answer.status
    assert await chat.find(ALERTS.id, "A-1") is None


async def test_the_look_up_turns_pages(chat: TeamsChat, sim: Simulator) -> None:
    await sim.post("/sim/throttle", on=False)
    old = await chat.post(ALERTS.id, Message(card=CARD, key="A-1"))
    for n in range(60):
        await sim.post(
            "/sim/people/priya/say", conversation=ALERTS.id, text=f"{n}", mention=False
        )

    assert old == await chat.find(ALERTS.id, "A-1")


async def test_a_person_cannot_plant_a_key(chat: TeamsChat, sim: Simulator) -> None:
    """
    Anybody can post a card that looks like ours; only the bot's own is taken for it.
    """
    posted = await chat.post(ALERTS.id, Message(card=CARD, key="A-1"))
    world = sim.app[WORLD]
    planted = world.get("activity", posted) or {}
    world.put(
        "activity", posted, {**planted, "from": {**planted["from"], "id": "29:x"}}
    )
    assert await chat.find(ALERTS.id, "A-1") is None


async def test_without_graph_nothing_is_found(
    account: Account,
    tokens: Tokens,
    references: References,
    session: aiohttp.ClientSession,
) -> None:
    clients = Clients(account, Credentials(account, tokens), session)
    chat = TeamsChat(account, clients, references)

    await chat.post(ALERTS.id, Message(card=CARD, key="A-1"))

    assert await chat.find(ALERTS.id, "A-1") is None


@pytest.mark.parametrize("status", [403, 404])
async def test_a_team_without_the_consent_has_no_look_up(
    chat: TeamsChat, sim: Simulator, status: int
) -> None:
    await chat.post(ALERTS.id, Message(card=CARD, key="A-1"))
    await sim.fail("GET", "/v1.0/teams", status=status)

    assert await chat.find(ALERTS.id, "A-1") is None


async def test_a_failed_look_up_is_not_an_absence(
    chat: TeamsChat, sim: Simulator
) -> None:
    await sim.fail("GET", "/v1.0/teams", status=502)
    with pytest.raises(Unavailable):
        await chat.find(ALERTS.id, "A-1")
