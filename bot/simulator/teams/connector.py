"""The Bot Connector, v3: what botframework-connector's client calls.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference
"""

import json
import time
from typing import Any, NoReturn

from aiohttp import web

from bot.simulator.identity import IDENTITY
from bot.simulator.people import BOT_NAME, BOT_TEAMS_ID, Account
from bot.simulator.teams.messages import MESSAGES
from bot.simulator.teams.places import CHATS, PLACES, Place, split
from bot.simulator.teams.throttle import THROTTLE
from bot.simulator.world import Document

AUDIENCE = "https://api.botframework.com"
CARD = "application/vnd.microsoft.card.adaptive"
BOT = {"id": BOT_TEAMS_ID, "name": BOT_NAME, "kind": "bot"}
_LIMIT = 100 * 1024  # bytes of a message, counted in UTF-16
_BASE = "/v3/conversations/{conversation}"
routes = web.RouteTableDef()


def refuse(
    status: type[web.HTTPError], code: str, message: str, **headers: str
) -> NoReturn:
    """Raise an error in the Bot Connector's form."""
    body = {"error": {"code": code, "message": message}}
    raise status(
        text=json.dumps(body), content_type="application/json", headers=headers
    )


def _place(request: web.Request) -> tuple[Place, str]:
    """Return where the bot speaks and in which thread. 401 without a good token."""
    principal = request.app[IDENTITY].principal(request, AUDIENCE)
    if principal != "bot":
        refuse(web.HTTPForbidden, "BotNotRegistered", "this identity is no bot")
    base, thread = split(request.match_info["conversation"])
    found = PLACES.get(base)
    if found is None:
        refuse(web.HTTPNotFound, "ConversationNotFound", "no such conversation")
    if thread and request.app[MESSAGES].get(thread) is None:
        refuse(web.HTTPNotFound, "ConversationNotFound", "no such thread")
    return found, thread


def _message(request: web.Request, where: Place) -> Document:
    found = request.app[MESSAGES].get(request.match_info["activity"])
    if found is None or found["deleted"] or found["conversation"] != where.id:
        refuse(web.HTTPNotFound, "ActivityNotFoundInConversation", "no such activity")
    return found


async def _body(request: web.Request) -> dict[str, Any]:
    """Return the activity that the bot sends, if Teams would take it."""
    text = await request.text()
    if len(text.encode("utf-16-le")) > _LIMIT:
        size = web.HTTPRequestEntityTooLarge(max_size=_LIMIT, actual_size=len(text))
        size.content_type = "application/json"
        size.text = json.dumps({"error": {"code": "MessageSizeTooBig", "message": ""}})
        raise size
    try:
        return dict(json.loads(text, parse_constant=_no_constant))
    except (ValueError, TypeError):
        refuse(web.HTTPBadRequest, "BadSyntax", "the body is not an activity")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _content(body: dict[str, Any]) -> dict[str, Any]:
    """Return text, card, summary and entities of an activity."""
    cards = [
        a.get("content")
        for a in body.get("attachments") or []
        if a.get("contentType") == CARD
    ]
    if any(not isinstance(c, dict) or c.get("type") != "AdaptiveCard" for c in cards):
        refuse(web.HTTPBadRequest, "BadArgument", "an adaptive card is not readable")
    if not cards and not body.get("text"):
        refuse(web.HTTPBadRequest, "BadSyntax", "the activity has no text and no card")
    return {
        "text": body.get("text") or "",
        "card": cards[0] if cards else None,
        "summary": body.get("summary") or "",
        "entities": body.get("entities") or [],
    }


def _count(request: web.Request, where: Place) -> None:
    wait = request.app[THROTTLE].wait(where.id, time.monotonic())
    if wait:
        refuse(
            web.HTTPTooManyRequests,
            "ActivityThrottled",
            "too many requests",
            **{"Retry-After": str(wait)},
        )


@routes.post(_BASE + "/activities")
@routes.post(_BASE + "/activities/{activity}")
async def send(request: web.Request) -> web.Response:
    """Post a message; in a thread by ";messageid=" or, the older way, as a reply."""
    where, thread = _place(request)
    replied = request.app[MESSAGES].get(request.match_info.get("activity", ""))
    if replied is not None:
        thread = replied["replyToId"] or replied["id"]
    _count(request, where)
    content = _content(await _body(request))
    thread = thread if where.kind == "channel" else ""
    posted = request.app[MESSAGES].post(where.id, BOT, thread=thread, **content)
    return web.json_response({"id": posted["id"]}, status=201)


@routes.put(_BASE + "/activities/{activity}")
async def update(request: web.Request) -> web.Response:
    where, _ = _place(request)
    _count(request, where)
    message = _message(request, where)
    if message["from"]["kind"] != "bot":
        refuse(web.HTTPForbidden, "Forbidden", "the message is not the bot's")
    request.app[MESSAGES].edit(message, **_content(await _body(request)))
    return web.json_response({"id": message["id"]})


@routes.delete(_BASE + "/activities/{activity}")
async def delete(request: web.Request) -> web.Response:
    where, _ = _place(request)
    request.app[MESSAGES].delete(_message(request, where))
    return web.Response()


@routes.post("/v3/conversations")
async def create(request: web.Request) -> web.Response:
    """Open a new thread in a channel, or the personal chat with somebody."""
    if request.app[IDENTITY].principal(request, AUDIENCE) != "bot":
        refuse(web.HTTPForbidden, "BotNotRegistered", "this identity is no bot")
    body = await _body(request)
    channel = (body.get("channelData") or {}).get("channel") or {}
    where = PLACES.get(channel.get("id", ""))
    for member in body.get("members") or []:
        ids = (member.get("id"), member.get("aadObjectId"))
        chats = (c for c in CHATS if {c.members[0].teams_id, c.members[0].oid} & {*ids})
        where = next(chats, where)
    if where is None:
        refuse(web.HTTPBadRequest, "BadArgument", "neither a channel nor a member")
    if not body.get("activity"):
        return web.json_response({"id": where.id}, status=201)
    _count(request, where)
    posted = request.app[MESSAGES].post(where.id, BOT, **_content(body["activity"]))
    answer = {"id": where.account(posted["id"])["id"], "activityId": posted["id"]}
    return web.json_response(answer, status=201)


def _member(account: Account) -> dict[str, Any]:
    first, _, last = account.name.partition(" ")
    return {
        "id": account.teams_id,
        "name": account.name,
        "aadObjectId": account.oid,
        "objectId": account.oid,
        "givenName": first,
        "surname": last,
        "email": account.upn,
        "userPrincipalName": account.upn,
        "tenantId": account.tenant,
        "userRole": "guest" if account.guest else "user",
    }


@routes.get(_BASE + "/members")
async def members(request: web.Request) -> web.Response:
    where, _ = _place(request)
    return web.json_response([_member(a) for a in where.members])


@routes.get(_BASE + "/pagedmembers")
async def paged_members(request: web.Request) -> web.Response:
    """Answer in pages of `pageSize`; the continuation token is an offset."""
    where, _ = _place(request)
    start = int(request.query.get("continuationToken") or 0)
    end = start + int(request.query.get("pageSize") or 200)
    more = str(end) if end < len(where.members) else None
    page = [_member(a) for a in where.members[start:end]]
    return web.json_response({"members": page, "continuationToken": more})


@routes.get(_BASE + "/members/{member}")
async def member(request: web.Request) -> web.Response:
    where, _ = _place(request)
    wanted = request.match_info["member"]
    for account in where.members:
        if wanted in (account.teams_id, account.oid):
            return web.json_response(_member(account))
    return refuse(web.HTTPNotFound, "MemberNotFoundInConversation", "nobody")
