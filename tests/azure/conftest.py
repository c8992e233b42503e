"""A simulator on a free port, and the real SDK clients with real managed identities."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.identity.aio import ManagedIdentityCredential

from bot.azure import AzureMover, AzureWorkspace
from bot.azure.cloud import Cloud
from bot.azure.mover import Patience
from bot.simulator import app as simulator
from bot.simulator.azure.operations import plan
from bot.simulator.faults import FAULTS
from bot.simulator.identity import ANALYST, EXECUTOR, READER
from bot.simulator.scenarios import scenario
from bot.simulator.scenarios._workspace import ENDPOINT
from bot.simulator.world import World
from bot.watch import Endpoint, WatchList

FIXTURES = Path(__file__).parents[1] / "fixtures" / "azure"
ARM = ENDPOINT.lower()
QUICK = Patience(
    poll=timedelta(milliseconds=20),
    limit=timedelta(seconds=3),
    answer=timedelta(seconds=0.3),
    settles=timedelta(seconds=1),
)


@dataclass(slots=True)
class Sim:
    """The running simulator, and a hand on its remote control."""

    app: web.Application
    url: str
    session: aiohttp.ClientSession

    async def post(self, path: str, **body: Any) -> Any:
        async with self.session.post(self.url + path, json=body) as answer:
            assert answer.ok, await answer.text()
            return await answer.json()

    async def fail(self, method: str, path: str, **how: Any) -> None:
        await self.post("/sim/faults", match={"method": method, "path": path}, **how)

    def seen(self, method: str, part: str = "") -> list[dict[str, Any]]:
        """Return the requests that came in, with their principals."""
        requests = self.app[FAULTS].requests
        return [r for r in requests if r["method"] == method and part in r["path"]]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of blobs for all tests: they are written once and only read."""
    return tmp_path_factory.mktemp("azure")


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    world = World()
    scenario("none").seed(world, folder, datetime.now(UTC))
    plan(world, seconds=0)
    yield world
    world.close()


@pytest.fixture
async def sim(world: World) -> AsyncIterator[Sim]:
    for client in (READER, EXECUTOR, ANALYST):
        world.put("identity-header", client, {"value": f"secret of {client}"})
    app = simulator.create(world)
    app.cleanup_ctx.append(scenario("none").story(0))
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Sim(app, str(server.make_url("")).rstrip("/"), session)


@pytest.fixture
async def identities(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, ManagedIdentityCredential]]:
    """Each process has its own header; here one process plays both, one by one."""
    found = {}
    monkeypatch.setenv("IDENTITY_ENDPOINT", sim.url + "/msi/token")
    for client in (READER, EXECUTOR):
        monkeypatch.setenv("IDENTITY_HEADER", f"secret of {client}")
        found[client] = ManagedIdentityCredential(client_id=client, retry_total=0)
    yield found
    for credential in found.values():
        await credential.close()


@pytest.fixture
def cloud(sim: Sim) -> Cloud:
    return Cloud(sim.url, sim.url)


@pytest.fixture
async def workspace(
    cloud: Cloud, identities: dict[str, ManagedIdentityCredential]
) -> AsyncIterator[AzureWorkspace]:
    workspace = AzureWorkspace(identities[READER], cloud)
    yield workspace
    await workspace.close()


@pytest.fixture
async def mover(
    cloud: Cloud, identities: dict[str, ManagedIdentityCredential]
) -> AsyncIterator[AzureMover]:
    mover = AzureMover(identities[EXECUTOR], cloud, patience=QUICK)
    yield mover
    await mover.close()


@pytest.fixture(scope="session")
def watched() -> Endpoint:
    return WatchList.model_validate(scenario("loan").watch()).endpoints[0]
