"""What follows from each event: the whole behaviour of an incident, on one page.

Record, then do. Whoever records an event queues these effects in the same transaction.
"""

from bot.incident import (
    Acknowledged,
    AlertReceived,
    CaptureState,
    CardLost,
    CollectEvidence,
    Effect,
    EffectParked,
    EvaluateSignals,
    Event,
    ExpireRequest,
    Follow,
    Incident,
    Reply,
    RollbackApproved,
    RollbackAsked,
    RollbackExpired,
    RollbackImpossible,
    RollbackRejected,
    RollbackRequested,
    ShiftFailed,
    ShiftTraffic,
    ShowCard,
    SignalsEvaluated,
    TrafficShifted,
)

# An edit of the card notifies nobody; of these the thread is told as well.
TOLD = (
    Acknowledged,
    RollbackRequested,
    RollbackImpossible,
    RollbackApproved,
    RollbackRejected,
    RollbackExpired,
    TrafficShifted,
    ShiftFailed,
)
STALE = "stale"  # label of an alert that came long after it fired
SHOWN = (*TOLD, AlertReceived, SignalsEvaluated, RollbackAsked, CardLost)


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
    due = [Follow(effect=effect, due_at=event.at) for effect in effects]
    if isinstance(event, RollbackRequested):
        expiry = ExpireRequest(event.request)
        due.append(Follow(effect=expiry, due_at=event.expires_at))
    return due


def _parked_elsewhere(event: Event) -> bool:
    """A card that cannot be shown cannot tell so either."""
    return isinstance(event, EffectParked) and event.effect != ShowCard.__name__
