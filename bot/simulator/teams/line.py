"""The line to the bot: activities as Teams posts them, with real tokens."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import aiohttp
from aiohttp import web

from bot.simulator.identity import BOT_APP, BOT_ISSUER, IDENTITY, TENANT
from bot.simulator.people import BOT_NAME, BOT_TEAMS_ID, Account
from bot.simulator.teams.places import CHANNELS, GROUPS, Place
from bot.simulator.world import WORLD, Document

log = logging.getLogger(__name__)
_TIME_OUT = aiohttp.ClientTimeout(total=15)
_RETRY_S = 0.1


@dataclass(slots=True)
class Address:
    """Where the bot listens and where we do; set as soon as the ports are known."""

    bot: str = ""  # "http://127.0.0.1:3978"
    own: str = ""  # the serviceUrl that the bot is told, without the last slash


BOT_URL = web.AppKey("bot_url", Address)
SESSION = web.AppKey("session", aiohttp.ClientSession)
_PEOPLE = {"locale": "en-GB", "country": "GB", "platform": "Web", "type": "clientInfo"}


def _base(app: web.Application, kind: str, where: Place, thread: str) -> Document:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "type": kind,
        "timestamp": now,
        "localTimestamp": now,
        "channelId": "msteams",
        "serviceUrl": app[BOT_URL].own + "/",
        "conversation": where.account(thread),
        "recipient": {"id": BOT_TEAMS_ID, "name": BOT_NAME},
    }


def from_person(
    app: web.Application, kind: str, who: Account, where: Place, thread: str
) -> Document:
    """Return the frame of an activity that `who` causes in a thread of `where`."""
    return {
        **_base(app, kind, where, thread),
        "id": f"f:{uuid4()}",
        "from": {"id": who.teams_id, "name": who.name, "aadObjectId": who.oid},
        "entities": [_PEOPLE],
        "channelData": where.channel_data(who.tenant),
        "locale": "en-GB",
    }


def installs(app: web.Application, where: Place) -> tuple[Document, Document]:
    """Return what Teams sends when the bot is added to a team, for a channel or chat."""
    added = {**_base(app, "conversationUpdate", where, ""), "id": f"f:{uuid4()}"}
    added["from"] = {"id": "29:1admin", "aadObjectId": where.members[0].oid}
    added["membersAdded"] = [{"id": BOT_TEAMS_ID}]
    added["channelData"] = where.channel_data(TENANT)
    if where.kind == "channel":
        added["channelData"]["eventType"] = "teamMemberAdded"
    update = {**added, "type": "installationUpdate", "action": "add"}
    del update["membersAdded"]
    update["channelData"] = where.channel_data(TENANT) | {
        "settings": {"selectedChannel": {"id": where.id}}
    }
    return update, added


async def send(app: web.Application, activity: Document) -> web.Response:
    """Post to the bot and return what it answered; 502 when it cannot be reached."""
    claims = {
        "aud": BOT_APP,
        "iss": BOT_ISSUER,
        "serviceurl": activity["serviceUrl"],
    }
    token = app[IDENTITY].mint("bot", claims)
    try:
        async with app[SESSION].post(
            app[BOT_URL].bot + "/api/messages",
            json=activity,
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            body = await answer.read()
            return web.Response(
                status=answer.status, body=body, content_type=answer.content_type
            )
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        text = f"the bot did not answer: {type(error).__name__}"
        return web.json_response({"error": text}, status=web.HTTPBadGateway.status_code)


async def _install(app: web.Application) -> None:
    """Add the bot to channels and group chats once in a world's life, when it is up."""
    for where in (*CHANNELS, *GROUPS):
        while app[WORLD].get("install", where.key) is None:
            if await _introduce(app, where):
                app[WORLD].put("install", where.key, {"conversation": where.id})
            else:
                await asyncio.sleep(_RETRY_S)


async def _introduce(app: web.Application, where: Place) -> bool:
    if not (app[BOT_URL].bot and app[BOT_URL].own):
        return False
    for activity in installs(app, where):
        answer = await send(app, activity)
        if not answer.status < web.HTTPBadRequest.status_code:
            log.info("the bot is not up yet: %s", answer.status)
            return False
    return True


async def connected(app: web.Application) -> AsyncIterator[None]:
    """Hold the client session, and introduce the bot, while the simulator runs."""
    app[SESSION] = aiohttp.ClientSession(timeout=_TIME_OUT)
    introducing = asyncio.create_task(_install(app))
    yield
    introducing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await introducing
    await app[SESSION].close()
