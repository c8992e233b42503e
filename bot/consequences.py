"""What follows from each event: the whole behaviour of an incident, on one page.

Record, then do. Whoever records an event queues these effects in the same transaction.
"""

from dataclasses import replace
from datetime import timedelta

from bot.incident import (
    Acknowledged,
    AlertReceived,
    Assigned,
    CaptureState,
    CardLost,
    CardShown,
    CollectEvidence,
    Effect,
    EffectParked,
    Escalated,
    EvaluateSignals,
    Event,
    ExpireRequest,
    Follow,
    FollowShift,
    Incident,
    Noted,
    Reply,
    RollbackApproved,
    RollbackAsked,
    RollbackExpired,
    RollbackImpossible,
    RollbackRejected,
    RollbackRequested,
    RollbackStale,
    ShiftFailed,
    ShiftTraffic,
    ShowCard,
    SignalsEvaluated,
    Snoozed,
    SnoozeEnded,
    StartClocks,
    TellOwner,
    TrafficShifted,
    Unacknowledged,
    Wake,
    WatchOutcome,
)
from bot.oversight import DecisionRecorded, OutcomeWatched

# An edit of the card notifies nobody; of these the thread is told as well.
TOLD = (
    Acknowledged,
    Unacknowledged,
    Assigned,
    Snoozed,
    SnoozeEnded,
    Escalated,
    RollbackRequested,
    RollbackImpossible,
    RollbackApproved,
    RollbackRejected,
    RollbackExpired,
    RollbackStale,
    TrafficShifted,
    ShiftFailed,
    OutcomeWatched,
    DecisionRecorded,
)
STALE = "stale"  # label of an alert that came long after it fired
SHOWN = (*TOLD, AlertReceived, SignalsEvaluated, RollbackAsked, CardLost, Noted)
FOLLOW_AFTER = timedelta(minutes=1)  # a move whose end we did not see


def follow(before: Incident, events: tuple[Event, ...]) -> tuple[Follow, ...]:
    """Return what must happen after `events` are recorded on top of `before`."""
    found: list[Follow] = []
    incident = before
    for event in events:
        now = incident.having(event)
        found += _after(incident, now, event)
        incident = now
    return tuple(dict.fromkeys(found))


def _after(before: Incident, incident: Incident, event: Event) -> list[Follow]:
    seq = incident.revision
    effects: list[Effect] = []
    if isinstance(event, AlertReceived):
        if before.alerts == incident.alerts:
            return []  # a repeat: nothing new was said
        if STALE in event.alert.labels and incident.card is None:
            return []  # too old to call anybody; it stands in the list of alerts
        if event.alert.status == "firing" and event.alert in incident.alerts:
            effects.append(EvaluateSignals())
    if isinstance(event, SignalsEvaluated | RollbackAsked):
        asked = isinstance(event, RollbackAsked)
        effects.append(CaptureState(seq) if asked else CollectEvidence(seq))
    if (
        isinstance(event, RollbackApproved)
        and incident.approved
        and not before.approved
    ):
        effects.append(ShiftTraffic(event.request))
    if isinstance(event, SHOWN) or _parked_elsewhere(event):
        effects.append(ShowCard())
    if isinstance(event, TOLD):
        effects.append(Reply(seq))
    called = isinstance(event, Escalated) and event.to == "risk"
    if called or _unshown(before, event):
        effects.append(TellOwner(seq))
    effects += _clocks(before, incident, event)
    return [
        *(Follow(effect=effect, due_at=event.at) for effect in effects),
        *_later(incident, event),
    ]


def _clocks(before: Incident, incident: Incident, event: Event) -> list[Effect]:
    """Return what starts or ends the waiting for somebody to take the incident."""
    since, found = incident.unattended, list[Effect]()
    if since and since != before.unattended:
        found.append(StartClocks(since))
    asleep = before.snooze
    if isinstance(event, AlertReceived) and asleep:
        seq = before.history.index(asleep) + 1
        if incident.severity < replace(before, history=before.history[:seq]).severity:
            found.append(Wake(seq, worse=True))
    return found


def _later(incident: Incident, event: Event) -> list[Follow]:
    """Return what is due some time after the event."""
    due: list[Follow] = []
    if isinstance(event, Snoozed):
        due.append(Follow(effect=Wake(incident.revision), due_at=event.until))
    if isinstance(event, RollbackRequested):
        expiry = ExpireRequest(event.request)
        due.append(Follow(effect=expiry, due_at=event.expires_at))
    if isinstance(event, ShiftFailed) and not event.settled:
        later = FollowShift(event.request)
        due.append(Follow(effect=later, due_at=event.at + FOLLOW_AFTER))
    if isinstance(event, TrafficShifted) and event.watch_minutes:
        look = WatchOutcome(event.request)
        at = event.at + timedelta(minutes=event.watch_minutes)
        due.append(Follow(effect=look, due_at=at))
    return due


def _unshown(before: Incident, event: Event) -> bool:
    """Return whether the card cannot be shown, which nobody was told of since it was."""
    if not isinstance(event, EffectParked) or _parked_elsewhere(event):
        return False
    told = False
    for earlier in before.every(EffectParked, CardShown):
        parked = isinstance(earlier, EffectParked)
        told = parked and (told or not _parked_elsewhere(earlier))
    return not told


def _parked_elsewhere(event: Event) -> bool:
    """A card that cannot be shown cannot tell so either."""
    return isinstance(event, EffectParked) and event.effect != ShowCard.__name__
