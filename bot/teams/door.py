"""POST /api/messages: what Teams calls.

The token is checked before a byte of the body is read. 200 heard; 400 not an activity;
401 and 403 not for us; 413 too large; 503 the keys, or the desk, cannot be had: never a
500, and never a word about why a caller was refused.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from botbuilder.core import TurnContext

from bot import strict_json
from bot.teams import answers
from bot.teams.account import Account
from bot.teams.adapter import Adapter, invoke_answer, reply
from bot.teams.gate import Denied, Gate
from bot.teams.keys import NoKeys
from bot.teams.turns import BadActivity, read
from bot.turns import (
    Answer,
    Desk,
    DialogAsked,
    DialogSent,
    Ignored,
    Installed,
    Say,
    Searched,
    ShowCard,
    Turn,
    Typed,
    Wrong,
)

log = logging.getLogger(__name__)
LIMIT = 1024 * 1024  # bytes of a body
_BODY_S = 10  # to send it
_HEAR_S = 4.5  # Teams waits ten; Microsoft asks for five
_SORRY = "Watchkeeper cannot take that right now; nothing was changed. Try again."


class Door:
    def __init__(
        self, account: Account, gate: Gate, adapter: Adapter, desk: Desk
    ) -> None:
        self._account, self._gate = account, gate
        self._adapter, self._desk = adapter, desk

    async def receive(self, request: web.Request) -> web.Response:
        try:
            return await self._receive(request)
        except Denied as denied:
            log.warning("/api/messages: %s", denied.why)
            raise _refusal(denied) from None
        except NoKeys as error:
            log.warning("/api/messages: %s", error)
            raise _unavailable() from None
        except (strict_json.NotJson, BadActivity) as error:
            raise web.HTTPBadRequest(text=f"not an activity: {error}") from None

    async def _receive(self, request: web.Request) -> web.Response:
        caller = await self._gate.token(request.headers.getall("Authorization", []))
        activity = strict_json.parse(await _body(request))
        if not isinstance(activity, dict):
            raise BadActivity("not an object")
        self._gate.activity(caller, activity)
        turn = read(activity, self._account.tenant)
        if isinstance(turn, Ignored):
            log.debug("/api/messages: %s", turn.why)
            return web.Response()
        return await self._turn(activity, turn)

    async def _turn(self, activity: Mapping[str, Any], turn: Turn) -> web.Response:
        invoked = activity["type"] == "invoke"
        answer = await self._hear(turn)
        if isinstance(turn, Installed) and isinstance(answer, Wrong):
            raise _unavailable()  # an installation is told only once

        async def logic(context: TurnContext) -> None:
            if not invoked:
                await _say(context, turn, answer)
            elif isinstance(turn, DialogAsked | DialogSent):
                await invoke_answer(context, answers.dialog(answer))
            elif isinstance(turn, Searched):
                await invoke_answer(context, answers.searched(answer))
            else:
                await invoke_answer(context, answers.pressed(answer))

        body = await self._adapter.turn(activity, logic)
        return web.json_response(body) if body else web.Response()

    async def _hear(self, turn: Turn) -> Answer:
        try:
            async with asyncio.timeout(_HEAR_S):
                return await self._desk.hear(turn)
        except Exception:
            log.exception("the desk did not take a %s", type(turn).__name__)
            return Wrong(_SORRY, 500)


async def _say(context: TurnContext, turn: Turn, answer: Answer) -> None:
    """Answer a message. A submitted button's card is edited where it stands instead."""
    if isinstance(answer, Say | Wrong):
        await reply(context, answer.text)
    elif isinstance(answer, ShowCard) and isinstance(turn, Typed):
        await reply(context, card=answer.card)


async def _body(request: web.Request) -> bytes:
    """Return the body, at most LIMIT bytes of it. Raises 408, 413 or 415."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(text="the body is compressed")
    size = request.content_length or 0
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            while size <= LIMIT and (chunk := await request.content.readany()):
                body += chunk
                size = max(size, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body came too slowly") from None
    if size > LIMIT:
        raise web.HTTPRequestEntityTooLarge(max_size=LIMIT, actual_size=size)
    return bytes(body)


def _refusal(denied: Denied) -> web.HTTPException:
    if denied.status == web.HTTPUnauthorized.status_code:
        challenge = {"WWW-Authenticate": "Bearer"}
        return web.HTTPUnauthorized(text="not a call from Teams", headers=challenge)
    return web.HTTPForbidden(text="not a call for this bot")


def _unavailable() -> web.HTTPException:
    return web.HTTPServiceUnavailable(text="not now", headers={"Retry-After": "30"})


def routes(
    account: Account, gate: Gate, adapter: Adapter, desk: Desk
) -> web.RouteTableDef:
    """Return the one route, for the application that has the desk."""
    table = web.RouteTableDef()
    table.post("/api/messages")(Door(account, gate, adapter, desk).receive)
    return table
