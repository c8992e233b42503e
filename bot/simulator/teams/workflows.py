"""A Workflows address, as Power Automate gives one: it takes a card and says no more."""

import json
from typing import Any

from aiohttp import web

from bot.simulator.teams.connector import CARD

TAKEN = web.AppKey("workflow posts", list[dict[str, Any]])
_LIMIT = 28 * 1024  # bytes of a body
routes = web.RouteTableDef()


@routes.post("/workflows/{name}")
async def take(request: web.Request) -> web.Response:
    """Take a card: 202 says that it was accepted, not that anybody sees it."""
    text = await request.text()
    if len(text.encode()) > _LIMIT:
        raise web.HTTPRequestEntityTooLarge(max_size=_LIMIT, actual_size=len(text))
    try:
        body = json.loads(text)
        cards = [a["content"] for a in body["attachments"] if a["contentType"] == CARD]
        good = body["type"] == "message" and len(cards) == 1
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise web.HTTPBadRequest(text="not a message with one card")
    request.app[TAKEN].append(cards[0])
    return web.Response(status=202)


@routes.get("/sim/workflows")
async def taken(request: web.Request) -> web.Response:
    """Answer the cards that came in, oldest first."""
    return web.json_response(request.app[TAKEN])
