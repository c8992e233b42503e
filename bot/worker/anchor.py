"""Heads of the log, copied out of the database on a schedule by the one who leads."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.evidence import anchor
from bot.evidence.shelf import Differs, NotKept, Shelf
from bot.store import Store
from bot.store.log import Head, Log, heads

log = logging.getLogger(__name__)
AT_ONCE = 10_000  # heads in one file, about 2 MB
LIMIT_S = 120  # of one attempt
LONGEST_S = 900  # between two, unless every_s is longer


class Anchoring:
    """Seals like the log it wraps, and anchors beside that: a slow shelf delays nobody.

    What cannot be anchored is told, and tried again after twice the time: in the log, and
    to `told`, which is given the size that lies outside and the failures in a row.
    """

    def __init__(
        self,
        log: Log,
        store: Store,
        shelf: Shelf,
        key: Ed25519PublicKey,
        every_s: float,
        told: Callable[[int, int], None] = lambda _size, _failed: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log, self._store, self._shelf = log, store, shelf
        self._key, self._every_s, self._told, self._clock = key, every_s, told, clock
        self._next, self._failed = float("-inf"), 0
        self._task: asyncio.Task[None] | None = None
        self.size = 0  # of the newest head that is known to lie outside

    async def seal(self, now: datetime, *, fence: int) -> Head | None:
        head = await self._log.seal(now, fence=fence)
        free = self._task is None or self._task.done()
        if free and self._clock() >= self._next:
            self._next = self._clock() + self._every_s
            self._task = asyncio.create_task(self._anchor(), name="anchor")
        return head

    async def _anchor(self) -> None:
        try:
            async with asyncio.timeout(LIMIT_S):
                await self.anchor()
        except TimeoutError:
            self._tell(f"no answer in {LIMIT_S} s")
        except (NotKept, Differs, anchor.BadAnchor) as error:
            self._tell(str(error))
        except Exception as error:
            log.exception("heads of the log were not anchored")
            self._tell(type(error).__name__)
        else:
            if self._failed:
                log.info("heads of the log are anchored again, up to %d", self.size)
            self._failed = 0
            self._told(self.size, 0)

    def _tell(self, why: str) -> None:
        self._failed += 1
        longest = max(self._every_s, LONGEST_S)
        wait = min(self._every_s * 2.0 ** min(self._failed, 20), longest)
        self._next = self._clock() + wait
        log.error(
            "heads of the log were not anchored (%d in a row; again in %d s): %s",
            self._failed,
            wait,
            why,
        )
        self._told(self.size, self._failed)

    async def anchor(self) -> None:
        """Anchor all heads that are not outside yet. Raises NotKept, Differs."""
        before, self.size = self.size, await anchor.last(self._shelf)
        if self.size < before:
            log.error(
                "heads up to %d were anchored, and only those up to %d are still there: "
                "somebody removed the others; they are anchored again",
                before,
                self.size,
            )
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
