"""Hands for a case study: people who press and type, and a look at what came of it.

All over HTTP, against the remote control and the bot's own pages.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

import aiohttp

from bot.levels import words
from bot.simulator.people import ALERTS

T = TypeVar("T")
Json: TypeAlias = Any
PATIENCE_S = 120.0
_OK = 300


class Stuck(Exception):
    """The case did not go on: what was waited for, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One objective of a case, what was measured, and whether it was met."""

    objective: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Hands:
    session: aiohttp.ClientSession
    bot: str
    cloud: str

    async def sim(self, path: str, **body: Any) -> Json:
        """Change the world: POST /sim/azure/…"""
        return await self._post(f"{self.cloud}/sim/azure/{path}", body)

    async def say(self, person: str, text: str) -> None:
        url = f"{self.cloud}/sim/people/{person}/say"
        await self._post(url, {"conversation": ALERTS.id, "text": text})

    async def press(
        self, person: str, title: str, incident: str, **inputs: str
    ) -> None:
        """Press a button on the incident's card, once it is there."""

        async def pressed() -> bool:
            found = next(
                (
                    a
                    for a in await self._activities()
                    if a["card"] and not a["replyToId"] and incident in str(a["card"])
                ),
                None,
            )
            if found is None or title not in str(found["card"]):
                return False
            body = {"activity": found["id"], "title": title, "inputs": inputs}
            await self._post(f"{self.cloud}/sim/people/{person}/click", body)
            return True

        await self.until(f"the button {title!r} on {incident}", pressed)

    async def event(self, kind: str, incident: str = "A-1") -> Json:
        """Return the newest event of a type in an incident's history, once there is one."""

        async def look() -> Json:
            history = await self.history(incident)
            return next((e for e in reversed(history) if e["type"] == kind), None)

        return await self.until(f"{kind} on {incident}", look)

    async def first(self, kind: str, incident: str = "A-1") -> Json:
        """Return the oldest event of a type, once there is one."""
        await self.event(kind, incident)
        return next(e for e in await self.history(incident) if e["type"] == kind)

    async def history(self, incident: str) -> list[Json]:
        found = await self._get(f"{self.bot}/api/incidents/{incident}")
        history: list[Json] = found.get("history", [])
        return history

    async def packet(self, incident: str) -> bytes:
        """Return the incident's packet as the zip with proofs."""
        headers = {"Accept": "application/zip"}
        url = f"{self.bot}/evidence/{incident}"

        async def look() -> bytes:
            async with self.session.get(url, headers=headers) as answer:
                return await answer.read() if answer.ok else b""

        return await self.until(f"the packet of {incident}", look)

    async def until(self, what: str, look: Callable[[], Awaitable[T]]) -> T:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if found := await look():
                    return found
            except (aiohttp.ClientError, TimeoutError, ValueError, KeyError):
                pass  # not up yet, or just restarting: look again
            await asyncio.sleep(0.1)
        raise Stuck(f"waited {PATIENCE_S:.0f} s for {what}")

    async def _activities(self) -> list[Json]:
        url = f"{self.cloud}/sim/activities?conversation={ALERTS.id}"
        found: list[Json] = await self._get(url)
        return [a for a in found if not a["deleted"]]

    async def _get(self, url: str) -> Json:
        async with self.session.get(url) as answer:
            return await answer.json(content_type=None)

    async def _post(self, url: str, body: Json) -> Json:
        async with self.session.post(url, json=body) as answer:
            text = await answer.text()
            if answer.status >= _OK:
                raise Stuck(
                    f"{url.rsplit('/', 2)[-2:]} answered {answer.status}: {text}"
                )
            return await answer.json(content_type=None) if text else None


def at(event: Json) -> datetime:
    return datetime.fromisoformat(event["at"])


def detected(objective: str, card: Json, evaluated: Json, limit: timedelta) -> Measured:
    """Return how long after its data a shift was on a card: at least, and at most.

    It happened somewhere in the window that showed it; the longest time has to do.
    """
    window = (evaluated.get("report") or {}).get("production_window") or (
        card["at"],
    ) * 2
    begun, ended = (datetime.fromisoformat(each) for each in window)
    least, most = (max(at(card) - t, timedelta()) for t in (ended, begun))
    return Measured(
        objective=objective,
        measured=f"{words(least)} after its data was complete, {words(most)} at the most",
        met=most <= limit,
    )


def within(objective: str, took: timedelta, limit: timedelta) -> Measured:
    """Return whether a span kept its limit, both in words."""
    seconds = took.total_seconds()
    return Measured(objective=objective, measured=f"{seconds:.1f} s", met=took <= limit)
