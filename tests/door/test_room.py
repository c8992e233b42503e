"""Unfinished requests have a most of their own, and whole ones are served beside them."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot.callers import Anyone, Credentials, Denied
from bot.webhooks import Door, Guard, routes, short
from bot.webhooks.room import HEAD_MOST, Room
from tests.door.conftest import FIXTURES, Shelf
from tests.story.remote import until

FIRED = (FIXTURES / "alerts" / "cas_metric_aml_latency_p95.json").read_bytes()
KIB = 1024
MOST = 300 * KIB
SOON_S = 60.0
GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"POST /api/alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class Nobody:
    async def check(self, shown: Credentials) -> None:
        raise Denied(401, "nobody may")


@dataclass(eq=False)
class Holder:
    held: int = 0
    since: float = 0.0
    gone: list[int] = field(default_factory=list)

    def let_go(self) -> None:
        self.gone.append(self.held)


@pytest.fixture(params=[Anyone], ids=lambda caller: caller.__name__)
async def guard(shelf: Shelf, request: pytest.FixtureRequest) -> AsyncIterator[Guard]:
    app = web.Application()
    door = Door(store=shelf, alerts=request.param(), events=Anyone())
    app.add_routes(routes(door))
    guard = Guard(app, short(door))
    guard.shared.room = Room(MOST)
    await guard.start("127.0.0.1", 0)
    yield guard
    await guard.stop()


def padded(size: int) -> bytes:
    """Return an alert with blanks behind it, as JSON may have."""
    return FIRED + b" " * (size - len(FIRED))


async def sent(guard: Guard, *parts: bytes) -> bytes:
    """Return the answer to what is sent on a connection; b"" when there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", guard.port)
    try:
        async with asyncio.timeout(SOON_S):
            for part in parts:
                writer.write(part)
                await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            [length] = [h for h in head.split(b"\r\n") if h.startswith(b"Content-Len")]
            return head + await reader.readexactly(int(length.split()[1]))
    except (ConnectionError, asyncio.IncompleteReadError):
        return b""
    finally:
        writer.transport.abort()


async def free(guard: Guard) -> None:
    """Return once nothing is held any more, by connections that end as well."""

    async def look() -> bool:
        return not guard.shared.room.taken

    await until("the room to be free", look)


def announcing(size: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % size


def test_who_sends_slowest_is_let_go() -> None:
    """
    Who holds much and sends nothing must not crowd out others; of two who began
    together the one that is further ahead ends first.
    """
    room = Room(100)
    stalled, ahead, behind, new = (Holder() for _ in range(4))
    for holder, size, now in (
        (stalled, 60, 0.0),
        (ahead, 20, 9.0),
        (behind, 10, 9.0),
        (new, 20, 9.5),
        (ahead, 60, 9.6),
        (new, 40, 9.7),
    ):
        room.hold(holder, size, now)

    assert [[0], [], [0], []] == [h.gone for h in (stalled, ahead, behind, new)]
    assert 100 == room.taken
    room.hold(ahead, 0, 9.8)
    assert 40 == room.taken


async def test_of_too_many_bodies_some_have_to_come_again(
    guard: Guard, shelf: Shelf
) -> None:
    """
    Each is within the limit; together they would take all memory there is.
    """
    halves = [
        asyncio.create_task(sent(guard, announcing(200 * KIB), b" " * 180 * KIB))
        for _ in range(4)
    ]
    first = itertools.islice(asyncio.as_completed(halves), 3)
    answers = [await answer for answer in first]
    whole = await sent(guard, announcing(len(FIRED)), FIRED)
    later = await sent(guard, announcing(40 * KIB), padded(40 * KIB))
    for task in halves:
        task.cancel()

    assert all(a.startswith(b"HTTP/1.1 503 ") for a in answers)
    assert all(b"\r\nRetry-After: 5\r\n" in a for a in answers)
    assert [b"202", b"202"] == [a.split()[1] for a in (whole, later)]
    assert 2 == shelf.calls


async def test_what_was_held_is_free_once_it_is_answered_or_gone(guard: Guard) -> None:
    """
    A room that fills up by itself would refuse every large alert after a week.
    """
    for _ in range(3):
        await sent(guard, announcing(100 * KIB), padded(100 * KIB))
        _, writer = await asyncio.open_connection("127.0.0.1", guard.port)
        writer.write(announcing(100 * KIB) + b" " * 50 * KIB)
        await writer.drain()
        writer.transport.abort()
    await free(guard)

    assert 0 == guard.shared.room.taken


@pytest.mark.parametrize("guard", [Nobody], indirect=True)
async def test_a_refusal_is_heard_by_who_still_sends(guard: Guard) -> None:
    """
    What comes after the answer is no head that is too long.
    """
    answer = await sent(guard, announcing(1024 * KIB), b" " * 1000 * KIB)

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert 0 == guard.shared.room.taken


async def test_a_head_of_many_fields_ends(guard: Guard, shelf: Shelf) -> None:
    fields = [b"X-%d: %b\r\n" % (n, b"y" * 800) for n in range(120)]
    answer = await sent(guard, HEAD, *fields)

    assert HEAD_MOST < sum(map(len, fields))
    assert not answer or answer.startswith(b"HTTP/1.1 431 ")
    assert not answer or "error" in json.loads(answer.partition(b"\r\n\r\n")[2])
    assert 0 == shelf.calls


async def test_the_largest_alerts_of_all_connections_have_room(
    guard: Guard, shelf: Shelf
) -> None:
    """
    The common schema reaches 256 KB, and a proxy keeps some thirty connections.
    """
    guard.shared.room = Room()
    size = 256 * KIB
    several = (sent(guard, announcing(size), padded(size)) for _ in range(32))
    answers = await asyncio.gather(*several)

    assert {b"202"} == {a.split()[1] for a in answers}


async def test_requests_one_after_another_are_all_answered(
    guard: Guard, shelf: Shelf
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", guard.port)
    writer.write((announcing(len(FIRED)) + FIRED) * 40 + GET * 9)
    writer.write_eof()
    async with asyncio.timeout(SOON_S):
        answers = await reader.read(-1)
    writer.transport.abort()

    assert 40 == answers.count(b"HTTP/1.1 202 ")
    assert 9 == answers.count(b"HTTP/1.1 404 ")


async def test_many_who_hurry_are_told_in_words_and_leave_no_error(
    guard: Guard, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Who is let go may be anywhere between his first byte and his answer.
    """
    pieces = [b" " * 10 * KIB] * 20
    several = (sent(guard, announcing(200 * KIB), *pieces) for _ in range(40))
    answers = await asyncio.gather(*several)

    statuses = {a.split()[1] if a else b"" for a in answers}
    assert {b"503"} <= statuses <= {b"503", b"400", b""}
    assert [] == [r for r in caplog.records if r.levelname in {"ERROR", "CRITICAL"}]
    await free(guard)
