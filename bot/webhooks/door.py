"""The door: POST /api/alerts and POST, OPTIONS /api/events.

The order is the defence: who calls, what they announce, the bytes up to a limit, is it
an alert, is it kept on disk. Only then 202. Azure repeats 503 and gives up on 500, so
whatever we did not foresee is a 503 too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol, TypeAlias, TypeVar

from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot import sources
from bot.callers import Credentials, Denied, Remembering, Undecided
from bot.webhooks import handshakes, lines
from bot.webhooks.connection import Connection
from bot.webhooks.room import NoRoom

LIMIT = 1024 * 1024  # bytes of a body; the common schema reaches 256 KB
BODY_S = 15.0  # until the whole body must be here
RETRY_S = 5  # Azure Monitor's own first delay

_JSON = "application/json"
_CLOUD = ("application/cloudevents+json", "application/cloudevents-batch+json")
TYPES: Mapping[sources.Route, frozenset[str]] = {
    "alerts": frozenset({_JSON}),
    "events": frozenset({_JSON, *_CLOUD}),
}
T = TypeVar("T", bytes, bytearray)
Headers: TypeAlias = "CIMultiDict[str] | CIMultiDictProxy[str]"
_Next: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Store(Protocol):
    def accept(self, source: str, body: bytes) -> Awaitable[str]:
        """Keep a delivery of "alerts" or "events" on disk; what is returned has its id.

        The same bytes again return the same id. Raises when they are not kept.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Everything that the two routes need."""

    store: Store
    alerts: Remembering
    events: Remembering
    subscriptions: handshakes.Allowed = field(default_factory=handshakes.Allowed)


def routes(door: Door) -> list[web.RouteDef]:
    """Return the routes to add to an application."""

    async def alerts(request: web.Request) -> web.Response:
        await door.alerts.check(credentials(request.headers, request.rel_url))
        body = await _body(request, TYPES["alerts"])
        return await _kept(door.store, "alerts", body)

    async def events(request: web.Request) -> web.Response:
        await door.events.check(credentials(request.headers, request.rel_url))
        body = await _body(request, TYPES["events"])
        answer = _handshake(request, body, door.subscriptions)
        return answer or await _kept(door.store, "events", body)

    async def permission(request: web.Request) -> web.Response:
        return _permission(request)

    return [
        web.post("/api/alerts", _guarded(alerts), expect_handler=_expect),
        web.post("/api/events", _guarded(events), expect_handler=_expect),
        web.options("/api/events", _guarded(permission)),
    ]


def _guarded(handler: _Next) -> _Next:
    """Return the handler with every failure answered in words and never by 500."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Denied as denied:
            lines.refused(request.path, denied.status, denied.reason)
            return _refusal(denied.status, denied.reason)
        except sources.NotAnAlert as error:
            lines.refused(request.path, 400, str(error))
            return _refusal(400, str(error))
        except Undecided as undecided:
            return _later(undecided.reason, undecided.retry_after_s)
        except (web.HTTPException, asyncio.CancelledError):
            raise
        except Exception:  # noqa: BLE001  a fault of ours must not lose the alert
            lines.door_log.exception(
                "a delivery to %s could not be taken", request.path
            )
            return _later("it cannot be taken now; send it again", RETRY_S)

    return answer


def _refusal(
    status: int, reason: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    shown = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        shown[hdrs.WWW_AUTHENTICATE] = "Bearer"
    return web.json_response({"error": reason}, status=status, headers=shown)


def _later(reason: str, seconds: int) -> web.Response:
    return _refusal(503, reason, {hdrs.RETRY_AFTER: str(seconds)})


def credentials(headers: Headers, url: URL) -> Credentials:
    shown = tuple(headers.getall(hdrs.AUTHORIZATION, ()))
    codes = tuple(url.query.getall("code", ())) if url.raw_query_string else ()
    return Credentials(shown, codes)


async def _expect(request: web.Request) -> None:
    """Say nothing yet: "100 Continue" follows once the caller is known."""


async def _body(request: web.Request, types: frozenset[str]) -> bytes:
    """Return the bytes. Raises HTTPException for 408, 413, 415 and 417."""
    announced(request.headers, types)
    if (length := request.content_length) is not None and length > LIMIT:
        raise _too_large(length)
    if expected := request.headers.get(hdrs.EXPECT):
        if expected.lower() != "100-continue":
            raise _error(web.HTTPExpectationFailed, "only 100-continue is understood")
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    if request.content.is_eof():  # it came with the head, as most do
        return _within(request.content.read_nowait())
    try:
        return await _read(request)
    except NoRoom:
        raise Undecided("too much is under way; send it again", RETRY_S) from None
    except TimeoutError:
        raise _error(web.HTTPRequestTimeout, "the body came too slowly") from None
    except (web.RequestPayloadError, ConnectionError):
        raise _error(web.HTTPBadRequest, "the body is cut off or encoded") from None


async def _read(request: web.Request) -> bytes:
    if request.transport is None:  # gone before anybody looked
        raise ConnectionResetError
    served: object = request.protocol
    limited = served.reading if isinstance(served, Connection) else asyncio.timeout
    body = bytearray()
    async with limited(BODY_S):
        async for chunk in request.content.iter_any():
            body += chunk
            _within(body)
    return bytes(body)


def _within(body: T) -> T:
    if len(body) > LIMIT:
        raise _too_large(len(body))
    return body


def announced(headers: Headers, types: frozenset[str]) -> None:
    """Refuse by the headers what need not be read. Raises HTTPException for 415."""
    kinds = headers.getall(hdrs.CONTENT_TYPE, ())
    if len(kinds) != 1 or _media_type(kinds[0]) not in types:
        raise _error(web.HTTPUnsupportedMediaType, "send JSON in UTF-8")
    if headers.getall(hdrs.CONTENT_ENCODING, ["identity"]) != ["identity"]:
        raise _error(web.HTTPUnsupportedMediaType, "send it without an encoding")


@lru_cache(maxsize=64)
def _media_type(header: str) -> str:
    """Return the media type in lower case, "" when its text is not UTF-8.

    >>> _media_type('Application/JSON; Charset="UTF-8"'), _media_type("a/b; charset=x")
    ('application/json', '')
    """
    kind, _, parameters = header.lower().partition(";")
    name, _, value = parameters.strip().rstrip(";").partition("=")
    charset = value.strip().strip('"')
    plain = name.strip() in {"", "charset"} and charset in {"", "utf-8", "utf8"}
    return kind.strip() if plain else ""


def _too_large(length: int) -> web.HTTPException:
    text = f'{{"error": "more than {LIMIT} bytes"}}'
    error = web.HTTPRequestEntityTooLarge(LIMIT, length, text=text, content_type=_JSON)
    error.force_close()
    return error


def _error(kind: type[web.HTTPException], reason: str) -> web.HTTPException:
    """Return an exception whose body is our JSON and that closes the connection."""
    error = kind(text=f'{{"error": "{reason}"}}', content_type=_JSON)
    error.force_close()
    return error


async def _kept(store: Store, route: sources.Route, body: bytes) -> web.Response:
    sources.check(route, body)
    delivery = await keep(store, route, body)
    return web.json_response({"delivery": delivery}, status=202)


async def keep(store: Store, route: sources.Route, body: bytes) -> str:
    """Return the id of the delivery, once it is on disk. Raises Undecided."""
    try:
        return await store.accept(route, body)
    except Exception as error:  # noqa: BLE001  whatever it is, it must be sent again
        raise not_kept(route, error) from None


def not_kept(route: sources.Route, error: BaseException) -> Undecided:
    """Return what the sender is told, when the log has been told why."""
    what = type(error).__name__
    lines.door_log.error("%s was not kept: %s: %s", route, what, error)
    return Undecided("it cannot be kept now; send it again", RETRY_S)


def _handshake(
    request: web.Request, body: bytes, allowed: handshakes.Allowed
) -> web.Response | None:
    """Return the answer to Event Grid's validation event, None when it is not one."""
    code = handshakes.code(request.headers, body, allowed)
    return None if code is None else web.json_response({"validationResponse": code})


def _permission(request: web.Request) -> web.Response:
    """Answer the handshake of CloudEvents, in which Event Grid asks leave to send."""
    return web.Response(headers=handshakes.permission(request.headers))
