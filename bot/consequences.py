"""What follows from each event: the whole behaviour of an incident, on one page.

Record, then do. Whoever records an event queues these effects in the same transaction.
"""

from datetime import timedelta

from bot.incident import (
    Acknowledged,
    Alert,
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
    FollowShift,
    Incident,
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
    TrafficShifted,
    WatchOutcome,
    supersedes,
)
from bot.oversight import DecisionRecorded, OutcomeWatched

# An edit of the card notifies nobody; of these the thread is told as well.
TOLD = (
    Acknowledged,
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
SHOWN = (*TOLD, SignalsEvaluated, RollbackAsked, CardLost)
LOOK_AGAIN_AFTER = timedelta(seconds=20)  # at the same endpoint for the next alert
FOLLOW_AFTER = timedelta(minutes=1)  # a move whose end we did not see


def follow(before: Incident, events: tuple[Event, ...]) -> tuple[Follow, ...]:
    """Return what must happen after `events` are recorded on top of `before`."""
    found: list[Follow] = []
    incident = before
    looked = before.last(SignalsEvaluated)
    heard = {a.fingerprint: a for a in before.alerts}
    for event in events:
        now = incident.having(event)
        if isinstance(event, AlertReceived):
            found += _heard(heard, looked, now, event)
        else:
            found += _after(incident, now, event)
        incident = now
    return tuple(dict.fromkeys(found))


def _heard(
    heard: dict[str, Alert],
    looked: SignalsEvaluated | None,
    incident: Incident,
    event: AlertReceived,
) -> list[Follow]:
    """Return what follows from one more notice; `heard` is the newest of each."""
    alert = event.alert
    known = heard.get(alert.fingerprint)
    if known is not None and (known == alert or not supersedes(alert, known)):
        return []  # a repeat, or older than what we know: nothing new was said
    heard[alert.fingerprint] = alert
    if STALE in alert.labels and incident.card is None:
        return []  # too old to call anybody; it stands in the list of alerts
    found = [Follow(effect=ShowCard(), due_at=event.at)]
    if alert.status == "firing":
        again = looked.at + LOOK_AGAIN_AFTER if looked else event.at
        look = Follow(effect=EvaluateSignals(), due_at=max(event.at, again))
        found.insert(0, look)
    return found


def _after(before: Incident, incident: Incident, event: Event) -> list[Follow]:
    seq = incident.revision
    effects: list[Effect] = []
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
    return [
        *(Follow(effect=effect, due_at=event.at) for effect in effects),
        *_later(event),
    ]


def _later(event: Event) -> list[Follow]:
    """Return what is due some time after the event."""
    due: list[Follow] = []
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


def _parked_elsewhere(event: Event) -> bool:
    """A card that cannot be shown cannot tell so either."""
    return isinstance(event, EffectParked) and event.effect != ShowCard.__name__
