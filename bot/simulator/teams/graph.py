"""The messages of a channel as Microsoft Graph lists them.

https://learn.microsoft.com/graph/api/channel-list-messages: newest first, at most 50 a
page, `$expand=replies` puts the replies of each into it.
"""

import json
from typing import Any

from aiohttp import web

from bot.simulator.identity import IDENTITY
from bot.simulator.teams.connector import CARD, refuse
from bot.simulator.teams.messages import MESSAGES, threads
from bot.simulator.teams.places import CHANNELS, GROUP
from bot.simulator.world import Document

AUDIENCE = "https://graph.microsoft.com"
_BASE = "/v1.0/teams/{team}/channels/{channel}/messages"
routes = web.RouteTableDef()


def _messages(request: web.Request) -> list[Document]:
    if request.app[IDENTITY].principal(request, AUDIENCE) != "bot":
        refuse(web.HTTPForbidden, "Forbidden", "no ChannelMessage.Read.Group consent")
    channel = request.match_info["channel"]
    known = request.match_info["team"] == GROUP
    if not known or channel not in (c.id for c in CHANNELS):
        refuse(web.HTTPNotFound, "NotFound", "no such channel")
    return request.app[MESSAGES].all(channel)


def _view(message: Document) -> dict[str, Any]:
    """Return a chatMessage; a card's content is JSON text, as Graph gives it."""
    sender = {"id": message["from"]["id"][3:], "displayName": message["from"]["name"]}
    who = "application" if message["from"]["kind"] == "bot" else "user"
    attachments = []
    if message["card"]:
        content = json.dumps(message["card"])
        attachments = [{"id": "1", "contentType": CARD, "content": content}]
    return {
        "id": message["id"],
        "replyToId": message["replyToId"] or None,
        "messageType": "message",
        "createdDateTime": message["at"],
        "deletedDateTime": message["at"] if message["deleted"] else None,
        "summary": message["summary"] or None,
        "from": {who: sender},
        "body": {"contentType": "text", "content": message["text"]},
        "attachments": attachments,
    }


def _page(request: web.Request, items: list[dict[str, Any]]) -> web.Response:
    top = min(int(request.query.get("$top", 20)), 50)
    start = int(request.query.get("$skiptoken", 0))
    body: dict[str, Any] = {"value": items[start : start + top]}
    if start + top < len(items):
        query = {**request.query, "$skiptoken": str(start + top)}
        body["@odata.nextLink"] = str(request.url.with_query(query))
    return web.json_response(body)


@routes.get(_BASE)
async def roots(request: web.Request) -> web.Response:
    expand = request.query.get("$expand") == "replies"
    found = []
    for root, replies in threads(_messages(request)):
        inside = {"replies": [_view(r) for r in replies]} if expand else {}
        found.append(_view(root) | inside)
    return _page(request, found)


@routes.get(_BASE + "/{message}/replies")
async def replies(request: web.Request) -> web.Response:
    wanted = request.match_info["message"]
    inside = [m for m in _messages(request) if m["replyToId"] == wanted]
    return _page(request, [_view(m) for m in reversed(inside)])
