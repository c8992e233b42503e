"""The whole house in one event loop: a simulated cloud, `serve` and `execute`.

No child process, so a test starts in well under a second; all talk is over HTTP, with
the real SDK clients and an identity for each program, as in the demo.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import app
from bot.running import now
from bot.settings import Settings
from bot.simulator import app as simulator
from bot.simulator.azure.operations import plan
from bot.simulator.azure.state import AZURE
from bot.simulator.faults import FAULTS
from bot.simulator.identity import BOT_APP, EXECUTOR, READER, TENANT, TRAINER
from bot.simulator.scenarios import scenario
from bot.simulator.teams import BOT_URL
from bot.simulator.teams.places import CHANNELS, GROUPS
from bot.simulator.world import World
from bot.watch import WatchList
from tests.ports import free_port
from tests.story.remote import CHANNEL, Json, Remote, until

_KEYS: dict[str, Any] = {}  # made once: two RSA keys a house would be its longest work
HEADER = "held by every process of this house"
QUIET = {
    "monitor": "",
    "signals": [],
}  # nothing to recompute: an alert is shown at once


@dataclass(kw_only=True)
class House(Remote):
    """A running house. What a person or Azure does is a method of `Remote`, or here."""

    session: aiohttp.ClientSession
    bot: str
    cloud: str
    world: World
    sim: web.Application
    settings: Settings
    watch: WatchList
    ahead: timedelta = timedelta()  # what the bot believes to be later than it is
    _running: dict[str, tuple[asyncio.Event, asyncio.Task[None]]] = field(
        default_factory=dict
    )

    # -- the programs -----------------------------------------------------------------

    async def start(self, *programs: str) -> None:
        """Start "serve", "execute", or both; return when the bot takes calls."""
        for name in programs or ("serve", "execute"):
            stop = asyncio.Event()
            if name == "serve":
                run = app.serve(self.settings, self.watch, stop, self._clock)
            else:
                run = app.execute(self.settings, self.watch, stop)
            task = asyncio.create_task(run, name=name)
            self._running[name] = (stop, task)
        if "serve" in self._running:
            await until("the bot to be ready", self._ready)
            await until("the bot to be in the channels", self._introduced)

    async def stop(self, *programs: str) -> None:
        """End programs as SIGTERM does."""
        for name in programs or tuple(self._running):
            stop, task = self._running.pop(name)
            stop.set()
            await task

    async def crash(self, name: str) -> None:
        """End a program at whatever it waits for, without a word to anyone.

        What follows in its coroutines is clean-up only; a real kill is in tests/rollback.
        """
        _, task = self._running.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def _clock(self) -> datetime:
        return now() + self.ahead

    async def _ready(self) -> bool:
        _, task = self._running["serve"]
        if task.done():
            task.result()
        async with self.session.get(f"{self.bot}/readyz") as answer:
            return answer.ok

    async def _introduced(self) -> bool:
        return all(self.world.get("install", c.key) for c in (*CHANNELS, *GROUPS))

    # -- what happens -----------------------------------------------------------------

    async def sim_post(self, path: str, **body: Any) -> Json:
        status, answer = await self.post(f"{self.cloud}/sim/{path}", body)
        assert status < 300, answer
        return answer

    async def alert(self, kind: str = "latency", **body: Any) -> Json:
        """Let Azure fire; return when the one card of the incident is posted."""
        before = len(await self.cards())
        found = await self.sim_post("azure/alerts", kind=kind, **body)
        if body.get("status") != "resolved":
            await until("the card", self.cards, lambda c: len(c) > before)
        return found

    async def fail(self, method: str, path: str, **how: Any) -> None:
        """Let the next matching requests to the cloud fail (DESIGN: /sim/faults)."""
        await self.sim_post("faults", match={"method": method, "path": path}, **how)

    async def press(
        self, person: str, title: str, *, card: str = "", **inputs: str
    ) -> Json:
        """Press a button on the card whose text names `card`; return the answer."""
        found = [c for c in await self.cards() if card in str(c["card"])]
        assert found, f"no card names {card!r}"
        body = {"activity": found[-1]["id"], "title": title, "inputs": inputs}
        url = f"{self.cloud}/sim/people/{person}/click"
        status, answer = await self.post(url, body)
        assert 200 == status, answer
        return answer

    async def types(self, key: str = "A-1") -> list[str]:
        """Return the names of the events of an incident, in order."""
        found = await self.incident(key)
        return [event["type"] for event in found.get("history", [])]

    async def event(self, kind: str, key: str = "A-1") -> Json:
        """Return the newest event of a type, once there is one."""

        async def look() -> Json:
            found = (await self.incident(key)).get("history", [])
            return next((e for e in reversed(found) if e["type"] == kind), None)

        return await until(f"{kind} on {key}", look)

    async def shown(self, words: str) -> Json:
        """Return the card that says `words`, once one does."""

        async def look() -> Json:
            return next((c for c in await self.cards() if words in str(c)), None)

        return await until(f"a card that says {words!r}", look)

    async def told(self, words: str) -> str:
        """Return all that was said in the channel, once `words` were."""

        async def look() -> str:
            found = await self.activities()
            return "\n".join(a["text"] + str(a["card"] or "") for a in found)

        return await until(f"somebody to say {words!r}", look, lambda s: words in s)

    def requests(self, method: str, part: str = "") -> list[dict[str, Any]]:
        """Return the requests that reached the cloud, failed ones too."""
        seen = self.sim[FAULTS].requests
        return [r for r in seen if r["method"] == method and part in r["path"]]


@asynccontextmanager
async def open_house(
    folder: Path,
    blobs: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    endpoint: Mapping[str, Any] | None = None,
    watch: Callable[[dict[str, Any]], None] = lambda _: None,
    tells: str = "none",
    **settings: Any,
) -> AsyncIterator[House]:
    """Yield a house on a quiet day, nothing started yet.

    `tells` names another scenario. `endpoint` changes fields of the one watched
    endpoint, `watch` the whole list in place; `settings` are those of bot.settings.
    `blobs` may be shared between tests.
    """
    world = World()
    for name, key in _KEYS.items():
        world.put("key", name, key)
    quiet = scenario(tells)
    quiet.seed(world, blobs, datetime.now(UTC))
    plan(world, seconds=0)
    for client in (READER, EXECUTOR, TRAINER, BOT_APP):
        world.put("identity-header", client, {"value": HEADER})
    listed = quiet.watch()
    listed["endpoints"][0] |= endpoint or {}
    watch(listed)
    sim = simulator.create(world)
    _KEYS.update(world.all("key"))
    sim.cleanup_ctx.append(quiet.story(0))
    port = free_port()
    bot = f"http://127.0.0.1:{port}"
    async with TestServer(sim) as server, aiohttp.ClientSession() as session:
        cloud = str(server.make_url("")).rstrip("/")
        sim[AZURE].bot_url = sim[BOT_URL].bot = bot
        sim[BOT_URL].own = cloud
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{cloud}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
        house = House(
            session=session,
            bot=bot,
            cloud=cloud,
            world=world,
            sim=sim,
            settings=Settings(**{**_settings(folder, cloud, port), **settings}),
            watch=WatchList.model_validate(listed),
        )
        try:
            yield house
        finally:
            await house.stop()
    world.close()


def _settings(folder: Path, cloud: str, port: int) -> dict[str, Any]:
    return {
        "port": port,
        "database_url": f"sqlite:///{folder / 'watchkeeper.db'}",
        "tenant_id": TENANT,
        "bot_app_id": BOT_APP,
        "bot_openid_url": f"{cloud}/v1/.well-known/openidconfiguration",
        "bot_login_url": cloud,
        "graph_url": cloud,
        "service_url_allow": cloud,
        "alert_auth": "none",
        "event_auth": "none",
        "azure_management_url": cloud,
        "azure_logs_url": cloud,
        "reader_client_id": READER,
        "executor_client_id": EXECUTOR,
        "trainer_client_id": TRAINER,
        "operation_poll_s": 0.05,
        "operation_limit_s": 60,  # a busy machine is not a stuck operation
        "operation_settles_s": 0.15,
        "key_file": folder / "keys.json",
        "evidence_url": str(folder / "evidence"),
    }


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of blobs for all houses: written once and only read."""
    return tmp_path_factory.mktemp("blobs")


Opened = Callable[..., Awaitable[House]]


@pytest.fixture
async def build(
    tmp_path: Path, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Opened]:
    """Build a house to your wishes; it is started unless `start` is False."""
    built: list[Any] = []

    async def make(*, start: bool = True, **wishes: Any) -> House:
        context = open_house(tmp_path, blobs, monkeypatch, **wishes)
        house = await context.__aenter__()
        built.append(context)
        if start:
            await house.start()
        return house

    yield make
    for context in reversed(built):
        await context.__aexit__(None, None, None)


@pytest.fixture
async def house(build: Opened) -> House:
    """A running house whose alerts are shown at once: it recomputes no drift."""
    return await build(endpoint=QUIET)


__all__ = ["CHANNEL", "House", "Opened", "blobs", "build", "house", "open_house"]
