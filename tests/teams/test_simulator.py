"""The simulated Teams itself: who there is, what it streams, whom it lets post."""

import json
import time

import aiohttp
import pytest

from bot.ports import Message
from bot.simulator.identity import BOT_APP, IDENTITY, READER
from bot.simulator.people import ALERTS, PRIYA
from bot.simulator.teams.throttle import THROTTLE, Throttle
from bot.teams.setup import Teams
from tests.teams.conftest import CARD, Simulator


async def test_who_and_where(sim: Simulator) -> None:
    people = {p["key"]: p for p in await sim.get("/sim/people")}
    places = {c["key"]: c for c in await sim.get("/sim/conversations")}

    assert (PRIYA.oid, ["owner", "operator"]) == (
        people["priya"]["id"],
        people["priya"]["roles"],
    )
    assert people["olga"]["outside"]
    assert (ALERTS.id, "channel") == (
        places["model-alerts"]["id"],
        places["model-alerts"]["kind"],
    )
    assert "personal" == places["priya"]["kind"]


async def test_changes_are_streamed(
    sim: Simulator, bot: Teams, session: aiohttp.ClientSession
) -> None:
    async with session.get(sim.url + "/sim/stream") as stream:
        await stream.content.readuntil(b"\n\n")
        posted = await bot.chat.post(ALERTS.id, Message(card=CARD))
        await bot.chat.update(ALERTS.id, posted, Message(text="gone"))
        events = [await stream.content.readuntil(b"\n\n") for _ in range(2)]

    seen = [json.loads(e.partition(b"data: ")[2]) for e in events]
    assert all(e.startswith(b"event: activity\n") for e in events)
    assert [(posted, 0), (posted, 1)] == [(m["id"], m["edits"]) for m in seen]


async def test_the_rate_windows_are_answered_429_and_can_be_switched_off(
    sim: Simulator, session: aiohttp.ClientSession
) -> None:
    token = sim.app[IDENTITY].access_token(BOT_APP, "https://api.botframework.com")
    url = f"{sim.url}/v3/conversations/{ALERTS.id}/activities"
    sim.app[THROTTLE].sent[ALERTS.id].extend([time.monotonic()] * 60)

    async def send() -> tuple[int, bool]:
        async with session.post(
            url,
            json={"type": "message", "text": "x"},
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            return answer.status, 1 <= int(answer.headers.get("Retry-After", 0)) <= 30

    assert (429, True) == await send()
    await sim.post("/sim/throttle", on=False)
    assert (201, False) == await send()


def test_the_rate_windows_are_teams_own() -> None:
    throttle = Throttle()

    assert [0] * 7 + [1] == [throttle.wait("a", 0.1 * n) for n in range(8)]
    assert 0 == throttle.wait("b", 0.7)
    assert [0, 1] == [throttle.wait("a", 1.4), throttle.wait("a", 1.5)]


@pytest.mark.parametrize("client", [READER, "99999999-aaaa-4bbb-8ccc-000000000009"])
async def test_only_the_bot_may_post(
    sim: Simulator, session: aiohttp.ClientSession, client: str
) -> None:
    token = sim.app[IDENTITY].access_token(client, "https://api.botframework.com")
    arm = sim.app[IDENTITY].access_token(BOT_APP, "https://management.azure.com")
    url = f"{sim.url}/v3/conversations/{ALERTS.id}/activities"

    for each, status in ((token, 403), (arm, 401), ("", 401)):
        headers = {"Authorization": f"Bearer {each}"}
        async with session.post(url, json={"text": "x"}, headers=headers) as answer:
            assert status == answer.status
    assert [] == await sim.messages()
