import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.callers import Anyone
from bot.webhooks import Door, lines, routes, short
from bot.webhooks.door import BODY_S as DOOR_S
from bot.webhooks.guard import BODY_S, HEAD_S, Guard
from bot.webhooks.sparing import MOST
from tests.door.conftest import FIXTURES, Shelf

FIRED = (FIXTURES / "alerts" / "cas_metric_aml_latency_p95.json").read_bytes()
WHOLE = (
    b"POST /api/alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(FIRED)
) + FIRED
LIMIT_S = 0.4
SOON_S = 15.0  # generous: other tests share the machine


@pytest.fixture
async def port(shelf: Shelf) -> AsyncIterator[int]:
    app = web.Application()
    door = Door(store=shelf, alerts=Anyone(), events=Anyone())
    app.add_routes(routes(door))
    guard = Guard(app, short(door), head_s=LIMIT_S, body_s=LIMIT_S)
    yield await guard.start("127.0.0.1", 0)
    await guard.stop()


async def lifetime(port: int, *parts: bytes, pause_s: float = 0.0) -> float:
    """Return how long a connection lives that sends these parts and waits."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    start = time.monotonic()

    async def trickle() -> None:
        for piece in parts:
            writer.write(piece)
            await asyncio.sleep(pause_s)

    sending = asyncio.create_task(trickle())
    try:
        async with asyncio.timeout(SOON_S):
            while await reader.read(65536):
                pass
    except ConnectionError:
        pass
    finally:
        sending.cancel()
        writer.transport.abort()
    return time.monotonic() - start


@pytest.mark.parametrize(
    ("parts", "pause_s"),
    [
        ([], 0.0),
        ([b"POST /api/alerts HT"], 0.0),
        ([b"POST /api/alerts HTTP/1.1\r\n", *[b"X: y\r\n"] * 50], 0.1),
        ([WHOLE[:-1]], 0.0),
        ([WHOLE[: -len(FIRED)], *(FIRED[i : i + 1] for i in range(50))], 0.1),
        ([WHOLE, b"", b"POST /ap"], 0.2),
        ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], 0.0),
    ],
    ids=["silent", "half-head", "drip-head", "half-body", "drip-body", "second", "tls"],
)
async def test_a_slow_client_is_cut_off(
    port: int, shelf: Shelf, parts: list[bytes], pause_s: float
) -> None:
    """
    A few hundred half-sent requests would otherwise hold every connection for an hour.
    """
    assert await lifetime(port, *parts, pause_s=pause_s) < SOON_S
    assert len(shelf.kept) <= 1


@pytest.mark.parametrize("times", [1, 3])
async def test_a_client_that_only_listens_on_has_its_answers(
    port: int, shelf: Shelf, times: int
) -> None:
    """
    It may close its side when it has asked; an answer that is lost is asked for again.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(WHOLE * times)
    writer.write_eof()
    async with asyncio.timeout(SOON_S):
        answers = await reader.read(-1)
    writer.transport.abort()

    assert times == answers.count(b"HTTP/1.1 202 ")
    assert times == shelf.calls


@pytest.mark.parametrize("part", [WHOLE[:-1], WHOLE[:40], b""])
async def test_a_client_that_hangs_up_too_early_is_let_go(
    port: int, shelf: Shelf, part: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(part)
    writer.write_eof()
    async with asyncio.timeout(SOON_S):
        with contextlib.suppress(ConnectionError):
            assert b" 202 " not in await reader.read(-1)
    writer.transport.abort()

    assert 0 == shelf.calls


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /api/alerts?code=swordfish HTTP/9.9\r\n\r\n",
        b"swordfish /api/alerts\x00 HTTP/1.1\r\n\r\n",
        b"GET /api/alerts HTTP/1.1\r\nHost: x\r\nX: "
        + b"swordfish" * 2000
        + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_not_read_back(port: int, sent: bytes) -> None:
    """
    It may hold a secret, and behind a proxy that of somebody else.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(SOON_S):
        answer = await reader.read(-1)
    writer.transport.abort()

    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert b"swordfish" not in answer
    assert {"error": "this is no HTTP"} == json.loads(answer.partition(b"\r\n\r\n")[2])


async def test_a_connection_between_requests_is_left_alone(port: int) -> None:
    """
    The proxy before us sends its next alert on it; closing it would lose that alert.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(WHOLE)
        assert b"202" in await reader.readline()
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(h for h in head.split(b"\r\n") if h.startswith(b"Content-Length"))
        await reader.readexactly(int(length.split()[1]))
        await asyncio.sleep(3 * LIMIT_S)
    writer.close()


def test_head_body_and_answer_fit_into_thirty_seconds() -> None:
    assert DOOR_S < BODY_S
    assert HEAD_S + BODY_S < 30


async def test_the_query_is_in_no_log(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """
    In the url-secret mode the query is the secret.
    """
    caplog.set_level(logging.DEBUG)
    await lifetime(
        port,
        WHOLE.replace(b"/api/alerts", b"/api/alerts?code=hush-hush", 1).replace(
            b"Host: x", b"Host: x\r\nConnection: close"
        ),
    )

    assert any("POST '/api/alerts' 202" in r.getMessage() for r in caplog.records)
    assert "hush" not in caplog.text


async def test_a_sender_that_goes_away_is_no_failure_of_ours(
    port: int, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(WHOLE[:-10])
    await asyncio.sleep(0.1)
    writer.transport.abort()
    await asyncio.sleep(0.1)

    assert 0 == shelf.calls
    assert [] == [r for r in caplog.records if r.levelno >= logging.WARNING]


async def test_a_head_without_end_is_refused(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /api/alerts HTTP/1.1\r\nX: " + b"y" * 100_000)
    status = await reader.readline()
    writer.close()

    assert status.split()[1] in {b"400", b"431"}


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_leaves_one_line(
    port: int, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A stranger must not fill the log with stack traces of ours and bytes of his.
    """
    await lifetime(port, sent)
    told = [r for r in caplog.records if r.name in {"bot.server", "aiohttp.server"}]

    assert told
    assert {"WARNING"} == {r.levelname for r in told}
    assert all(r.exc_info is None and len(r.getMessage()) < 80 for r in told)


async def test_an_answer_is_json(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(WHOLE.replace(b"Host: x", b"Host: x\r\nConnection: close"))
    answer = await reader.read()
    writer.close()

    assert ["delivery"] == list(json.loads(answer.rpartition(b"\r\n")[2]))


async def test_refusals_that_are_alike_are_counted_and_not_all_written(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A stranger who calls a thousand times a second would fill the disk with our log.
    """
    caplog.set_level(logging.INFO)
    bad = WHOLE.replace(b"application/json", b"text/plain").replace(
        b"Host: x", b"Host: x\r\nConnection: close"
    )
    for _ in range(MOST + 7):
        await lifetime(port, bad)
    await lifetime(port, bad.replace(b"text/plain", b"application/json"))
    told = [r.getMessage() for r in caplog.records if r.name == "bot.access"]

    assert MOST == sum(" 415 " in line for line in told)
    assert 1 == sum(" 202 " in line for line in told)


def test_the_number_of_lines_left_out_is_told_when_the_minute_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    spared = lines.Spared()
    spared.begin()
    try:
        for number in range(MOST + 7):
            lines.refused("/api/alerts", 401, f"reason {number}")
        lines.refused("/api/alerts", 400, "not JSON")
        spared.sum_up(time.time())
        early = len(caplog.records)
        spared.sum_up(time.time() + 61)
        lines.refused("/api/alerts", 401, "again")
    finally:
        spared.end()
    told = [record.getMessage() for record in caplog.records]

    assert MOST + 1 == early
    assert "7 more lines like bot.webhooks.door: 401 were left out" == told[early]
    assert "/api/alerts: 401, again" == told[-1]
