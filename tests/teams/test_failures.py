"""What goes wrong between the Chat port and Teams, and how fast we speak."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import jwt
import pytest

from bot.ports import Ambiguous, Gone, Impossible, Message, TooBig, Unavailable
from bot.simulator.identity import BOT_APP, IDENTITY, READER
from bot.simulator.people import ALERTS
from bot.simulator.world import WORLD
from bot.teams.account import Account
from bot.teams.chat import TeamsChat
from bot.teams.clients import Clients
from bot.teams.credentials import Credentials, Tokens, managed_identity
from bot.teams.pace import Pace
from tests.teams.conftest import CARD, References, Simulator

SENDS = "/v3/conversations/.*/activities$"
EDITS = "/v3/conversations/.*/activities/[0-9]+$"


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
        ({"status": 413}, TooBig, 0),
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


async def test_no_send_takes_longer_than_the_limit(
    account: Account,
    tokens: Tokens,
    references: References,
    session: aiohttp.ClientSession,
    sim: Simulator,
    chat: TeamsChat,
) -> None:
    """
    A Teams that drips its answer must not hold the only driver.
    """
    posted = await chat.post(ALERTS.id, Message(card=CARD))
    clients = Clients(account, Credentials(account, tokens), session, total_s=0.5)
    hasty = TeamsChat(account, clients, references)
    await sim.fail("POST", SENDS, delay_s=2)
    await sim.fail("PUT", EDITS, delay_s=2)

    with pytest.raises(Ambiguous):
        await hasty.post(ALERTS.id, Message(card=CARD))
    with pytest.raises(Unavailable):
        await hasty.update(ALERTS.id, posted, Message(card=CARD))


async def test_the_windows_of_teams_are_kept_without_waiting_long() -> None:
    """
    Within 30 s a conversation takes 60; the 61st is the queue's to wait for.
    """
    now, slept = [0.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(clock=lambda: now[0], sleep=sleep)
    for _ in range(60):
        async with pace.turn("a"):
            now[0] += 0.01
    with pytest.raises(Unavailable) as caught:
        async with pace.turn("a"):
            pass

    assert max(slept) <= 2.1
    assert caught.value.retry_after is not None
    assert timedelta(seconds=2) < caught.value.retry_after < timedelta(seconds=32)
    async with pace.turn("b"):
        assert len(slept) < 60


async def test_the_managed_identity_vouches_for_the_bot(
    sim: Simulator,
    account: Account,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    The way of App Service and Container Apps, with azure-identity itself.
    """
    sim.app[WORLD].put("identity-header", READER, {"value": "local"})
    monkeypatch.setenv("IDENTITY_ENDPOINT", sim.url + "/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "local")

    async with managed_identity(READER) as vouch:
        token = await Tokens(account, session, vouch).get()

    said = jwt.decode(token, options={"verify_signature": False})
    assert ("https://api.botframework.com", BOT_APP) == (said["aud"], said["appid"])


async def test_without_its_identity_the_bot_cannot_speak(
    sim: Simulator,
    account: Account,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", sim.url + "/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "a guess")

    async with managed_identity(READER) as vouch:
        with pytest.raises(Unavailable):
            await Tokens(account, session, vouch).get()
