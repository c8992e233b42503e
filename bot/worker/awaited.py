"""Whether an executor is there for what was approved, told where people wait for it."""

import asyncio
from datetime import datetime, timedelta

from bot.approval.awaited import ExecutorHeard, ExecutorSilent, away, pending
from bot.approval.retraining import retraining
from bot.incident import AwaitExecutor, Event, Incident
from bot.store import Due, Leader
from bot.worker.hush import NotYet
from bot.worker.means import Means, record

SILENT = timedelta(minutes=1)  # without a sign of life; it gives one every ten seconds
LONG = timedelta(minutes=5)  # more than two clocks may differ
LOOKS_EVERY = timedelta(seconds=15)
RUNS_EVERY = timedelta(minutes=2)  # while a job runs, for hours


async def await_executor(
    means: Means, due: Due, effect: AwaitExecutor, leader: Leader
) -> None:
    """Record that no executor reports, and that one does again; look until it is done."""
    incident, request = await means.incident(due), effect.request
    if not pending(incident, request):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    found = retraining(incident, request)
    beat = await means.store.last_beat("executor")
    silent = is_silent(means, beat, asyncio.get_running_loop().time())

    def decide(newest: Incident) -> tuple[Event, ...]:
        told = away(newest, request) is not None
        if silent == told or not pending(newest, request):
            return ()
        at = means.clock()
        if silent:
            return (ExecutorSilent(at=at, request=request, since=beat),)
        return (ExecutorHeard(at=at, request=request),)

    if silent != (away(incident, request) is not None):
        await record(means, incident.id, decide, leader)
    runs = found is not None and found.submitted is not None
    pause = RUNS_EVERY if runs else LOOKS_EVERY
    raise NotYet("it is approved and not carried out", pause)


async def unmanned(means: Means) -> ExecutorSilent | None:
    """Return since when nobody could carry anything out; None: somebody can, it seems."""
    beat, now = await means.store.last_beat("executor"), means.clock()
    if beat is not None and now - beat <= LONG:
        return None
    return ExecutorSilent(at=now, request="", since=beat)


def is_silent(means: Means, beat: datetime | None, now: float) -> bool:
    """Return whether nobody lives: the sign of life is old, or does not change.

    `now` is the event loop's time, in seconds: by our clock alone, a machine whose clock
    is behind would be called dead.
    """
    known, since = means.heard.get("executor", (None, now))
    if beat is None or beat != known:
        means.heard["executor"] = (beat, now)
        return beat is None or means.clock() - beat > LONG
    return now - since > SILENT.total_seconds() or means.clock() - beat > LONG
