"""How we are doing: the figures behind /metrics, and a line of them in the log.

Counted in this process; what all replicas share (outbox, log) is read from the store.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from bot.incident import (
    AlertReceived,
    Answer,
    Reply,
    ShowCard,
)
from bot.observe import traces
from bot.ports import (
    Unavailable,
)
from bot.store import Due, Leader, Store
from bot.store.log import head
from bot.store.schema import delivery, moment, outbox
from bot.store.statements import received_at
from bot.worker.means import Means

Perform: TypeAlias = Callable[[Means, Due, Any, Leader], Awaitable[None]]
_Next: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = logging.getLogger("bot.figures")
TELL_S = 60.0  # between two lines of figures
BEAT_S = 0.1  # between two looks at the event loop's lag
_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_REASONS = {
    400: "not an alert", 401: "caller", 403: "caller", 408: "slow", 413: "too large",
    415: "media type", 417: "expectation", 503: "later",
}  # fmt: skip
_DOORS = ("/api/alerts", "/api/events")


class Lately:
    """The longest of what was seen in the last `seconds`, told at any moment.

    Forgotten a slot at a time: all at once would leave nothing to whoever asks right then,
    and our own line of figures does ask once in those seconds.
    """

    _SLOTS = 6

    def __init__(self, seconds: float) -> None:
        self._slot_s = seconds / self._SLOTS
        # one more than that, since the newest has just begun
        self._seen: deque[tuple[int, float]] = deque(maxlen=self._SLOTS + 1)

    def longest(self, seen: float, at: float) -> float:
        """Take in what was seen at `at` (seconds of a steady clock); return the longest."""
        slot = int(at // self._slot_s)
        if self._seen and self._seen[-1][0] == slot:
            self._seen[-1] = (slot, max(seen, self._seen[-1][1]))
        else:
            self._seen.append((slot, seen))
        return max(s for number, s in self._seen if number >= slot - self._SLOTS)


class Figures:
    """Counters of this process. One object; who counts is given it."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.accepted = Counter(
            "watchkeeper_accepted", "deliveries on disk", ["route"], registry=own
        )
        routes = (door.removeprefix("/api/") for door in _DOORS)
        # to ask for the child costs as much as five counts
        self._accepted = {route: self.accepted.labels(route) for route in routes}
        self.refused = Counter(
            "watchkeeper_refused",
            "deliveries refused",
            ["route", "reason"],
            registry=own,
        )
        self.card = Histogram(
            "watchkeeper_card_seconds", "from the alert's arrival to its card in Teams",
            buckets=_SECONDS, registry=own,
        )  # fmt: skip
        self.effects = Histogram(
            "watchkeeper_effect_seconds", "one attempt at an effect",
            ["effect", "outcome"], buckets=_SECONDS, registry=own,
        )  # fmt: skip
        self.queries = Histogram(
            "watchkeeper_query_seconds", "one question to Azure",
            ["kind", "outcome"], buckets=_SECONDS, registry=own,
        )  # fmt: skip
        self.throttled = Counter(
            "watchkeeper_throttled", "times that Teams asked us to wait", registry=own
        )
        self.lag = Gauge(
            "watchkeeper_loop_lag_seconds", "longest of the last minute", registry=own
        )
        self.outside = Gauge(
            "watchkeeper_anchored_size", "sealed rows under a head kept outside",
            registry=own,
        )  # fmt: skip
        self.unanchored = Gauge(
            "watchkeeper_anchor_failed", "attempts to keep heads outside that failed in "
            "a row", registry=own,
        )  # fmt: skip
        self._since = {"accepted": 0.0, "refused": 0.0, "throttled": 0.0}
        self._slowest: float | None = None

    @web.middleware
    async def count(self, request: web.Request, handler: _Next) -> web.StreamResponse:
        """Count what the doors accept and refuse."""
        if request.path not in _DOORS or request.method != "POST":
            return await handler(request)
        try:
            answer = await handler(request)
        except web.HTTPException as error:
            self.counted(request.path, error.status)
            raise
        self.counted(request.path, answer.status)
        return answer

    def counted(self, path: str, status: int) -> None:
        """Count an answer of a door."""
        route = path.removeprefix("/api/")
        if status == web.HTTPAccepted.status_code:
            self._accepted[route].inc()
            self._since["accepted"] += 1
        elif reason := _REASONS.get(status):
            self.refused.labels(route, reason).inc()
            self._since["refused"] += 1

    def anchor(self, size: int, failed: int) -> None:
        """Note what came of an attempt to keep heads of the log outside."""
        self.outside.set(size)
        self.unanchored.set(failed)

    def around(self, perform: Perform) -> Perform:
        """Return `perform` in a span, timed, with the card's delay noted."""

        async def performed(
            means: Means, due: Due, effect: Any, leader: Leader
        ) -> None:
            name, outcome, begun = type(effect).__name__, "failed", time.perf_counter()
            before = await means.store.load(due.incident) if due.incident else None
            began = traces.cause(before) if before else f"{due.id + 1:048x}"
            try:
                with traces.step(name, began, incident=due.incident):
                    await perform(means, due, effect, leader)
                outcome = "done"
            except Unavailable as error:
                outcome = "later"
                if error.retry_after and isinstance(effect, ShowCard | Reply | Answer):
                    self.throttled.inc()
                    self._since["throttled"] += 1
                raise
            finally:
                took = time.perf_counter() - begun
                self.effects.labels(name, outcome).observe(took)
            if isinstance(effect, ShowCard) and before and before.card is None:
                await self._carded(means.store, due.incident)

        return performed

    async def _carded(self, store: Store, key: str) -> None:
        incident = await store.load(key)
        received = incident.every(AlertReceived) if incident else ()
        if incident is None or incident.card is None or not received:
            return
        key = received[0].delivery
        at = await store.read(lambda db: received_at(db, key))
        if at is not None:
            took = max(0.0, (incident.card.at - moment(at)).total_seconds())
            self.card.observe(took)
            self._slowest = max(took, self._slowest or 0.0)

    @asynccontextmanager
    async def telling(self, store: Store) -> AsyncIterator[None]:
        """Measure the event loop and write the figures into the log while inside."""
        tasks = [
            asyncio.create_task(self._beat()),
            asyncio.create_task(self._tell(store)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self) -> None:
        clock, lately = asyncio.get_running_loop().time, Lately(TELL_S)
        while True:
            before = clock()
            await asyncio.sleep(BEAT_S)
            late, at = max(clock() - before - BEAT_S, 0.0), clock()
            self.lag.set(lately.longest(late, at))

    async def _tell(self, store: Store) -> None:
        while True:
            await asyncio.sleep(TELL_S)
            with suppress(Exception):  # a database that is away is told by its own line
                log.info("figures", extra={"figures": await self.line(store)})

    async def line(self, store: Store) -> dict[str, float | None]:
        """Return the figures since the last line, for the log."""
        waiting = await store.outbox.waiting()
        sealed = await head(store)
        since, self._since = self._since, dict.fromkeys(self._since, 0.0)
        slowest, self._slowest = self._slowest, None
        return {
            **waiting, **since, "card_s": slowest, "oldest_s": await _oldest(store),
            "loop_lag_s": self.lag._value.get(),  # noqa: SLF001 it offers no other way
            "log_size": sealed.size if sealed else 0,
            "anchor_failed": self.unanchored._value.get(),  # noqa: SLF001 as above
        }  # fmt: skip

    async def page(self, store: Store) -> bytes:
        """Return everything in Prometheus' text format."""
        shared = CollectorRegistry()

        def gauge(name: str, text: str, value: float) -> None:
            Gauge(f"watchkeeper_{name}", text, registry=shared).set(value)

        waiting = await store.outbox.waiting()
        gauge("new", "deliveries that nobody looked at yet", waiting["new"])
        gauge("due", "effects that wait to be performed", waiting["due"])
        gauge("parked", "effects that a person has to look at", waiting["parked"])
        gauge(
            "outbox_age_seconds", "how long the oldest has waited", await _oldest(store)
        )
        gauge(
            "executor_age_seconds", "since an executor last reported; +Inf: none has",
            await _silence(store),
        )  # fmt: skip
        sealed = await head(store)
        gauge("log_size", "sealed history rows", sealed.size if sealed else 0)
        root = Gauge("watchkeeper_log_head", "its root", ["root"], registry=shared)
        root.labels(sealed.root.hex() if sealed else "").set(
            sealed.size if sealed else 0
        )
        return generate_latest(shared) + generate_latest(self.registry)


async def _silence(store: Store) -> float:
    beat = await store.last_beat("executor")
    return (datetime.now(UTC) - beat).total_seconds() if beat else float("inf")


async def _oldest(store: Store) -> float:
    """Return for how many seconds the longest waiting effect or delivery has waited."""

    def run(db: sa.Connection) -> list[int]:
        due = sa.select(sa.func.min(outbox.c.due_at)).where(outbox.c.state == "due")
        new = sa.select(sa.func.min(delivery.c.received_at)).where(
            delivery.c.state == "new"
        )
        return [at for q in (due, new) if (at := db.execute(q).scalar()) is not None]

    times = [moment(at) for at in await store.read(run)]
    wait = datetime.now(UTC) - min(times, default=datetime.now(UTC))
    return max(wait.total_seconds(), 0.0)
