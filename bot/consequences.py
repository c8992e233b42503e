"""What follows from each event: the whole behaviour of an incident, on one page.

Record, then do. Whoever records an event queues these effects in the same transaction.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from bot.incident import (
    Acknowledged,
    Alert,
    AlertReceived,
    AlertsExplained,
    Assigned,
    CaptureState,
    CardLost,
    CardShown,
    CollectEvidence,
    DecisionExpired,
    DecisionRecorded,
    Effect,
    EffectParked,
    Escalated,
    EvaluateSignals,
    Event,
    ExpireDecision,
    ExpireRequest,
    Follow,
    FollowRetraining,
    FollowShift,
    Incident,
    Noted,
    ProposeRetraining,
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
    SubmitRetraining,
    TellOwner,
    TrafficShifted,
    Unacknowledged,
    Wake,
    WatchOutcome,
    supersedes,
)
from bot.oversight import OutcomeWatched
from bot.retraining import (
    RetrainingApproved,
    RetrainingEnded,
    RetrainingImpossible,
    RetrainingLapsed,
    RetrainingRejected,
    RetrainingRequested,
    RetrainingSubmitted,
    retraining,
)

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
    DecisionExpired,
    RetrainingImpossible,
    RetrainingRequested,
    RetrainingApproved,
    RetrainingRejected,
    RetrainingLapsed,
    RetrainingSubmitted,
    RetrainingEnded,
)
STALE = "stale"  # label of an alert that came long after it fired
SHOWN = (*TOLD, AlertsExplained, SignalsEvaluated, RollbackAsked, CardLost, Noted)
LOOK_AGAIN_AFTER = timedelta(seconds=20)  # at the same endpoint for the next alert
FOLLOW_AFTER = timedelta(minutes=1)  # a move whose end we did not see


def follow(before: Incident, events: tuple[Event, ...]) -> tuple[Follow, ...]:
    """Return what must happen after `events` are recorded on top of `before`."""
    found: list[Follow] = []
    incident = before
    looked, asleep = before.last(SignalsEvaluated), before.snooze
    heard = {a.fingerprint: a for a in before.alerts}
    for event in events:
        now = incident.having(event)
        if isinstance(event, AlertReceived):
            found += _heard(heard, looked, asleep, now, event)
        else:
            found += _after(incident, now, event)
        incident = now
    if any(isinstance(e, AlertReceived) for e in events):
        found += _left_open(before, incident)
    return tuple(dict.fromkeys(found))


def _heard(
    heard: dict[str, Alert],
    looked: SignalsEvaluated | None,
    asleep: Snoozed | None,
    incident: Incident,
    event: AlertReceived,
) -> list[Follow]:
    """Return what follows from one more notice; `heard` is the newest of each."""
    alert = event.alert
    known = heard.get(alert.fingerprint)
    if known is not None and (known == alert or not supersedes(alert, known)):
        return []  # a repeat, or older than what we know: nothing new was said
    first = not heard
    others: tuple[int, ...] = ()
    if asleep:  # else nobody needs to know: it may be thousands
        others = tuple(_severities(a for a in heard.values() if a is not known))
    heard[alert.fingerprint] = alert
    if STALE in alert.labels and incident.card is None:
        return []  # too old to call anybody; it stands in the list of alerts
    effects: list[Effect] = [ShowCard()]
    if first and alert.status == "firing":
        effects.append(StartClocks(incident.revision))
    elif (
        asleep and alert.status == "firing" and alert.severity < min(others, default=0)
    ):
        effects.append(Wake(incident.history.index(asleep) + 1, worse=True))
    found = [Follow(effect=e, due_at=event.at) for e in effects]
    if alert.status == "firing":
        again = looked.at + LOOK_AGAIN_AFTER if looked else event.at
        look = Follow(effect=EvaluateSignals(), due_at=max(event.at, again))
        found.insert(0, look)
    return found


def _severities(alerts: Iterable[Alert]) -> Iterator[int]:
    return (a.severity for a in alerts if a.status == "firing")


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
    effects += _training(before, incident, event)
    if isinstance(event, SHOWN) or _parked_elsewhere(event):
        effects.append(ShowCard())
    if isinstance(event, TOLD):
        effects.append(Reply(seq))
    called = isinstance(event, Escalated) and event.to == "risk"
    if called or _unshown(before, event):
        effects.append(TellOwner(seq))
    effects += _clocks(incident, event)
    return [
        *(Follow(effect=effect, due_at=event.at) for effect in effects),
        *_later(incident, event),
    ]


def _clocks(incident: Incident, event: Event) -> list[Effect]:
    """Return what starts the waiting for somebody to take the incident again."""
    freed = isinstance(event, Unacknowledged | SnoozeEnded)
    since = incident.unattended if freed else 0
    return [StartClocks(since)] if since else []


def _training(before: Incident, incident: Incident, event: Event) -> list[Effect]:
    """Return what a retraining needs next."""
    if isinstance(event, DecisionRecorded) and event.choice == "retrain":
        return [ProposeRetraining(incident.revision)]
    if isinstance(event, RetrainingApproved):
        was, now = (retraining(i, event.request) for i in (before, incident))
        if now and now.approved and not (was and was.approved):
            return [SubmitRetraining(event.request)]
    if isinstance(event, RetrainingSubmitted):
        return [FollowRetraining(event.request)]
    return []


def _left_open(before: Incident, incident: Incident) -> list[Follow]:
    """Tell the thread when all alerts have ended and only a decision is missing."""
    if incident.status != "undecided" or before.status == "undecided":
        return []
    newest = incident.history[-1]
    return [Follow(effect=Reply(incident.revision), due_at=newest.at)]


def _later(incident: Incident, event: Event) -> list[Follow]:
    """Return what is due some time after the event."""
    due: list[Follow] = []
    if isinstance(event, Snoozed):
        due.append(Follow(effect=Wake(incident.revision), due_at=event.until))
    if isinstance(event, RollbackRequested | RetrainingRequested):
        expiry = ExpireRequest(event.request)
        due.append(Follow(effect=expiry, due_at=event.expires_at))
    if isinstance(event, DecisionRecorded):
        due.append(
            Follow(effect=ExpireDecision(incident.revision), due_at=event.expires_at)
        )
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
