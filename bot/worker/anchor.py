"""Heads of the log, copied out of the database on a schedule by the one who leads."""

import asyncio
import logging
import time
from datetime import datetime
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.evidence import anchor
from bot.evidence.shelf import Differs, NotKept, Shelf
from bot.store import Store
from bot.store.log import Head, Log, heads

log = logging.getLogger(__name__)
AT_ONCE = 10_000  # heads in one file, about 2 MB


class Anchoring:
    """Seals like the log it wraps, and anchors beside that: a slow shelf delays nobody."""

    def __init__(
        self,
        log: Log,
        store: Store,
        shelf: Shelf,
        key: Ed25519PublicKey,
        every_s: float,
    ) -> None:
        self._log, self._store, self._shelf = log, store, shelf
        self._key, self._every_s = key, every_s
        self._looked = float("-inf")
        self._task: asyncio.Task[None] | None = None
        self.size = 0  # of the newest head that is known to lie outside

    async def seal(self, now: datetime, *, fence: int) -> Head | None:
        head = await self._log.seal(now, fence=fence)
        free = self._task is None or self._task.done()
        if free and time.monotonic() - self._looked >= self._every_s:
            self._looked = time.monotonic()
            self._task = asyncio.create_task(self._anchor(), name="anchor")
        return head

    async def _anchor(self) -> None:
        try:
            await self.anchor()
        except (NotKept, Differs) as error:
            log.error("heads of the log were not anchored: %s", error)  # noqa: TRY400 no trace
        except Exception:
            log.exception("heads of the log were not anchored")

    async def anchor(self) -> None:
        """Anchor all heads that are not outside yet. Raises NotKept, Differs."""
        self.size = await anchor.last(self._shelf)
        known = partial(heads, above=max(0, self.size - 1))
        every = await self._store.read(known)
        if self.size and not every:
            log.error(
                "the log ends before %d, which was anchored: it was cut, or restored "
                "from a backup; see `watchkeeper audit verify`",
                self.size,
            )
        fresh = [head for head in every if head.size > self.size]
        for start in range(0, len(fresh), AT_ONCE):
            part = fresh[start : start + AT_ONCE]
            await anchor.keep(self._shelf, part, self._key)
            self.size = part[-1].size
