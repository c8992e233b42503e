"""What follows from each event: the whole behaviour of an incident, on one page.

Record, then do. Whoever records an event queues these effects in the same transaction.
"""

from datetime import timedelta

from bot.approval.awaited import ExecutorHeard, ExecutorSilent
from bot.approval.oversight import OutcomeWatched
from bot.approval.retraining import (
    RetrainingApproved,
    RetrainingEnded,
    RetrainingImpossible,
    RetrainingLapsed,
    RetrainingRejected,
    RetrainingRequested,
    RetrainingSubmitted,
    retraining,
)
from bot.incident import (
    Acknowledged,
    Alert,
    AlertReceived,
    AlertsExplained,
    Assigned,
    AwaitExecutor,
    AzureChanged,
    AzureRefused,
    CaptureState,
    CardLost,
    CardShown,
    ChangesFound,
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
    FindChanges,
    Follow,
    FollowRetraining,
    FollowShift,
    Incident,
    LookInAzure,
    MarkInAzure,
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
    ShiftInterrupted,
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
    is_azure_alert,
    supersedes,
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
    ShiftInterrupted,
    ExecutorSilent,
    ExecutorHeard,
    OutcomeWatched,
    DecisionRecorded,
    AzureRefused,
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
SHOWN = (
    *TOLD,
    AlertsExplained,
    SignalsEvaluated,
    RollbackAsked,
    CardLost,
    Noted,
    AzureChanged,
    ChangesFound,
)
MARKED = (Acknowledged, Unacknowledged, DecisionRecorded)  # Azure is to know of
LOOK_AGAIN_AFTER = timedelta(seconds=20)  # at the same endpoint for the next alert
LOOK_AFTER_MOVE = timedelta(minutes=1)  # whether somebody has moved it on by hand
AWAITED_AFTER = timedelta(seconds=20)  # for the executor to have carried it out
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
        found += _ended(before, incident)
    return tuple(dict.fromkeys(found))


def _heard(
    heard: dict[str, Alert],
    looked: SignalsEvaluated | None,
    asleep: Snoozed | None,
    incident: Incident,
    event: AlertReceived,
) -> list[Follow]:
    """Return what follows from one more notice; `heard` is the newest of each.

    An incident may have thousands: nothing here goes through its history.
    """
    alert = event.alert
    known = heard.get(alert.fingerprint)
    if known is not None and (known == alert or not supersedes(alert, known)):
        return []  # a repeat, or older than what we know: nothing new was said
    first = not heard
    worse = asleep is not None and alert.severity < min(
        (a.severity for a in heard.values() if a.status == "firing" and a is not known),
        default=0,
    )
    heard[alert.fingerprint] = alert
    if STALE in alert.labels and incident.card is None:
        return []  # too old to call anybody; it stands in the list of alerts
    show = Follow(effect=ShowCard(), due_at=event.at)
    if alert.status == "resolved":
        return [show]
    again = looked.at + LOOK_AGAIN_AFTER if looked else event.at
    look = Follow(effect=EvaluateSignals(), due_at=max(event.at, again))
    effects: list[Effect] = []
    if first:
        effects.append(StartClocks(incident.revision))
        effects += [LookInAzure()] if is_azure_alert(alert.fingerprint) else []
    elif asleep and worse:
        effects.append(Wake(incident.history.index(asleep) + 1, worse=True))
    # The card first: to recompute takes the processor for longer than it needs.
    return [show, look, *(Follow(effect=e, due_at=event.at) for e in effects)]


def _after(before: Incident, incident: Incident, event: Event) -> list[Follow]:
    seq = incident.revision
    effects: list[Effect] = []
    if isinstance(event, SignalsEvaluated | RollbackAsked):
        asked = isinstance(event, RollbackAsked)
        effects.append(CaptureState(seq) if asked else CollectEvidence(seq))
    first = isinstance(event, SignalsEvaluated) and not before.last(SignalsEvaluated)
    if first and incident.alerts:
        effects.append(FindChanges())
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
    effects += _clocks(before, incident, event)
    if isinstance(event, MARKED):
        effects.append(MarkInAzure(seq))
    return [
        *(Follow(effect=effect, due_at=event.at) for effect in effects),
        *_later(incident, event),
        *(
            Follow(effect=AwaitExecutor(e.request), due_at=event.at + AWAITED_AFTER)
            for e in effects
            if isinstance(e, ShiftTraffic | SubmitRetraining)
        ),
    ]


def _clocks(before: Incident, incident: Incident, event: Event) -> list[Effect]:
    """Return what starts the waiting for somebody to take the incident again."""
    unhidden = before.hidden and isinstance(event, CardShown)
    freed = unhidden or isinstance(event, Unacknowledged | SnoozeEnded)
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


def _ended(before: Incident, incident: Incident) -> list[Follow]:
    """Return what follows when all alerts have ended: Azure is told, or people are asked."""
    status = incident.status
    if status == before.status or status not in ("resolved", "undecided"):
        return []
    seq, at = incident.revision, incident.history[-1].at
    # Only a decision is missing: the thread is told so.
    effect = MarkInAzure(seq) if status == "resolved" else Reply(seq)
    return [Follow(effect=effect, due_at=at)]


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
        soon = WatchOutcome(event.request, early=True)
        due.append(Follow(effect=soon, due_at=event.at + between(event)))
    return due


def between(moved: TrafficShifted) -> timedelta:
    """Return how long after a move, and how often, it is looked whether it stands."""
    return min(LOOK_AFTER_MOVE, timedelta(minutes=moved.watch_minutes / 10))


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
