"""The short road of the door: an alert that came whole, from its caller to its 202.

The same checks in the same order as on the ordinary road (door.py), and only
what they all let through is answered here. Whatever else it is, nothing is said and the
ordinary road judges it anew, so that there is one place that refuses.
"""

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache

from aiohttp import hdrs
from aiohttp.http import RawRequestMessage

from bot import sources
from bot.callers import Caller, Undecided
from bot.webhooks import handshakes
from bot.webhooks.door import LIMIT, TYPES, Door, announced, keep, known
from bot.webhooks.guard import Answer, Short


def short(door: Door, counted: Callable[[str, int], None] | None = None) -> Short:
    """Return the short road to `door`; `counted` is told path and status of each answer."""
    callers: dict[str, tuple[sources.Route, Caller]] = {
        "/api/alerts": ("alerts", door.alerts),
        "/api/events": ("events", door.events),
    }

    async def answer(message: RawRequestMessage, body: bytes) -> Answer | None:
        path = message.path.partition("?")[0]
        if path not in callers or len(body) > LIMIT:
            return None
        route, caller = callers[path]
        try:
            await known(caller, message.headers, message.url)
            announced(message.headers, TYPES[route])
            if route == "events" and handshakes.code(
                message.headers, body, door.subscriptions
            ):
                return None
            sources.check(route, body)
        except Exception:  # noqa: BLE001 whatever it is, the ordinary road says it
            return None
        try:
            delivery = await keep(door.store, route, body)
            found = Answer(_accepted(delivery), path, 202)
        except Undecided as later:
            found = Answer(_later(later), path, 503)
        if counted:
            counted(path, found.status)
        return found

    return answer


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
