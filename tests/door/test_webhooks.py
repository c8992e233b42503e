import asyncio
import io
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.callers import Credentials
from bot.webhooks import Door, routes
from tests.door.conftest import FIXTURES, Client, Shelf

SAMPLES = {p.name: p.read_bytes() for p in sorted((FIXTURES / "alerts").glob("*.json"))}
FIRED = (FIXTURES / "alerts" / "cas_metric_aml_latency_p95.json").read_bytes()
BREACH = (FIXTURES / "alerts" / "eg_modelmonitor_data_drift.json").read_bytes()
HANDSHAKE = (FIXTURES / "alerts" / "eg_subscription_validation.json").read_bytes()
JSON = {"Content-Type": "application/json; charset=utf-8"}


def route(name: str) -> str:
    return "/api/events" if name.startswith(("eg_", "ce_")) else "/api/alerts"


@pytest.mark.parametrize(("name", "body"), SAMPLES.items(), ids=SAMPLES)
async def test_every_kind_that_azure_sends_is_kept(
    client: Client, shelf: Shelf, name: str, body: bytes
) -> None:
    answer = await client.post(route(name), data=body, headers=JSON)

    if body == HANDSHAKE:
        assert 200 == answer.status
        assert {} == shelf.kept
    else:
        assert 202 == answer.status
        assert [body] == [kept for _, kept in shelf.kept.values()]


async def test_a_repeat_has_the_same_answer(client: Client, shelf: Shelf) -> None:
    """
    Azure Monitor repeats a call that it believes lost, up to five times.
    """
    first = await client.post("/api/alerts", data=FIRED, headers=JSON)
    again = await client.post("/api/alerts", data=FIRED, headers=JSON)

    assert (202, 202) == (first.status, again.status)
    assert await first.json() == await again.json()
    assert 1 == len(shelf.kept)


async def test_an_unknown_kind_is_kept(client: Client, shelf: Shelf) -> None:
    """
    What we cannot read today may matter tomorrow, and the sender will not repeat it.
    """
    body = json.dumps({"schemaId": "Contoso/quantum", "data": {}}).encode()

    assert 202 == (await client.post("/api/alerts", data=body, headers=JSON)).status
    assert [("alerts", body)] == list(shelf.kept.values())


async def test_no_space_is_a_503(client: Client, shelf: Shelf) -> None:
    """
    Azure repeats a 503. It does not repeat a 500: that alert would be lost.
    """
    shelf.broken = True
    answer = await client.post("/api/alerts", data=FIRED, headers=JSON)

    assert 503 == answer.status
    assert "5" == answer.headers["Retry-After"]
    assert "space" not in await answer.text()


async def test_a_fault_of_ours_is_a_503_too(shelf: Shelf) -> None:
    """
    Azure repeats it; perhaps the next version can take it.
    """

    class Faulty:
        async def check(self, shown: Credentials) -> None:
            raise ZeroDivisionError

        def knows(self, shown: Credentials) -> bool:
            raise ZeroDivisionError

    app = web.Application()
    app.add_routes(routes(Door(store=shelf, alerts=Faulty(), events=Faulty())))
    async with TestClient(TestServer(app)) as client:
        answer = await client.post("/api/alerts", data=FIRED, headers=JSON)

        assert 503 == answer.status
        assert "Zero" not in await answer.text()


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, FIRED, 415),
        ({}, FIRED, 415),
        ({"Content-Type": "application/json; charset=utf-16"}, FIRED, 415),
        ({"Content-Type": "application/cloudevents+json"}, FIRED, 415),
        ({**JSON, "Content-Encoding": "gzip"}, FIRED, 415),
        (JSON, b"{", 400),
        (JSON, b"{}", 400),
        (JSON, b"[" + FIRED + b"]", 400),
        (JSON, b" " * (1024 * 1024 + 1), 413),
        ({**JSON, "Expect": "the unexpected"}, FIRED, 417),
    ],
)
async def test_what_is_no_alert_is_refused_and_not_kept(
    client: Client,
    shelf: Shelf,
    headers: dict[str, str],
    body: bytes,
    status: int,
) -> None:
    answer = await client.post(
        "/api/alerts",
        data=io.BytesIO(body),
        headers=headers,
        skip_auto_headers=["Content-Type"],
    )

    assert status == answer.status
    assert "error" in await answer.json()
    assert 0 == shelf.calls


async def test_a_body_that_hides_its_length_is_cut_off(
    client: Client, shelf: Shelf
) -> None:
    """
    A chunked body announces nothing, so it is counted as it comes.
    """

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536
            await asyncio.sleep(0)

    answer = await client.post("/api/alerts", data=endless(), headers=JSON)

    assert 413 == answer.status
    assert 0 == shelf.calls


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "PROPFIND"])
@pytest.mark.parametrize("path", ["/api/alerts", "/api/events"])
async def test_other_methods_are_not_offered(
    client: Client, method: str, path: str
) -> None:
    assert 405 == (await client.request(method, path)).status


async def test_event_grid_s_handshake_echoes_the_code(client: Client) -> None:
    """
    A 202 is refused by Event Grid, and the subscription is not made.
    """
    answer = await client.post(
        "/api/events",
        data=HANDSHAKE,
        headers={**JSON, "aeg-event-type": "SubscriptionValidation"},
    )

    assert 200 == answer.status
    assert {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"} == (
        await answer.json()
    )


async def test_cloud_events_handshake_is_for_event_grid_alone(
    client: Client,
) -> None:
    asked = {"WebHook-Request-Origin": "eventgrid.azure.net"}
    granted = await client.options("/api/events", headers=asked)
    stranger = await client.options(
        "/api/events", headers={"WebHook-Request-Origin": "evil.example"}
    )

    assert 200 == granted.status
    assert "eventgrid.azure.net" == granted.headers["WebHook-Allowed-Origin"]
    assert "*" == granted.headers["WebHook-Allowed-Rate"]
    assert 403 == stranger.status
    assert "WebHook-Allowed-Origin" not in stranger.headers
    assert 403 == (await client.options("/api/events")).status


@pytest.mark.parametrize(
    "kind",
    ["json", "cloudevents+json", "cloudevents-batch+json; charset=utf-8"],
)
async def test_event_grid_s_media_types(client: Client, kind: str) -> None:
    answer = await client.post(
        "/api/events", data=BREACH, headers={"Content-Type": f"application/{kind}"}
    )

    assert 202 == answer.status


@pytest.mark.parametrize(
    ("line", "more", "answers"),
    [
        ("HTTP/1.1", "", 2),
        ("HTTP/1.1", "Connection: close\r\n", 1),
        ("HTTP/1.0", "", 1),
        ("HTTP/1.0", "Connection: keep-alive\r\n", 2),
    ],
)
async def test_the_202_is_plain_http_whatever_the_connection(
    client: Client, line: str, more: str, answers: int
) -> None:
    """
    It is written past aiohttp's own answers: two requests that come at once get one each.
    """
    head = f"POST /api/alerts {line}\r\nHost: x\r\nContent-Type: application/json\r\n"
    asked = f"{head}{more}Content-Length: {len(FIRED)}\r\n\r\n".encode() + FIRED
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(asked * answers)
    try:
        for _ in range(answers):
            first = await reader.readuntil(b"\r\n\r\n")
            fields = dict(r.split(": ", 1) for r in first.decode().split("\r\n")[1:-2])
            body = await reader.readexactly(int(fields["Content-Length"]))
            assert first.startswith(f"{line} 202 ".encode())
            assert "application/json" == fields["Content-Type"].partition(";")[0]
            assert 2026 <= int(fields["Date"].split()[3])
            assert ["delivery"] == list(json.loads(body))
        if answers == 1:
            assert b"" == await reader.read()
    finally:
        writer.close()
