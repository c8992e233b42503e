"""Why an incident gets no card yet: gathered, silenced, or explained by another one."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.approval.oversight import silence
from bot.incident import (
    OPEN,
    AlertHidden,
    AlertReceived,
    AlertsExplained,
    CardShown,
    EvidenceCollected,
    Incident,
    Replied,
    SignalsEvaluated,
    ToldElsewhere,
)
from bot.store import Leader
from bot.triage.inhibition import Cause, cause
from bot.watch import Channel
from bot.worker.means import Means, record

QUIET = (
    CardShown,
    Replied,
    ToldElsewhere,
    AlertHidden,
)  # events that change nothing on the card
LOOK_AGAIN = timedelta(seconds=20)  # whether the reason still holds


class NotYet(Exception):
    """Something else has to happen first; not a failure. Look again after `pause`."""

    def __init__(
        self, reason: str, pause: timedelta = timedelta(milliseconds=300)
    ) -> None:
        super().__init__(reason)
        self.pause = pause


async def hushed(means: Means, incident: Incident, leader: Leader) -> bool:
    """Return whether it needs no card at all: it ended while it was not shown.

    Raises NotYet while it is not to be shown for now. What stands already stays true.
    """
    channel = means.watch.channels[means.endpoint(incident).channel]
    now = means.clock()
    until = quiet_until(incident, channel)
    if incident.card is None and incident.alerts:
        found = await _why(means, incident, leader)
        hidden = found is not None or incident.last(AlertHidden) is not None
        if incident.status == "resolved" and hidden:
            return True
        if found is not None:
            raise NotYet(found, LOOK_AGAIN)
    if until is not None and now < until:
        # Longer than the channel says only a clock can make it that was set back.
        longest = max(channel.group_wait_s, channel.group_interval_s)
        if until - now <= timedelta(seconds=longest):
            raise NotYet("more alerts may belong to it", until - now)
    return False


async def _why(means: Means, incident: Incident, leader: Leader) -> str | None:
    """Return why its first card waits; it is recorded once for each reason."""
    ledger = await means.store.ledger(incident.endpoint)
    if found := silence(ledger, means.clock()):
        why = f"{found.by.name} has silenced the endpoint: {found.reason}"
        await _note(means, incident, "", why, leader)
        return why
    explained = cause(incident, await opened(means, incident.endpoint))
    if explained is None:
        return None
    await _note(means, incident, explained.incident, explained.reason, leader)
    await _tell(means, incident, explained, leader)
    return f"{explained.incident} explains it: {explained.reason}"


async def opened(means: Means, endpoint: str) -> list[Incident]:
    """Return the open incidents of an endpoint."""
    listed = await means.store.incidents(status=OPEN, endpoint=endpoint)
    every = [await means.store.load(one.id) for one in listed]
    return [i for i in every if i is not None]


async def _note(
    means: Means, incident: Incident, behind: str, why: str, leader: Leader
) -> None:
    hidden = AlertHidden(at=means.clock(), behind=behind, reason=why)

    def once(now: Incident) -> tuple[AlertHidden, ...]:
        last = now.last(AlertHidden)
        same = last is not None and (last.behind, last.reason) == (behind, why)
        return () if same else (hidden,)

    if once(incident):
        await record(means, incident.id, once, leader)


async def _tell(
    means: Means, incident: Incident, explained: Cause, leader: Leader
) -> None:
    """Let the card of the cause name what it explains."""
    kind = next(a.kind for a in incident.alerts if a.status == "firing")
    event = AlertsExplained(
        at=means.clock(), incident=incident.id, kind=kind, reason=explained.reason
    )

    def once(now: Incident) -> tuple[AlertsExplained, ...]:
        known = any(e.incident == incident.id for e in now.every(AlertsExplained))
        return () if known else (event,)

    await record(means, explained.incident, once, leader)


def quiet_until(incident: Incident, channel: Channel) -> datetime | None:
    """Return until when nothing is said of an incident; None: it is said at once."""
    if incident.severity == 0:
        return None
    if incident.card is None:
        return incident.opened_at + timedelta(seconds=channel.group_wait_s)
    shown = incident.history[: incident.card.revision]
    later = incident.history[incident.card.revision :]
    kinds = (*QUIET, AlertReceived, SignalsEvaluated, EvidenceCollected)
    known = any(isinstance(e, SignalsEvaluated) for e in shown)
    found = any(isinstance(e, SignalsEvaluated) for e in later)
    before = replace(incident, history=shown)
    if (
        not all(isinstance(e, kinds) for e in later)
        or (found and not known)
        or before.status != incident.status
        or before.severity > incident.severity
    ):
        return None
    return incident.card.at + timedelta(seconds=channel.group_interval_s)
