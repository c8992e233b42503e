"""A simulated Teams on a real port, and the bot's side of the line to it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.simulator import app as simulator
from bot.simulator.identity import BOT_APP, READER, TENANT
from bot.simulator.people import ALERTS
from bot.simulator.teams import BOT_URL
from bot.simulator.teams.places import GROUP
from bot.simulator.world import World
from bot.teams.account import Account
from bot.teams.chat import TeamsChat
from bot.teams.clients import Clients
from bot.teams.credentials import Credentials, Tokens
from bot.teams.graph import Graph
from bot.teams.pace import Pace

CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Firing"}],
}


@dataclass
class Simulator:
    """The simulated Teams, as the tests drive it."""

    app: web.Application
    url: str
    session: aiohttp.ClientSession

    async def get(self, path: str, **query: str) -> Any:
        async with self.session.get(self.url + path, params=query) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, **body: Any) -> tuple[int, Any]:
        async with self.session.post(self.url + path, json=body) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else text

    async def fail(self, method: str, path: str, **how: Any) -> None:
        """Let the next matching request fail."""
        status, _ = await self.post(
            "/sim/faults", match={"method": method, "path": path}, **how
        )
        assert 201 == status

    async def messages(self) -> list[dict[str, Any]]:
        return list(await self.get("/sim/activities"))

    async def requests(self, method: str) -> list[int]:
        """Return the statuses of what the bot sent to Teams with `method`."""
        seen = await self.get("/sim/requests", host="teams")
        return [r["status"] for r in seen if r["method"] == method]


@dataclass
class References:
    """What the bot would have stored when it was installed."""

    kept: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    async def reference(self, key: str) -> Mapping[str, Any] | None:
        return self.kept.get(key)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def sim(world: World, session: aiohttp.ClientSession) -> AsyncIterator[Simulator]:
    app = simulator.create(world)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        app[BOT_URL].own = url
        yield Simulator(app, url, session)


@pytest.fixture
def account(sim: Simulator) -> Account:
    return Account(
        app_id=BOT_APP,
        tenant=TENANT,
        allowed=(sim.url,),
        openid_url=sim.url + "/v1/.well-known/openidconfiguration",
        login_url=sim.url,
        graph_url=sim.url,
    )


@pytest.fixture
def references(sim: Simulator) -> References:
    reference = {
        "serviceUrl": sim.url + "/",
        "channelId": "msteams",
        "conversation": {"id": ALERTS.id, "conversationType": "channel"},
        "team": {"aadGroupId": GROUP},
    }
    return References({ALERTS.id: reference})


@pytest.fixture
def tokens(account: Account, session: aiohttp.ClientSession) -> Tokens:
    async def vouch() -> str:
        return f"the managed identity {READER}"

    return Tokens(account, session, vouch)


@pytest.fixture
def chat(
    account: Account,
    tokens: Tokens,
    references: References,
    session: aiohttp.ClientSession,
) -> TeamsChat:
    clients = Clients(account, Credentials(account, tokens), session)
    graph = Graph(account, tokens, session)
    return TeamsChat(account, clients, references, graph, Pace())
