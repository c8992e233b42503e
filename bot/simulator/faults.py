"""Failures on demand, and the book of every request that came in."""

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

HOST = web.RequestKey("host", str)  # "azure" or "teams": whom the request was meant for
PRINCIPAL = web.RequestKey("principal", str)  # whose token it carried
_OURS = ("/sim/", "/page", "/favicon")  # the remote control and the page never fail


@dataclass(slots=True, kw_only=True)
class Fault:
    """The next `times` requests whose method and path match fail in this way."""

    path: re.Pattern[str]
    method: str = ""
    times: int = 1
    status: int = 0
    delay_s: float = 0
    drop: str = ""  # "before": unheard; "after": done, but the answer is lost
    headers: dict[str, str] | None = None
    text: str = ""  # the body, where it is not to be an error of ours

    @classmethod
    def parse(cls, body: dict[str, Any]) -> "Fault":
        """Return the fault that `body` asks for; KeyError, ValueError if it is none."""
        match = body.get("match", {})
        fault = cls(
            path=re.compile(match.get("path", ""), re.IGNORECASE),  # as ARM ids are
            method=match.get("method", "").upper(),
            times=int(body.get("times", 1)),
            status=int(body.get("status", 0)),
            delay_s=float(body.get("delay_s", 0)),
            drop=body.get("drop", ""),
            headers=body.get("headers"),
            text=str(body.get("text", "")),
        )
        if not (fault.status or fault.delay_s or fault.drop):
            raise ValueError("a fault needs status, delay_s or drop")
        if fault.drop not in ("", "before", "after"):
            raise ValueError("drop is before or after")
        return fault


class Faults:
    def __init__(self) -> None:
        self.pending: list[Fault] = []
        self.requests: deque[dict[str, Any]] = deque(maxlen=10_000)
        self.under_way: set[asyncio.Task[web.StreamResponse]] = set()

    def take(self, request: web.Request) -> Fault | None:
        for fault in self.pending:
            wanted = fault.method in ("", request.method)
            if fault.times > 0 and wanted and fault.path.search(request.path):
                fault.times -= 1
                return fault
        return None


FAULTS = web.AppKey("faults", Faults)


@web.middleware
async def fail_on_demand(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Apply the first fault that matches; write the request down either way."""
    if request.path == "/" or request.path.startswith(_OURS):
        return await handler(request)
    faults = request.app[FAULTS]
    status = 0
    try:
        response = await _answer(request, handler, faults.take(request))
        status = response.status
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        faults.requests.append(
            {
                "host": request.get(HOST, "azure"),
                "method": request.method,
                "path": request.path,
                "status": status,  # 0: the connection was dropped
                "principal": request.get(PRINCIPAL),
            }
        )
    return response


async def _answer(
    request: web.Request, handler: Handler, fault: Fault | None
) -> web.StreamResponse:
    if fault is None:
        return await handler(request)
    await request.read()
    # As in Azure, what was heard is done, though its caller may hang up meanwhile.
    failing = asyncio.create_task(_failing(request, handler, fault))
    under_way = request.app[FAULTS].under_way
    under_way.add(failing)
    failing.add_done_callback(under_way.discard)
    return await asyncio.shield(failing)


async def _failing(
    request: web.Request, handler: Handler, fault: Fault
) -> web.StreamResponse:
    await asyncio.sleep(fault.delay_s)
    if fault.drop == "before":
        _hang_up(request)
    if fault.text:
        return web.Response(text=fault.text, status=fault.status, headers=fault.headers)
    if fault.status:
        return web.json_response(
            {"error": {"code": "Simulated", "message": "a fault was asked for"}},
            status=fault.status,
            headers=fault.headers,
        )
    response = await handler(request)
    if fault.drop == "after":
        _hang_up(request)
    return response


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise web.HTTPServiceUnavailable(text="dropped")


routes = web.RouteTableDef()


@routes.get("/sim/requests")
async def requests(request: web.Request) -> web.Response:
    host = request.query.get("host")
    seen = request.app[FAULTS].requests
    return web.json_response([r for r in seen if host in (None, r["host"])])


@routes.post("/sim/faults")
async def add(request: web.Request) -> web.Response:
    try:
        fault = Fault.parse(await request.json())
    except (KeyError, ValueError, TypeError, AttributeError, re.error) as error:
        raise web.HTTPBadRequest(text=f"not a fault: {error}") from None
    request.app[FAULTS].pending.append(fault)
    return web.json_response({"pending": len(request.app[FAULTS].pending)}, status=201)


@routes.delete("/sim/faults")
async def clear(request: web.Request) -> web.Response:
    request.app[FAULTS].pending.clear()
    return web.json_response({"pending": 0})
