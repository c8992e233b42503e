"""The demo seen from outside: press, type, look, over HTTP."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

import aiohttp

Json: TypeAlias = Any
T = TypeVar("T")
CHANNEL = "19:model-alerts@thread.tacv2"


class Remote:
    """Both servers of a running demo, and the words of the story."""

    def __init__(self, session: aiohttp.ClientSession, bot: str, cloud: str) -> None:
        self.session = session
        self.bot = bot
        self.cloud = cloud

    async def get(self, url: str, **kwargs: Any) -> Json:
        async with self.session.get(url, **kwargs) as answer:
            return await answer.json(content_type=None)

    async def post(self, url: str, body: Json) -> tuple[int, Json]:
        async with self.session.post(url, json=body) as answer:
            text = await answer.text()
            return answer.status, await answer.json(content_type=None) if text else None

    async def activities(self) -> list[Json]:
        url = f"{self.cloud}/sim/activities"
        found: list[Json] = await self.get(url, params={"conversation": CHANNEL})
        return [a for a in found if not a["deleted"]]

    async def cards(self) -> list[Json]:
        """Return the bot's posts that hold a card: one an incident."""
        found = await self.activities()
        return [a for a in found if a["card"] and not a["replyToId"]]

    async def said(self) -> str:
        """Return all plain words in the channel, joined."""
        return "\n".join(a["text"] for a in await self.activities() if a["text"])

    async def click(self, person: str, title: str, **inputs: str) -> Json:
        """Let `person` press a button on the one card; return what the bot answered."""
        [card] = await self.cards()
        body = {"activity": card["id"], "title": title, "inputs": inputs}
        url = f"{self.cloud}/sim/people/{person}/click"
        status, answer = await self.post(url, body)
        assert 200 == status, answer
        return answer

    async def say(self, person: str, text: str) -> None:
        body = {"conversation": CHANNEL, "text": text}
        status, answer = await self.post(f"{self.cloud}/sim/people/{person}/say", body)
        assert status in (200, 201, 202), answer

    async def incident(self, key: str = "A-1") -> Json:
        return await self.get(f"{self.bot}/api/incidents/{key}")

    async def happened(self, kind: str) -> int:
        """Return how often an event of this type stands in the history of A-1."""
        history = (await self.incident()).get("history", [])
        return sum(event["type"] == kind for event in history)

    async def traffic(self) -> dict[str, int]:
        """Return what the simulated Azure serves, without zeros."""
        found = await self.get(f"{self.cloud}/sim/azure")
        [endpoint] = found["endpoints"]
        return {k: v for k, v in endpoint["traffic"].items() if v}

    async def puts(self) -> list[Json]:
        requests = await self.get(
            f"{self.cloud}/sim/requests", params={"host": "azure"}
        )
        return [r for r in requests if r["method"] == "PUT"]


async def until(
    what: str, look: Callable[[], Awaitable[T]], good: Callable[[T], object] = bool
) -> T:
    """Return what `look` finds once it is `good`; fail after two minutes, saying `what`."""
    end = time.monotonic() + 120
    seen: object = None
    while time.monotonic() < end:
        try:
            found = await look()
            seen = found
            if good(found):
                return found
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            seen = type(error).__name__
        await asyncio.sleep(0.1)
    message = f"waited two minutes for {what}; saw {str(seen)[:500]}"
    raise AssertionError(message)
