"""The simulated Azure itself: rights, alerts that it sends, and its remote control."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pyarrow.parquet as pq
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.identity.aio import ManagedIdentityCredential

from bot.azure import AzureWorkspace
from bot.simulator import app as simulator
from bot.simulator.azure.state import AZURE
from bot.simulator.identity import ALERTS_APP, EXECUTOR, IDENTITY, READER, TENANT
from bot.simulator.scenarios import names, scenario
from bot.simulator.scenarios._workspace import (
    ACCOUNT,
    CONTAINER,
    ENDPOINT,
    PRODUCTION_PATH,
    SUBSCRIPTION,
    WORKSPACE,
)
from bot.simulator.world import World
from bot.watch import WatchList
from tests.azure.conftest import ARM, FIXTURES, Sim


@dataclass(slots=True)
class Door:
    """Stands where the bot's door is, and answers as it is told."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    arrived: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.got.append((request.path, body, dict(request.headers)))
        self.arrived.put_nowait(None)
        return web.Response(status=self.answers.pop(0) if self.answers else 202)

    async def have(self, count: int) -> None:
        """Wait for `count` more calls."""
        async with asyncio.timeout(20):
            for _ in range(count):
                await self.arrived.get()


@pytest.fixture
async def door(sim: Sim) -> AsyncIterator[Door]:
    door = Door()
    app = web.Application()
    app.router.add_post("/api/alerts", door.take)
    app.router.add_post("/api/events", door.take)
    async with TestServer(app) as server:
        door.url = str(server.make_url(""))
        sim.app[AZURE].bot_url, sim.app[AZURE].pace = door.url, 0.001
        yield door


async def test_a_drift_alert_is_the_event_of_the_monitor(sim: Sim, door: Door) -> None:
    await sim.post("/sim/azure/alerts", kind="data-drift")
    await door.have(1)
    path, event, headers = door.got[0]

    assert "/api/events" == path
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert WORKSPACE == event["source"]
    told = event["data"]["runTags"]["azureml_modelmonitor_threshold_breached"]
    assert "has failed due to one or more features violating metric thresholds" in told
    assert 6 == told.count("JensenShannonDistance")


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("latency", "ActionGroupsSecureWebhook"),
        ("data-drift", "AzureEventGridSecureWebhookSubscriber"),
    ],
)
async def test_alerts_carry_entras_token(
    sim: Sim, door: Door, kind: str, role: str
) -> None:
    await sim.post("/sim/azure/alerts", kind=kind)
    await door.have(1)
    token = door.got[0][2]["Authorization"].removeprefix("Bearer ")
    key = jwt.PyJWK(sim.app[IDENTITY].jwks("entra")["keys"][0])

    claims = jwt.decode(token, key, algorithms=["RS256"], audience=ALERTS_APP)
    assert [role] == claims["roles"]
    assert TENANT == claims["tid"]


async def test_resolved_carries_the_id_of_fired(
    sim: Sim, door: Door, workspace: AzureWorkspace
) -> None:
    """
    AlertId is the fingerprint: with another one the incident would never end.
    """
    await sim.post("/sim/azure/alerts", kind="latency")
    await door.have(1)
    await sim.post("/sim/azure/alerts", kind="latency", status="resolved")
    await door.have(1)
    fired, over = (body["data"]["essentials"] for _, body, _ in door.got)

    assert fired["alertId"] == over["alertId"]
    assert ["Fired", "Resolved"] == [
        fired["monitorCondition"],
        over["monitorCondition"],
    ]
    assert [ARM] == fired["alertTargetIDs"]


@pytest.mark.parametrize(
    ("answers", "attempts"),
    [([503, 429, 202], 3), ([500], 1), ([503] * 9, 6), ([400], 1)],
)
async def test_an_action_group_repeats_what_it_repeats(
    sim: Sim, door: Door, answers: list[int], attempts: int
) -> None:
    """
    500 loses the alert; five repeats are all there are.
    """
    door.answers = list(answers)
    await sim.post("/sim/azure/alerts", kind="errors")
    await door.have(attempts)
    await asyncio.sleep(0.1)

    async with sim.session.get(sim.url + "/sim/azure/deliveries") as answer:
        (delivery,) = await answer.json()
    assert answers[:attempts] == delivery["attempts"]
    assert delivery["done"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("alerts", {"kind": "earthquake"}),
        ("alerts", {"kind": "data-drift", "status": "resolved"}),
        ("alerts", {"kind": "latency", "status": "resolved"}),
        ("alerts", {"endpoint": "nowhere"}),
        ("traffic", {"traffic": 50}),
        ("deployments", {"deployment": "red", "state": "Failed"}),
        ("operations", {"outcome": "maybe"}),
    ],
)
async def test_the_remote_control_says_what_is_wrong(
    sim: Sim, path: str, body: dict[str, Any]
) -> None:
    async with sim.session.post(f"{sim.url}/sim/azure/{path}", json=body) as answer:
        assert 400 == answer.status
        assert (await answer.text()).strip()


async def test_the_remote_control_tells_how_things_stand(sim: Sim) -> None:
    """
    The demo's page draws the traffic from it, and people find the commands in it.
    """
    await sim.post("/sim/azure/traffic", traffic={"blue": 20, "green": 80})
    async with sim.session.get(sim.url + "/sim/azure") as answer:
        told = await answer.json()

    assert [("loan-prescreening", {"blue": 20, "green": 80})] == [
        (e["name"], e["traffic"]) for e in told["endpoints"]
    ]
    assert len(told["commands"]) >= 10
    assert all(told["commands"].values())


async def test_data_can_go_back_to_normal(
    sim: Sim, world: World, tmp_path: Path
) -> None:
    """
    Without it nobody could see how the bot tells that a drift is over.
    """
    world.put("azure", "blobs", {"folder": str(tmp_path)})

    await sim.post("/sim/azure/data", shifted=True)
    risen = _rates(tmp_path)
    await sim.post("/sim/azure/data", shifted=False)
    normal = _rates(tmp_path)

    assert 24 == len(risen) == len(normal)
    assert sum(risen) / 24 == pytest.approx(7.7, abs=0.05)
    assert sum(normal) / 24 == pytest.approx(6.4, abs=0.05)


def _rates(folder: Path) -> list[float]:
    files = (folder / ACCOUNT / CONTAINER / PRODUCTION_PATH).rglob("*.parquet")
    return [float(pq.read_table(f)["interest_rate"].to_numpy().mean()) for f in files]


async def _status(sim: Sim, method: str, path: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with sim.session.request(method, sim.url + path, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        (READER, "GET", ENDPOINT, 200),
        (READER, "PUT", ENDPOINT, 403),
        (READER, "GET", f"{WORKSPACE}/schedules", 200),
        (READER, "GET", f"{WORKSPACE}/jobs", 200),
        (EXECUTOR, "GET", ENDPOINT, 200),
        (EXECUTOR, "GET", f"{WORKSPACE}/schedules", 403),
        (EXECUTOR, "GET", f"{ENDPOINT}/providers/Microsoft.Insights/metrics", 403),
        ("somebody", "GET", ENDPOINT, 403),
    ],
)
async def test_everyone_has_their_rights_and_no_more(
    sim: Sim, who: str, method: str, path: str, status: int
) -> None:
    token = sim.app[IDENTITY].access_token(who, "https://management.azure.com")

    assert status == await _status(sim, method, path, token)


@pytest.mark.parametrize(
    ("audience", "path"),
    [
        ("https://storage.azure.com", ENDPOINT),
        ("https://other.blob.core.windows.net", "/blob/stmlwrisk/azureml-blobstore"),
        ("https://management.azure.com", "/v1/workspaces/x/query"),
    ],
)
async def test_a_token_for_something_else_is_no_token(
    sim: Sim, audience: str, path: str
) -> None:
    token = sim.app[IDENTITY].access_token(READER, audience)
    method = "POST" if path.endswith("query") else "GET"

    assert 401 == await _status(sim, method, path, token)


def test_the_roles_are_those_of_the_deployment() -> None:
    """
    What works against the simulator must work with the roles that we ship.
    """
    from bot.simulator.azure.gate import _ROLES  # noqa: PLC0415

    roles = {"reader": "reader", "executor": "rollback-executor"}
    for name, file in roles.items():
        shipped = json.loads((FIXTURES / "rbac" / f"{file}.json").read_bytes())
        actions = {a.lower() for a in shipped["Actions"]}
        actions -= {a for a in actions if "metricdefinitions" in a}
        actions -= {a for a in actions if "metricnamespaces" in a}
        assert actions <= _ROLES[name]
    ours = Path(__file__).parents[2] / "deploy" / "roles" / "retraining.json"
    shipped = {a.lower() for a in json.loads(ours.read_bytes())["Actions"]}
    assert shipped == _ROLES["trainer"]


async def test_the_story_is_told_once(sim: Sim, door: Door, world: World) -> None:
    """
    A demo that is started again goes on where it was; it does not alert again.
    """
    for _ in range(2):
        app = simulator.create(world)
        app.cleanup_ctx.append(scenario("loan").story(0))
        app[AZURE].bot_url = door.url
        async with TestServer(app):
            await asyncio.sleep(0.3)

    assert ["/api/events"] == [path for path, _, _ in door.got]


def test_seeding_again_changes_nothing(world: World, folder: Path) -> None:
    before = dict(world.all("arm"))
    files = {p: p.stat().st_mtime_ns for p in folder.rglob("*.parquet")}
    scenario("loan").seed(world, folder, datetime.now(UTC))

    assert before == dict(world.all("arm"))
    assert (
        files.items()
        <= {p: p.stat().st_mtime_ns for p in folder.rglob("*.parquet")}.items()
    )


def test_every_scenario_has_a_watch_list() -> None:
    for name in names():
        watched = WatchList.model_validate(scenario(name).watch())
        [endpoint] = watched.endpoints
        assert (ENDPOINT.lower() == endpoint.id) == (name in ("loan", "none"))
        assert any(len(p.accounts) > 1 for p in watched.people)
        assert any(p.guest for p in watched.people)
        assert len(watched.channels) > 1


async def test_alerts_can_be_listed_but_not_changed_by_the_reader(
    sim: Sim, door: Door, identities: dict[str, ManagedIdentityCredential]
) -> None:
    fired = await sim.post("/sim/azure/alerts", kind="latency")
    token = sim.app[IDENTITY].access_token(READER, "https://management.azure.com")
    base = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts"
    state = f"{base}/{fired['alert']}/changestate?newState=Acknowledged"

    assert 200 == await _status(sim, "GET", base, token)
    assert 200 == await _status(sim, "GET", f"{base}/{fired['alert']}", token)
    assert 403 == await _status(sim, "POST", state, token)


async def test_an_answer_is_lost_before_the_door_is_there(sim: Sim) -> None:
    sim.app[AZURE].bot_url, sim.app[AZURE].pace = "http://127.0.0.1:1", 0
    await sim.post("/sim/azure/alerts", kind="latency")
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while True:
            async with session.get(sim.url + "/sim/azure/deliveries") as answer:
                (delivery,) = await answer.json()
            if delivery["done"]:
                break
            await asyncio.sleep(0.05)

    assert [0] * 6 == delivery["attempts"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("operations", {"seconds": "soon"}),
        ("operations", {"times": float("1e30")}),
        ("metrics", {"latency": "x"}),
        ("metrics", {"since_min": -1}),
        ("logs", {"times": None}),
        ("jobs", {"seconds": []}),
    ],
)
async def test_what_is_no_number_is_said(
    sim: Sim, path: str, body: dict[str, object]
) -> None:
    """
    The remote control is a contract too; a slip in a script was answered by a stack trace.
    """
    url = f"{sim.url}/sim/azure/{path}"
    async with sim.session.post(url, json=body) as answer:
        assert (400, f"{next(iter(body))} is a number from 0 to 1,000,000") == (
            answer.status,
            await answer.text(),
        )
