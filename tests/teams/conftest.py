"""A simulated Teams on a real port, and the bot's side of the line to it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.simulator import app as simulator
from bot.simulator.identity import BOT_APP, READER, TENANT, Identity
from bot.simulator.people import ALERTS
from bot.simulator.teams import BOT_URL
from bot.simulator.teams.places import GROUP
from bot.simulator.world import World
from bot.teams.account import Account
from bot.teams.chat import TeamsChat
from bot.teams.clients import Clients
from bot.teams.credentials import Credentials, Tokens
from bot.teams.gate import Gate
from bot.teams.graph import Graph
from bot.teams.keys import Keys
from bot.teams.pace import Pace
from bot.teams.setup import Teams, connect
from bot.turns import Answer, Installed, Nothing, Turn
from tests.teams.authority import Authority
from tests.teams.gates import ACCOUNT, Clock

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


@pytest.fixture(scope="session")
def signing_keys() -> dict[str, dict[str, Any]]:
    """Making RSA keys takes most of a small test's time; one pair serves them all."""
    made = World()
    Identity(made)
    return dict(made.all("key"))


@pytest.fixture
def world(signing_keys: dict[str, dict[str, Any]]) -> World:
    world = World()
    for name, key in signing_keys.items():
        world.put("key", name, key)
    return world


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


@dataclass
class RecordingDesk:
    """Hears everything and gives the one answer that the test asks for."""

    answer: Answer | Exception = field(default_factory=Nothing)
    heard: list[Turn] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, turn: Turn) -> Answer:
        self.heard.append(turn)
        self.came.set()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def clicks(self) -> list[Turn]:
        return [t for t in self.heard if not isinstance(t, Installed)]


@pytest.fixture
def desk() -> RecordingDesk:
    return RecordingDesk()


@pytest.fixture
async def bot(
    sim: Simulator, account: Account, references: References, desk: RecordingDesk
) -> AsyncIterator[Teams]:
    """The bot at its door, on the line with the simulated Teams."""

    async def vouch() -> str:
        return f"the managed identity {READER}"

    async with connect(account, references, vouch) as teams:
        app = web.Application()
        app.add_routes(teams.routes(desk))
        async with TestServer(app) as server:
            sim.app[BOT_URL].bot = str(server.make_url("")).rstrip("/")
            yield teams
            sim.app[BOT_URL].bot = ""


# -- the gate over keys that a test can change --------------------------------


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def authority() -> AsyncIterator[Authority]:
    authority = Authority()
    async with TestServer(authority.app) as server:
        authority.url = str(server.make_url("/openid"))
        yield authority


@pytest.fixture
async def keys(
    authority: Authority, session: aiohttp.ClientSession, clock: Clock
) -> AsyncIterator[Keys]:
    keys = Keys(authority.url, session, clock)
    yield keys
    await keys.close()


@pytest.fixture
def gate(keys: Keys) -> Gate:
    return Gate(ACCOUNT, keys)
