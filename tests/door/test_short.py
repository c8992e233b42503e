"""The short road: what it answers, what it leaves, and that nobody overtakes on it."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import NoReturn

import pytest
from aiohttp import web

from bot.callers import UrlSecret
from bot.webhooks import Door, Guard, routes, short
from tests.door.conftest import FIXTURES, Shelf

FIRED = (FIXTURES / "alerts" / "cas_metric_aml_latency_p95.json").read_bytes()
SECRET = "a secret of some length"
SOON_S = 15.0


@dataclass
class Slow(Shelf):
    """A store whose commits wait until they are let go."""

    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self, source: str, body: bytes) -> str:
        await self.go.wait()
        return await super().accept(source, body)


@dataclass
class Served:
    port: int
    guard: Guard
    store: Slow
    counted: list[tuple[str, int]]
    ordinary: list[str]  # paths that reached the application

    async def ask(self, *parts: bytes) -> list[bytes]:
        """Return the status of each answer to `parts`, sent in one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.05)
        self.store.go.set()
        async with asyncio.timeout(SOON_S):
            answers = await reader.read()
        writer.close()
        return re.findall(rb"HTTP/1\.1 (\d+)", answers)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    found = Served(0, None, Slow(), [], [])  # type: ignore[arg-type]

    @web.middleware
    async def note(request: web.Request, handler: object) -> web.StreamResponse:
        found.ordinary.append(request.path)
        answer: web.StreamResponse = await handler(request)  # type: ignore[operator]
        return answer

    caller = UrlSecret([SECRET])
    door = Door(store=found.store, alerts=caller, events=caller)
    app = web.Application(middlewares=[note])
    app.add_routes(routes(door))
    found.guard = Guard(app, short(door, lambda *a: found.counted.append(a)))
    found.port = await found.guard.start("127.0.0.1", 0)
    yield found
    found.store.go.set()
    await found.guard.stop()


def alert(body: bytes = FIRED, *fields: bytes, code: str = SECRET) -> bytes:
    named = (
        b"Host: x",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
    )
    address = f"/api/alerts?code={code.replace(' ', '%20')}".encode()
    lines = (b"POST " + address + b" HTTP/1.1", *named, *fields, b"", body)
    return b"\r\n".join(lines)


LAST = alert(FIRED, b"Connection: close")


async def test_a_plain_alert_never_reaches_the_application(served: Served) -> None:
    assert [b"202", b"202"] == await served.ask(alert(), LAST)
    assert ["/api/alerts"] == served.ordinary  # LAST, which is not plain
    assert [("/api/alerts", 202)] == served.counted
    assert [FIRED] == [body for _, body in served.store.kept.values()]


async def test_answers_come_in_the_order_of_the_requests(served: Served) -> None:
    """
    A proxy sends requests of many on one connection; an answer out of turn is taken for
    that of another, and a 400 in the place of a 202 loses an alert.
    """
    wrong = alert(b"{}")
    stranger = alert(code="somebody else's secret")
    elsewhere = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
    sent = [alert(), wrong, alert(), elsewhere, alert(), stranger, LAST]
    wanted = [b"202", b"400", b"202", b"404", b"202", b"401", b"202"]

    assert wanted == await served.ask(*sent)
    assert wanted == await served.ask(b"".join(sent))
    torn = b"".join(sent)
    assert wanted == await served.ask(
        *(torn[n : n + 777] for n in range(0, len(torn), 777))
    )


async def test_a_thousand_at_once_are_all_answered(served: Served) -> None:
    """
    Aiohttp stops reading while many wait in its queue; somebody has to go on.
    """
    many = [alert()] * 1000

    assert [b"202"] * 1001 == await served.ask(b"".join(many), LAST)


async def test_a_store_that_fails_is_asked_once(served: Served) -> None:
    """
    Each try may take eight seconds, and an action group gives up after ten.
    """
    served.store.broken = True

    assert [b"503", b"401"] == await served.ask(
        alert(), alert(FIRED, b"Connection: close", code="somebody else's secret")
    )
    assert 1 == served.store.calls
    assert [("/api/alerts", 503)] == served.counted


@dataclass
class Full(Shelf):
    """A store that says no before anything can be waited for."""

    def accept(self, source: str, body: bytes) -> NoReturn:
        self.calls += 1
        raise OSError(28, f"no room for {len(body)} bytes of {source}")


async def test_a_store_that_refuses_at_once_is_asked_once(served: Served) -> None:
    served.store.accept = Full.accept.__get__(served.store)  # type: ignore[method-assign]

    assert [b"503", b"401"] == await served.ask(
        alert(), alert(FIRED, b"Connection: close", code="somebody else's secret")
    )
    assert 1 == served.store.calls


async def test_who_hangs_up_before_the_commit_harms_nobody(served: Served) -> None:
    """
    The alert is kept, its answer goes nowhere, and the next connection is served.
    """
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(alert())
    await asyncio.sleep(0.1)
    writer.transport.abort()
    await asyncio.sleep(0.1)

    assert [b"202", b"202"] == await served.ask(alert(), LAST)
    assert 1 == len(served.store.kept)
    assert 3 == served.store.calls


async def test_the_end_waits_for_the_commit(served: Served) -> None:
    """
    What is on disk and was not answered is sent again, a quarter of an hour later.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(alert())
    await asyncio.sleep(0.1)
    ending = asyncio.create_task(served.guard.stop())
    await asyncio.sleep(0.1)
    served.store.go.set()
    async with asyncio.timeout(SOON_S):
        answer = await reader.read()
        await ending
    writer.close()

    assert answer.startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert set() == served.guard.shared.open


async def test_a_sender_that_left_is_no_failure_of_ours(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(alert())
    await asyncio.sleep(0.1)
    writer.transport.abort()
    await asyncio.sleep(0.1)
    served.store.go.set()
    async with asyncio.timeout(SOON_S):
        while served.guard.shared.open or not served.store.kept:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert [] == [r for r in caplog.records if r.levelno >= logging.WARNING]
