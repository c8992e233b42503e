"""Whether a deployment can work: one finding for each thing, and what to do about it.

Everything is looked at, nothing is changed: no table is made, no card is posted.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp

from bot.check import ours
from bot.check.azure import azure, moves
from bot.check.database import database
from bot.check.evidence import evidence
from bot.check.finding import Finding, exit_code
from bot.check.routes import routes
from bot.check.teams import chat, clock
from bot.settings import Settings
from bot.watch import WatchList

log = logging.getLogger(__name__)
_TIME_OUT = aiohttp.ClientTimeout(total=15)


async def check(settings: Settings, watch: WatchList) -> AsyncIterator[Finding]:
    """Yield findings in the order in which things depend on each other."""
    store = await asyncio.to_thread(database, settings)
    for finding in (
        *ours.settled(settings),
        *ours.watched(watch),
        *store.findings,
        await ours.keys(settings, store.head),
    ):
        yield finding
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(trust_env=False, timeout=_TIME_OUT)
        )
        yield await clock(settings, session)
        parts = {
            "evidence": evidence(settings, stack),
            "Azure": azure(settings, watch, stack),
            "alerts' way to us": routes(settings, watch, stack),
            "Teams": chat(settings, watch, session, stack, store.places),
        }
        for about, part in parts.items():
            async for finding in whole(about, part):
                yield finding


async def check_executor(
    settings: Settings, watch: WatchList
) -> AsyncIterator[Finding]:
    """Yield what `execute` would meet; it needs no bot, no channel and no keys."""
    for finding in (*ours.settled(settings, talks=False), *ours.watched(watch)):
        yield finding
    for finding in (await asyncio.to_thread(database, settings, talks=False)).findings:
        yield finding
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(trust_env=False, timeout=_TIME_OUT)
        )
        yield await clock(settings, session)
        async for finding in whole("Azure", moves(settings, watch, stack)):
            yield finding


async def whole(about: str, part: AsyncIterator[Finding]) -> AsyncIterator[Finding]:
    """Yield a part's findings; what none of them foresaw is one more, and ends the part."""
    try:
        async for finding in part:
            yield finding
    except Exception as error:
        log.debug("%s", about, exc_info=True)
        text = f"an unexpected {type(error).__name__} ended this part"
        yield Finding("fail", about, text, "report it: this is a fault of ours")


__all__ = ["Finding", "check", "check_executor", "exit_code", "whole"]
