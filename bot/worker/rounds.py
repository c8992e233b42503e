"""What the driver does by the clock: it says that it lives, listens, and compares."""

import logging
from datetime import datetime, timedelta

from bot.incident import (
    Answer,
    AwaitExecutor,
    CaptureState,
    CollectEvidence,
    Escalate,
    EvaluateSignals,
    FindChanges,
    Fold,
    Follow,
    Listen,
    LookInAzure,
    MarkInAzure,
    ProposeRetraining,
    Reconcile,
    RemoveCopy,
    Reply,
    ShiftTraffic,
    ShowCard,
    StartClocks,
    SubmitRetraining,
    TellOwner,
    Wake,
)
from bot.worker.means import Means
from bot.worker.reconcile import EVERY

log = logging.getLogger(__name__)
BEAT_EVERY = timedelta(seconds=30)
PULSE_EVERY = timedelta(seconds=10)  # of the executor
GAP = timedelta(minutes=2)  # longer, and calls may have been given up on
BEFORE = timedelta(minutes=5)  # an alert is older than the first call that failed
# What is meant for at once, or looks again: too early does no harm.
AT_ONCE = (
    Answer,
    AwaitExecutor,
    CaptureState,
    CollectEvidence,
    EvaluateSignals,
    FindChanges,
    Fold,
    Listen,
    LookInAzure,
    MarkInAzure,
    ProposeRetraining,
    Reconcile,
    RemoveCopy,
    Reply,
    ShiftTraffic,
    ShowCard,
    StartClocks,
    SubmitRetraining,
    TellOwner,
)
CALLS = (Escalate, Wake)  # timers that somebody waits for


class Pulse:
    """The executor's clockwork: it says that it lives, for those who wait for it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._beat: datetime | None = None

    async def begin(self) -> None:
        await self.turn()

    async def turn(self) -> None:
        now = self._means.clock()
        if self._beat is None or abs(now - self._beat) >= PULSE_EVERY:
            self._beat = now
            await self._means.store.beat(now, "executor")


class Rounds:
    """One lead's clockwork. Its effects come back by themselves once they are queued."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._beat: datetime | None = None

    async def begin(self) -> None:
        """Queue what comes back, and after a gap what was missed in it."""
        now, queue = self._means.clock(), self._means.store.outbox.queue
        self._beat = await self._means.store.last_beat()
        await self._mind_the_gap(now)
        await queue("", Follow(effect=Reconcile(), due_at=now + EVERY))
        for endpoint in self._means.watch.endpoints:
            if endpoint.listening.on:
                await queue("", Follow(effect=Listen(endpoint.id), due_at=now))
        self._beat = None
        await self.turn()

    async def turn(self) -> None:
        """Say now and then that we are alive, by whatever the clock says now."""
        now = self._means.clock()
        if self._beat is None or abs(now - self._beat) > BEAT_EVERY:
            await self._mind_the_gap(now)
            self._beat = now
            await self._means.store.beat(now)

    async def _mind_the_gap(self, now: datetime) -> None:
        """Make good for the time in which nobody drove, or for a clock that was ahead.

        A machine that slept finds itself in the future as one that was down does. Set
        back, the clock would let everything that it dated wait for as long as it was
        wrong: cards, answers in a thread, and the call when nobody takes an alert.
        """
        last, outbox = self._beat, self._means.store.outbox
        if last is not None and now - last > GAP:
            log.warning("nobody drove since %s; asking Azure what it fired", last)
            missed = Reconcile(since=last - BEFORE)
            await outbox.queue("", Follow(effect=missed, due_at=now))
        if last is not None and last - now > BEAT_EVERY:
            log.warning("the clock was set back from %s to %s", last, now)
            await outbox.hasten(AT_ONCE, now)
            await outbox.advance(CALLS, now, last - now)
