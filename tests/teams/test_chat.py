"""The real botframework-connector against the simulated Teams."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.ports import Ambiguous, Gone, Impossible, Message, Unavailable
from bot.simulator.identity import IDENTITY
from bot.simulator.people import ALERTS
from bot.simulator.world import WORLD
from bot.teams.account import Account
from bot.teams.chat import TeamsChat
from bot.teams.clients import Clients
from bot.teams.credentials import Credentials, Tokens
from tests.teams.conftest import CARD, References, Simulator

SENDS = "/v3/conversations/.*/activities$"
EDITS = "/v3/conversations/.*/activities/[0-9]+$"


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


# -- what goes wrong ---------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome", "posted"),
    [
        ({"status": 429}, Unavailable, 0),
        ({"status": 412}, Unavailable, 0),
        ({"status": 500}, Ambiguous, 0),
        ({"status": 502}, Ambiguous, 0),
        ({"status": 503}, Ambiguous, 0),
        ({"status": 504}, Ambiguous, 0),
        ({"drop": "before"}, Ambiguous, 0),
        ({"drop": "after"}, Ambiguous, 1),
        ({"status": 400}, Impossible, 0),
        ({"status": 403}, Impossible, 0),
        ({"status": 413}, Impossible, 0),
        ({"status": 302, "headers": {"Location": "/"}}, Impossible, 0),
        ({"status": 404}, Gone, 0),
        ({"status": 401, "times": 2}, Unavailable, 0),
    ],
    ids=str,
)
async def test_a_new_message_fails_as_what_it_is(
    chat: TeamsChat,
    sim: Simulator,
    fault: dict[str, Any],
    outcome: type[Exception],
    posted: int,
) -> None:
    """
    Unavailable is sent again blindly, so it must mean that nothing was posted.
    """
    await sim.fail("POST", SENDS, **fault)

    with pytest.raises(outcome) as caught:
        await chat.post(ALERTS.id, Message(card=CARD))

    assert outcome is type(caught.value)
    assert posted == len(await sim.messages())
    assert fault.get("times", 1) == len(await sim.requests("POST"))


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"status": 429}, Unavailable),
        ({"status": 412}, Unavailable),
        ({"status": 500}, Unavailable),
        ({"status": 504}, Unavailable),
        ({"drop": "before", "times": 2}, Unavailable),
        ({"status": 403}, Impossible),
        ({"status": 404}, Gone),
        ({"status": 401, "times": 2}, Unavailable),
    ],
    ids=str,
)
async def test_an_edit_is_never_ambiguous(
    chat: TeamsChat, sim: Simulator, fault: dict[str, Any], outcome: type[Exception]
) -> None:
    posted = await chat.post(ALERTS.id, Message(card=CARD))
    await sim.fail("PUT", EDITS, **fault)

    with pytest.raises(outcome) as caught:
        await chat.update(ALERTS.id, posted, Message(card=CARD))

    assert outcome is type(caught.value)


async def test_an_edit_of_a_deleted_message_finds_it_gone(
    chat: TeamsChat, sim: Simulator, session: aiohttp.ClientSession
) -> None:
    posted = await chat.post(ALERTS.id, Message(card=CARD))
    async with session.delete(f"{sim.url}/sim/activities/{posted}"):
        pass

    with pytest.raises(Gone):
        await chat.update(ALERTS.id, posted, Message(card=CARD))


async def test_a_refused_token_is_fetched_again_once(
    chat: TeamsChat, sim: Simulator
) -> None:
    """
    Entra changed its keys: our cached token is refused, a new one is good.
    """
    await chat.post(ALERTS.id, Message(card=CARD))
    sim.app[IDENTITY].rotate("entra")

    await chat.post(ALERTS.id, Message(card=CARD))

    assert [201, 401, 201] == await sim.requests("POST")


async def test_the_token_is_shared(chat: TeamsChat, sim: Simulator) -> None:
    await asyncio.gather(
        *(chat.post(ALERTS.id, Message(text=f"{n}")) for n in range(3))
    )

    seen = await sim.get("/sim/requests")
    assert 1 == sum(r["path"].endswith("/oauth2/v2.0/token") for r in seen)


async def test_no_token_means_nothing_was_sent(chat: TeamsChat, sim: Simulator) -> None:
    await sim.fail("POST", "/oauth2/v2.0/token", status=500)

    with pytest.raises(Unavailable):
        await chat.post(ALERTS.id, Message(card=CARD))

    assert [] == await sim.requests("POST")


async def test_a_refused_connection_means_nothing_was_sent(
    account: Account,
    tokens: Tokens,
    session: aiohttp.ClientSession,
    unused_tcp_port: int,
) -> None:
    nobody = f"http://127.0.0.1:{unused_tcp_port}"
    account = replace(account, allowed=(nobody,))
    clients = Clients(account, Credentials(account, tokens), session)
    references = References({ALERTS.id: {"serviceUrl": nobody + "/"}})
    chat = TeamsChat(account, clients, references)

    with pytest.raises(Unavailable):
        await chat.post(ALERTS.id, Message(card=CARD))


async def test_our_token_goes_to_allowed_addresses_only(
    chat: TeamsChat, references: References
) -> None:
    references.kept[ALERTS.id] = {"serviceUrl": "https://evil.example/"}

    with pytest.raises(Impossible):
        await chat.post(ALERTS.id, Message(card=CARD))


async def test_a_conversation_without_the_bot_is_impossible(chat: TeamsChat) -> None:
    with pytest.raises(Impossible, match="not installed"):
        await chat.post("19:elsewhere@thread.tacv2", Message(card=CARD))


async def test_a_card_that_teams_would_refuse_is_not_sent(
    chat: TeamsChat, sim: Simulator
) -> None:
    big = {**CARD, "body": [{"type": "TextBlock", "text": "x" * 45_000}]}

    with pytest.raises(Impossible, match="too big"):
        await chat.post(ALERTS.id, Message(card=big))

    assert [] == await sim.requests("POST")


# -- pace --------------------------------------------------------------------


async def test_retry_after_is_honoured_in_that_conversation_alone(
    chat: TeamsChat, sim: Simulator, references: References
) -> None:
    elsewhere = "19:ml-platform@thread.tacv2"
    references.kept[elsewhere] = references.kept[ALERTS.id]
    await sim.fail("POST", SENDS, status=429, headers={"Retry-After": "7"})

    with pytest.raises(Unavailable) as first:
        await chat.post(ALERTS.id, Message(card=CARD))
    with pytest.raises(Unavailable) as second:
        await chat.post(ALERTS.id, Message(card=CARD))
    await chat.post(elsewhere, Message(card=CARD))

    assert timedelta(seconds=7) == first.value.retry_after
    assert second.value.retry_after is not None
    assert timedelta(seconds=6) < second.value.retry_after <= timedelta(seconds=7)
    assert [429, 201] == await sim.requests("POST")


async def test_a_burst_keeps_within_the_windows(
    chat: TeamsChat, sim: Simulator
) -> None:
    """
    Eight at once would break "7 in 1 s": the simulated Teams would answer 429.
    """
    await asyncio.gather(
        *(chat.post(ALERTS.id, Message(text=f"{n}")) for n in range(8))
    )

    assert [201] * 8 == await sim.requests("POST")


async def test_a_slow_conversation_holds_up_no_other(
    chat: TeamsChat, sim: Simulator, references: References
) -> None:
    elsewhere = "19:ml-platform@thread.tacv2"
    references.kept[elsewhere] = references.kept[ALERTS.id]
    await sim.fail("POST", "model-alerts", delay_s=0.5, drop="after")

    slow = asyncio.create_task(chat.post(ALERTS.id, Message(card=CARD)))
    await asyncio.sleep(0.05)
    await chat.post(elsewhere, Message(card=CARD))

    assert not slow.done()
    with pytest.raises(Ambiguous):
        await slow
