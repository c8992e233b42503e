"""Entra's clock, Teams' keys, the bot's token, and where the app is installed."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from email.utils import parsedate_to_datetime

import aiohttp

from bot import teams
from bot.check.finding import Finding, Level
from bot.ports import Unavailable
from bot.settings import Settings
from bot.teams.credentials import Tokens
from bot.watch import WatchList
from cards.figures import count

_AWAY = (aiohttp.ClientError, TimeoutError, OSError)
_ODD = (ValueError, KeyError, TypeError, AttributeError)  # a proxy's page, perhaps
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
) -> AsyncIterator[Finding]:
    yield await _signing_keys(settings, session)
    if not settings.bot_app_id:
        return
    vouch = await stack.enter_async_context(
        teams.managed_identity(settings.bot_identity or settings.bot_app_id)
    )
    account = teams.Account(
        app_id=settings.bot_app_id,
        tenant=watch.tenant,
        allowed=settings.origins,
        openid_url=settings.bot_openid_url,
        login_url=settings.bot_login_url,
        graph_url=settings.graph_url,
    )
    try:
        await Tokens(account, session, vouch).get()
    except Unavailable as error:
        todo = (
            "does the bot's app trust the managed identity? deploy/README.md, Install"
        )
        yield Finding("fail", "Teams token", str(error), todo)
    else:
        yield Finding("ok", "Teams token", "the bot can speak")


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
    return Finding("ok", about, f"{count(ours, 'key')} may speak for Teams")


def installed(watch: WatchList, known: frozenset[str] | None) -> list[Finding]:
    """Say where the app is; Teams tells us when it is put into a team."""
    found = []
    for name in sorted({endpoint.channel for endpoint in watch.endpoints}):
        place = watch.channels[name].id
        if known and (place in known or "team" in known):
            found.append(Finding("ok", f"channel {name}", "the app is in its team"))
            continue
        todo = "add the app to its team: watchkeeper package, deploy/README.md, Install"
        text = "Teams has not told us of it"
        found.append(Finding("look", f"channel {name}", text, todo))
    return found
