"""Entra's clock, Teams' keys, the bot's token, and where the app is installed."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from bot import teams
from bot.check.finding import Finding, Level, counted
from bot.desk import TEAM
from bot.ports import Unavailable
from bot.settings import Settings
from bot.teams.credentials import Tokens
from bot.watch import WatchList

_AWAY = (aiohttp.ClientError, TimeoutError, OSError)
_ODD = (ValueError, KeyError, TypeError, AttributeError)  # a proxy's page, perhaps
_ADD = "add the app to its team: watchkeeper package, deploy/README.md, Install"
SKEW_LOOK_S, SKEW_FAIL_S = 5.0, 240.0  # tokens are taken five minutes early or late


async def clock(settings: Settings, session: aiohttp.ClientSession) -> Finding:
    about, url = "clock", settings.bot_login_url
    try:
        before = time.time()
        async with session.get(url, allow_redirects=False) as answer:
            theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        skew = (before + time.time()) / 2 - theirs - 0.5  # their second is cut off
    except (*_AWAY, *_ODD):
        return Finding(
            "look", about, f"{url} does not tell the time", "may we reach it?"
        )
    level: Level = "ok" if abs(skew) < SKEW_LOOK_S else "look"
    if abs(skew) > SKEW_FAIL_S:
        level = "fail"
    todo = "" if level == "ok" else "set this machine's clock by NTP"
    return Finding(level, about, f"{abs(skew):.0f} s off Entra's", todo)


async def chat(
    settings: Settings,
    watch: WatchList,
    session: aiohttp.ClientSession,
    stack: AsyncExitStack,
    known: Mapping[str, str] | None,
) -> AsyncIterator[Finding]:
    """Yield whether Teams and we can talk, and whether the app is in each channel's team.

    `known`: where Teams told us of the app, and Teams' address for each; None: nobody knows.
    """
    yield await _signing_keys(settings, session)
    try:
        account, token = _account(settings, watch), ""
    except ValueError:
        return  # the settings' own lines say what is missing or unsafe
    vouch = await stack.enter_async_context(
        teams.managed_identity(settings.bot_identity or settings.bot_app_id)
    )
    try:
        token = await Tokens(account, session, vouch).get()
    except Unavailable as error:
        todo = (
            "does the bot's app trust the managed identity? deploy/README.md, Install"
        )
        yield Finding("fail", "Teams token", str(error), todo)
    else:
        yield Finding("ok", "Teams token", "the bot can speak")
    for name in sorted({endpoint.channel for endpoint in watch.endpoints}):
        place = watch.channels[name].id
        service = (known or {}).get(place) or (known or {}).get(TEAM, "")
        about = f"channel {name}"
        if not service:
            yield Finding("look", about, "Teams has not told us of it", _ADD)
        elif not account.allows(service):
            text = f"Teams is at {_host(service)} there, which we do not answer to"
            yield Finding("fail", about, text, "add it to SERVICE_URL_ALLOW")
        elif token:
            yield await _installed(about, session, service, place, token)


def _account(settings: Settings, watch: WatchList) -> teams.Account:
    return teams.Account(
        app_id=settings.bot_app_id,
        tenant=watch.tenant,
        allowed=settings.origins,
        openid_url=settings.bot_openid_url,
        login_url=settings.bot_login_url,
        graph_url=settings.graph_url,
    )


async def _installed(
    about: str, session: aiohttp.ClientSession, service: str, place: str, token: str
) -> Finding:
    """Ask Teams itself: who was told of once may have been taken out of the team since."""
    url = f"{service.rstrip('/')}/v3/conversations/{quote(place, safe='')}/pagedmembers"
    try:
        async with session.get(
            URL(url, encoded=True).with_query(pageSize="1"),
            headers={"Authorization": f"Bearer {token}"},
            allow_redirects=False,
        ) as answer:
            status, said = answer.status, await answer.text()
    except _AWAY as error:
        text = f"Teams does not answer: {type(error).__name__}"
        return Finding("fail", about, text, f"may we reach {_host(service)}?")
    if status == HTTPStatus.OK:
        return Finding("ok", about, "the app is in its team")
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        text = f"the app is not in its team{_code(said)}"
        return Finding("fail", about, text, f"is the channel's id right? else {_ADD}")
    if status == HTTPStatus.UNAUTHORIZED:
        text = "Teams refuses the bot's token"
        return Finding("fail", about, text, "is BOT_APP_ID that of the Azure Bot?")
    text = f"Teams answered {status}{_code(said)}"
    return Finding("look", about, text, "ask again in a minute")


def _host(service: str) -> str:
    return urlsplit(service).hostname or "an address that is none"


def _code(said: str) -> str:
    """Return the name that Teams gives a failure, in brackets, "" without one."""
    try:
        code = str(json.loads(said)["error"]["code"])
    except _ODD:
        return ""
    return f" ({code})" if code.isalnum() else ""


async def _signing_keys(settings: Settings, session: aiohttp.ClientSession) -> Finding:
    about, url = "Teams keys", settings.bot_openid_url
    try:
        async with session.get(url, allow_redirects=False) as answer:
            keys_url = (await answer.json())["jwks_uri"]
        async with session.get(keys_url, allow_redirects=False) as answer:
            keys = (await answer.json())["keys"]
        ours = sum("msteams" in (key.get("endorsements") or ()) for key in keys)
    except (*_AWAY, *_ODD):
        return Finding("fail", about, f"{url} gives no keys", "may we reach it?")
    if not ours:
        return Finding(
            "fail", about, "none may speak for Teams", "is BOT_OPENID_URL right?"
        )
    return Finding("ok", about, f"{counted(ours, 'key')} may speak for Teams")
