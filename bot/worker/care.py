"""Timers: who is called when nobody takes an alert, and the end of a snooze.

A timer is a row in the outbox: it survives a kill, and fires once because what it
records stands in the history.
"""

from bot.incident import (
    Escalate,
    Escalated,
    Event,
    Follow,
    Incident,
    Snoozed,
    SnoozeEnded,
    StartClocks,
    Wake,
)
from bot.store import Due, Leader
from bot.triage.chain import running
from bot.worker.means import Means, record


async def start_clocks(
    means: Means, due: Due, effect: StartClocks, leader: Leader
) -> None:
    """Set a timer for each circle that is still to be called."""
    incident = await means.incident(due)
    timers: tuple[Follow, ...] = ()
    if incident.unattended == effect.seq:
        chain = running(incident, means.endpoint(incident), means.watch)
        timers = tuple(
            Follow(effect=Escalate(effect.seq, n), due_at=s.at) for n, s in chain
        )
    await means.store.outbox.replace(
        due.id, leader.role, timers, about=incident.id, fence=leader.epoch
    )


async def escalate(means: Means, due: Due, effect: Escalate, leader: Leader) -> None:
    """Call the circle, unless somebody has the incident by now."""

    def decide(incident: Incident) -> tuple[Event, ...]:
        if incident.unattended != effect.since:
            return ()
        chain = dict(running(incident, means.endpoint(incident), means.watch))
        step = chain.get(effect.step)
        if step is None:  # called before, or no longer on the watch list
            return ()
        called = Escalated(
            at=means.clock(),
            to=step.to,
            step=effect.step,
            since=effect.since,
            names=step.names,
        )
        return (called,)

    await record(means, due.incident, decide, leader, done=due.id)


async def wake(means: Means, due: Due, effect: Wake, leader: Leader) -> None:
    """End the snooze, unless it ended before or another one holds."""

    def decide(incident: Incident) -> tuple[Event, ...]:
        asleep = incident.snooze
        meant = incident.history[effect.seq - 1]
        if not isinstance(meant, Snoozed) or asleep is not meant:
            return ()
        return (SnoozeEnded(at=means.clock(), worse=effect.worse),)

    await record(means, due.incident, decide, leader, done=due.id)
