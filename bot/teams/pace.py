"""How fast we speak: Teams' rate windows, and one sender at a time in each place."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from bot.ports import Unavailable

# (sends, seconds): learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
CONVERSATION = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))
TENANT = ((50, 1.0),)
_MARGIN = 1.05  # their clock is not ours
_PATIENCE_S = 2.0  # a longer wait is better spent by the worker's queue
_QUEUE_S = 15.0


@dataclass(slots=True)
class Windows:
    """The moments of past sends, and until when the other side asked us to wait."""

    limits: tuple[tuple[int, float], ...]
    sent: deque[float] = field(default_factory=deque)
    not_before: float = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until the next send is within every limit."""
        times = self.sent
        waits = [self.not_before - now, 0.0]
        for most, seconds in self.limits:
            if len(times) >= most:
                waits.append(times[-most] + seconds * _MARGIN - now)
        return max(waits)

    def count(self, now: float) -> None:
        self.sent.append(now)
        if len(self.sent) > self.limits[-1][0]:
            self.sent.popleft()


def _lanes() -> defaultdict[str, "_Lane"]:
    return defaultdict(_Lane)


@dataclass(slots=True)
class _Lane:
    windows: Windows = field(default_factory=lambda: Windows(CONVERSATION))
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Pace:
    """Lanes by conversation: a slow or throttled one holds up no other."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _lanes: defaultdict[str, _Lane] = field(default_factory=_lanes)
    _tenant: Windows = field(default_factory=lambda: Windows(TENANT))

    @asynccontextmanager
    async def turn(self, conversation: str) -> AsyncIterator[None]:
        """Hold the conversation for one send; Unavailable when it would take long."""
        lane = self._lanes[conversation]
        try:
            async with asyncio.timeout(_QUEUE_S):
                await lane.lock.acquire()
        except TimeoutError:
            raise Unavailable("Others are waiting to write there.") from None
        try:
            await self._due(lane.windows)
            self._tenant.count(self.clock())
            try:
                yield
            finally:  # it arrived by now at the latest, and they count arrivals
                lane.windows.count(self.clock())
        finally:
            lane.lock.release()

    async def _due(self, windows: Windows) -> None:
        while (wait := max(w.wait(self.clock()) for w in (windows, self._tenant))) > 0:
            if wait > _PATIENCE_S:
                text = "Teams takes no more messages there for now."
                raise Unavailable(text, timedelta(seconds=wait))
            await self.sleep(wait)

    def hold(self, conversation: str, wait: timedelta) -> None:
        """Send nothing to this conversation for so long: Teams asked for it."""
        until = self.clock() + wait.total_seconds()
        windows = self._lanes[conversation].windows
        windows.not_before = max(windows.not_before, until)
