"""The messages of the simulated Teams, and those who watch them change."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

from aiohttp import web

from bot.simulator.world import Document, World

Queue: TypeAlias = asyncio.Queue[Document | None]  # None: the simulator goes down


class Messages:
    """Kept in the world as kind "activity", in the order in which they were posted.

    A message: `{id, conversation, replyToId, from: {id, name, kind}, text, card,
    summary, entities, at, deleted, edits}`. `conversation` is the channel or chat,
    `replyToId` the root of its thread ("" for a root), `kind` "bot" or "person", `at`
    UTC; `entities` says which `<at>Name</at>` of the text are mentions.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._watchers: set[Queue] = set()
        self._newest = max((int(key) for key, _ in world.all("activity")), default=0)

    def post(
        self,
        conversation: str,
        sender: dict[str, str],
        *,
        thread: str = "",
        text: str = "",
        card: dict[str, Any] | None = None,
        summary: str = "",
        entities: list[Document] | None = None,
    ) -> Document:
        """Return the new message; ids are milliseconds, as in Teams."""
        self._newest = max(int(time.time() * 1000), self._newest + 1)
        return self._keep(
            {
                "id": str(self._newest),
                "conversation": conversation,
                "replyToId": thread,
                "from": sender,
                "text": text,
                "card": card,
                "summary": summary,
                "entities": entities or [],
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "deleted": False,
                "edits": 0,
            }
        )

    def edit(self, message: Document, **changes: Any) -> Document:
        """Replace text or card in place."""
        return self._keep({**message, **changes, "edits": message["edits"] + 1})

    def delete(self, message: Document) -> Document:
        return self._keep({**message, "deleted": True, "text": "", "card": None})

    def get(self, message: str) -> Document | None:
        return self._world.get("activity", message)

    def all(self, conversation: str = "") -> list[Document]:
        """Return the messages of one conversation, or of all."""
        every = (document for _, document in self._world.all("activity"))
        return [d for d in every if conversation in ("", d["conversation"])]

    def _keep(self, message: Document) -> Document:
        self._world.put("activity", message["id"], message)
        for watcher in self._watchers:
            watcher.put_nowait(message)
        return message

    def watch(self) -> Queue:
        """Return a queue of every change from now on; give it back to `leave`."""
        queue: Queue = asyncio.Queue()
        self._watchers.add(queue)
        return queue

    def leave(self, queue: Queue) -> None:
        self._watchers.discard(queue)

    def close(self) -> None:
        """Tell all watchers that nothing more will come."""
        for watcher in self._watchers:
            watcher.put_nowait(None)


MESSAGES = web.AppKey("messages", Messages)


def threads(messages: list[Document]) -> Iterator[tuple[Document, list[Document]]]:
    """Yield each root with its replies, newest root first, as Graph lists them."""
    for root in reversed([m for m in messages if not m["replyToId"]]):
        yield root, [m for m in messages if m["replyToId"] == root["id"]]
