"""Every hostile activity at the door: its status, and what a desk gets to hear of it."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.simulator.identity import BOT_APP, TENANT
from bot.teams.account import Account
from bot.teams.setup import connect
from bot.turns import Installed, Pressed, Typed
from tests.teams.authority import Authority
from tests.teams.conftest import RecordingDesk, References
from tests.teams.hostile import CASES, Case, authorization, body

UNHEARD = ("400", "401", "403", "413", "200-ignored")
# What this layer cannot settle by a refusal it must hand on as it is: the desk decides.
SETTLED_HERE = (
    "bot-tenant-foreign",
    "bot-tenant-in-data",
    "bot-data-data-null",
    "bot-data-data-string",
    "bot-data-verb-empty",
    "bot-data-verb-list",
    "bot-from-aad-empty",
    "bot-from-aad-list",
    "bot-shape-text-null",
    "bot-shape-entities-junk",
)


@dataclass
class Bot:
    url: str
    desk: RecordingDesk
    session: aiohttp.ClientSession

    async def post(self, data: bytes, authorization: str) -> tuple[int, str]:
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        sent = io.BytesIO(data)  # aiohttp warns about large bytes
        async with self.session.post(self.url, data=sent, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def bot(session: aiohttp.ClientSession) -> AsyncIterator[Bot]:
    authority = Authority()
    async with TestServer(authority.app) as keys:
        account = Account(
            app_id=BOT_APP,
            tenant=TENANT,
            allowed=("https://smba.trafficmanager.net",),
            openid_url=str(keys.make_url("/openid")),
            login_url=str(keys.make_url("")),
        )

        async def vouch() -> str:
            return "nobody asks"

        async with connect(account, References(), vouch) as teams:
            desk = RecordingDesk()
            app = web.Application()
            app.add_routes(teams.routes(desk))
            async with TestServer(app) as server:
                yield Bot(str(server.make_url("/api/messages")), desk, session)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_a_hostile_activity(bot: Bot, case: Case) -> None:
    header = authorization(case)
    sends = [body(case)] * case.get("repeat", 1)
    answers = await asyncio.gather(*(bot.post(each, header) for each in sends))

    for status, text in answers:
        assert status in case["expect"]["status"], text
        assert "Traceback" not in text
        assert header.partition(" ")[2] not in text
    unheard = case["expect"]["cls"] in UNHEARD or case["id"] in SETTLED_HERE
    assert (0 if unheard else len(sends)) == len(bot.desk.heard)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c["family"] == "identity" and "activity" in c],
    ids=lambda case: case["id"],
)
async def test_who_it_was_is_the_authenticated_account_alone(
    bot: Bot, case: Case
) -> None:
    """
    Names, roles, callerId and onBehalfOf are what the sender says of himself.
    """
    await bot.post(body(case), authorization(case))

    for turn in bot.desk.heard:
        assert not isinstance(turn, Installed)
        sender = case["activity"]["from"]
        assert (TENANT, sender["aadObjectId"].lower()) == (
            turn.actor.tenant,
            turn.actor.id,
        )


async def test_hidden_commands_are_heard_as_they_were_typed(bot: Bot) -> None:
    """
    Blanks of every kind are one blank, but no invisible sign is taken out: what looks
    like "approve" and is not must not become it.
    """
    said = {}
    for case in CASES:
        if case["family"] == "command":
            await bot.post(body(case), authorization(case))
            turn = bot.desk.heard[-1]
            assert isinstance(turn, Typed)
            said[case["id"]] = turn.text

    assert "approve R1 n-R1-7f" == said["bot-cmd-nbsp"]
    assert not said["bot-cmd-zero-width"].startswith("approve")
    assert not said["bot-cmd-homoglyph"].startswith("approve")
    assert not said["bot-cmd-rtl"].startswith("approve")
    assert "help approve R1" == said["bot-cmd-mention-hides"]


async def test_a_refresh_is_known_as_one(bot: Bot) -> None:
    case = next(c for c in CASES if c["id"] == "bot-control-refresh")

    await bot.post(body(case), authorization(case))

    (turn,) = bot.desk.heard
    assert isinstance(turn, Pressed)
    assert ("refresh", "automatic") == (turn.verb, turn.trigger)
