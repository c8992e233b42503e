"""The short road of the door: an alert that came whole, from its caller to its 202.

The same checks in the same order as on the ordinary road (door.py), and only
what they all let through is answered here. Whatever else it is, nothing is said and the
ordinary road judges it anew, so that there is one place that refuses.
"""

import asyncio
import json
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache

from aiohttp import hdrs
from aiohttp.http import RawRequestMessage

from bot import sources
from bot.callers import Remembering, Undecided
from bot.webhooks import handshakes
from bot.webhooks.connection import Answer, Short
from bot.webhooks.door import (
    LIMIT,
    TYPES,
    Door,
    Store,
    announced,
    credentials,
    not_kept,
)


def short(door: Door, counted: Callable[[str, int], None] | None = None) -> Short:
    """Return the short road to `door`; `counted` is told path and status of each answer."""
    callers: dict[str, tuple[sources.Route, Remembering]] = {
        "/api/alerts": ("alerts", door.alerts),
        "/api/events": ("events", door.events),
    }

    def answer(
        message: RawRequestMessage, body: bytes, say: Callable[[Answer], None]
    ) -> bool:
        path = message.path.partition("?")[0]
        if path not in callers or len(body) > LIMIT:
            return False
        route, caller = callers[path]
        if not _passes(door, route, caller, message, body):
            return False

        def kept(delivery: asyncio.Future[str]) -> None:
            found = _told(route, path, delivery)
            if counted:
                counted(path, found.status)
            say(found)

        _keeping(door.store, route, body).add_done_callback(kept)
        return True

    return answer


def _passes(
    door: Door,
    route: sources.Route,
    caller: Remembering,
    message: RawRequestMessage,
    body: bytes,
) -> bool:
    """Return whether all checks of the ordinary road let it through, at once."""
    try:
        if not caller.knows(credentials(message.headers, message.url)):
            return False
        announced(message.headers, TYPES[route])
        if route == "events" and handshakes.code(
            message.headers, body, door.subscriptions
        ):
            return False
        sources.check(route, body)
    except Exception:  # noqa: BLE001 whatever it is, the ordinary road says it
        return False
    return True


def _keeping(store: Store, route: sources.Route, body: bytes) -> asyncio.Future[str]:
    try:
        return asyncio.ensure_future(store.accept(route, body))
    except Exception as error:  # noqa: BLE001 whatever it is, it must be sent again
        failed = asyncio.get_running_loop().create_future()
        failed.set_exception(error)
        return failed


def _told(route: sources.Route, path: str, delivery: asyncio.Future[str]) -> Answer:
    if delivery.cancelled():
        return Answer(_later(not_kept(route, asyncio.CancelledError())), path, 503)
    if (error := delivery.exception()) is not None:
        return Answer(_later(not_kept(route, error)), path, 503)
    return Answer(_accepted(delivery.result()), path, 202)


def _accepted(delivery: str) -> bytes:
    body = b'{"delivery": "%s"}' % delivery.encode()
    return _head("202 Accepted", len(body), int(time.time())) + body


def _later(undecided: Undecided) -> bytes:
    body = json.dumps({"error": undecided.reason}).encode()
    now, later = int(time.time()), undecided.retry_after_s
    return _head("503 Service Unavailable", len(body), now, later) + body


@lru_cache(maxsize=8)
def _head(status: str, length: int, second: int, retry_s: int = 0) -> bytes:
    """Return the status line and the fields, the same for all answers of a second."""
    fields: dict[str, object] = {
        hdrs.CONTENT_TYPE: "application/json; charset=utf-8",
        hdrs.CONTENT_LENGTH: length,
        hdrs.DATE: formatdate(second, usegmt=True),
    }
    if retry_s:
        fields[hdrs.RETRY_AFTER] = retry_s
    shown = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{shown}\r\n".encode()
