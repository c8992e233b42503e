"""Every hostile request, byte for byte, to the real door on loopback."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import sources
from bot.callers import Entra, Expected, Keys, Remembering, UrlSecret
from bot.callers.entra import (
    ACTION_GROUPS,
    ACTION_GROUPS_ROLE,
    EVENT_GRID,
    EVENT_GRID_ROLE,
    audiences,
)
from bot.webhooks import Allowed, Door, Guard, routes, short
from tests.door import hostile
from tests.door.conftest import Shelf

CASES = hostile.cases()
CALLED: list[str] = []  # hosts that anything in this process looked up or called
_LOCAL = {"127.0.0.1", "::1", "localhost"}


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        CALLED.append(str(arguments[1][0]))
    elif event == "socket.getaddrinfo":
        CALLED.append(str(arguments[0]))


sys.addaudithook(_note)


@pytest.fixture(scope="module")
def ring() -> hostile.KeyRing:
    return hostile.KeyRing()


@dataclass
class Entrance:
    """The door as it is served, and what it kept."""

    port: int
    shelf: Shelf
    fetches: list[str]


@pytest.fixture
async def key_url(ring: hostile.KeyRing) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve the tenant's keys and note who asks for them."""
    fetches: list[str] = []

    async def keys(request: web.Request) -> web.Response:
        fetches.append(request.path)
        return web.json_response({"keys": [ring.jwk("entra")]})

    app = web.Application()
    app.router.add_get("/keys", keys)
    async with TestServer(app) as server:
        yield str(server.make_url("/keys")), fetches


def _expected(app: str, role: str) -> Expected:
    return Expected(
        tenant=hostile.TENANT,
        audiences=audiences(hostile.ALERTS_CLIENT),
        app=app,
        role=role,
    )


@pytest.fixture
async def entrance(
    request: pytest.FixtureRequest, key_url: tuple[str, list[str]]
) -> AsyncIterator[Entrance]:
    keys = Keys(key_url[0])
    alerts: Remembering = Entra(_expected(ACTION_GROUPS, ACTION_GROUPS_ROLE), keys)
    if request.param["mode"] == "url-secret":
        alerts = UrlSecret((hostile.URL_SECRET, "the one before this one"))
    shelf = Shelf()
    door = Door(
        store=shelf,
        alerts=alerts,
        events=Entra(_expected(EVENT_GRID, EVENT_GRID_ROLE), keys),
        subscriptions=Allowed(
            names=frozenset({hostile.SUBSCRIPTION}),
            topics=frozenset({hostile.WORKSPACE}),
            marked=True,
        ),
    )
    app = web.Application()
    app.add_routes(routes(door))
    guard = Guard(app, short(door))
    yield Entrance(await guard.start("127.0.0.1", 0), shelf, key_url[1])
    await guard.stop()
    await keys.close()


@pytest.fixture
def outbound() -> Iterator[None]:
    """Fail when anything reached out to another machine."""
    CALLED.clear()
    yield
    assert {"127.0.0.1"} <= set(CALLED) <= _LOCAL


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(part for part in status.splitlines() if part.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _forget_peak() -> None:
    """Ask the kernel to measure the peak of memory from here on."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


@pytest.mark.usefixtures("outbound")
@pytest.mark.parametrize(
    ("case", "entrance"),
    [(c, c) for c in CASES],
    ids=[c["id"] for c in CASES],
    indirect=["entrance"],
)
async def test_each_hostile_request_has_its_answer_and_no_other_effect(
    case: dict[str, Any], entrance: Entrance, ring: hostile.KeyRing
) -> None:
    expect = case["expect"]
    requests = hostile.requests(case, ring)
    measured = [i for i in expect["invariants"] if i.startswith("rss_delta_mb<")]
    if measured:
        _forget_peak()
    before = _peak_mb() if measured else 0.0

    statuses = [await hostile.send(entrance.port, bytes_) for bytes_ in requests]

    assert set(statuses) <= set(expect["status"]), case["reason"]
    for limit in measured:
        assert _peak_mb() - before < float(limit.partition("<")[2])
    _check_kept(case, statuses, entrance.shelf)
    assert len(entrance.fetches) <= 2


def _check_kept(case: dict[str, Any], statuses: list[int], shelf: Shelf) -> None:
    """Check that what was refused is not kept, and what was taken is, as it came."""
    if 202 not in statuses:
        assert 0 == shelf.calls
        return
    assert statuses.count(202) == shelf.calls
    sent = hostile.bodies(case)
    assert {body for _, body in shelf.kept.values()} <= set(sent)
    if {"stored_once", "one_incident"} & set(case["expect"]["invariants"]):
        alerts = [a for route, body in shelf.kept.values() for a in _read(route, body)]
        assert 1 == len({a.fingerprint for a in alerts})


def _read(route: str, body: bytes) -> Any:
    assert route in {"alerts", "events"}
    return sources.read("events" if route == "events" else "alerts", body)


def test_the_corpus_is_whole() -> None:
    """
    A case that is lost with its file would look like a case that passes.
    """
    assert len(CASES) == len({case["id"] for case in CASES}) >= 201
    assert os.fspath(hostile.CORPUS).endswith("webhooks.json")
