"""The words the bot thinks in: alerts, what happened to an incident, what must follow.

An incident is the fold of its events. Nothing here reads a clock, a file or a socket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias, TypeVar

from bot.signals import Report

Severity: TypeAlias = Literal[
    0, 1, 2, 3, 4
]  # Azure Monitor: Sev0 critical .. Sev4 verbose
Kind: TypeAlias = Literal[
    "data-drift",
    "prediction-drift",
    "data-quality",
    "attribution-drift",
    "performance",
    "latency",
    "errors",
    "availability",
    "traffic",
    "cost",
    "resource",  # CPU, memory, capacity
    "silence",  # the alert that should have come and did not
    "platform",  # service health, security, policy: about Azure, not the model
    "change",  # not a fault: something was deployed, registered or run
]
Traffic: TypeAlias = Mapping[str, int]  # percent by deployment; a missing one means 0


class Refused(Exception):
    """The command does not apply now. Its text is shown to the person as it stands."""


def aware(moment: datetime) -> datetime:
    """Return `moment`; ValueError when it has no time zone."""
    if moment.utcoffset() is None:
        msg = "a time needs its zone"
        raise ValueError(msg)
    return moment


@dataclass(frozen=True, slots=True)
class Actor:
    """An account: tenant and Entra object id, lower case. The name is only shown."""

    tenant: str
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One measured figure that an alert carries, as its sender judged it."""

    metric: str
    value: float | None
    threshold: float | None
    breached_when: Literal["above", "below", "outside", "unknown"] = "unknown"
    feature: str = ""
    unit: str = ""

    @property
    def breached(self) -> bool | None:
        """Return whether the value is past its limit on the bad side; None: not known.

        >>> Reading(
        ...     metric="Accuracy", value=0.93, threshold=0.9, breached_when="below"
        ... ).breached
        False
        """
        if self.value is None or self.threshold is None:
            return None
        match self.breached_when:
            case "above":
                return self.value > self.threshold
            case "below":
                return self.value < self.threshold
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One notice from one source.

    `fingerprint` names the condition, not the notice: every repeat and the final
    "resolved" of one Azure Monitor alert carry the same one.
    """

    source: str  # the module in bot.sources that read it
    kind: Kind
    fingerprint: str
    status: Literal["firing", "resolved"]
    severity: Severity
    title: str
    starts_at: datetime
    ends_at: datetime | None = None
    rule: str = ""  # alert rule or monitoring signal, by name
    description: str = ""
    resources: tuple[str, ...] = ()  # ARM ids it is about, lower case
    endpoint: str = ""  # as the payload's own dimensions name it
    deployment: str = ""
    monitor: str = ""  # Azure ML monitor (schedule or experiment) by name
    window: tuple[datetime, datetime] | None = None
    readings: tuple[Reading, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        aware(self.starts_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment as Azure described it when we looked. None: Azure did not say."""

    name: str
    model: str = ""  # "credit-risk:14"
    provisioning_state: str = ""  # "Succeeded", "Updating", "Failed" …
    instances: int | None = None
    instance_type: str = ""
    concurrency: int | None = None  # requests that one instance takes at once


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointState:
    """The live state of an endpoint at one moment, with a digest of Azure's words."""

    at: datetime
    traffic: Traffic
    deployments: tuple[Deployment, ...]
    provisioning_state: str
    digest: str  # sha256 of the raw GET body
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a deployment or endpoint served in one window. None: not known."""

    start: datetime
    end: datetime
    deployment: str = ""  # "": the whole endpoint
    requests: float | None = None  # in the window
    error_rate: float | None = None  # 0 to 1
    latency_p95_ms: float | None = None
    availability: float | None = None  # 0 to 1


# -- effects: what must follow in the world; each is safe to perform twice ----


@dataclass(frozen=True, slots=True)
class EvaluateSignals:
    """Fetch the windows, run the signal engine, look at the endpoint's health."""


@dataclass(frozen=True, slots=True)
class CollectEvidence:
    """Freeze what the evaluation rests on, outside the database."""

    seq: int  # of the SignalsEvaluated event


@dataclass(frozen=True, slots=True)
class ShowCard:
    """Post the incident's card, or update it where it already stands."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Tell the incident's thread of one event: an edit of the card notifies nobody."""

    seq: int


@dataclass(frozen=True, slots=True)
class CaptureState:
    """Look at the endpoint before the asked rollback is shown to anyone."""

    asked: int  # seq of the RollbackAsked event


@dataclass(frozen=True, slots=True)
class ShiftTraffic:
    """Carry out an approved rollback. The executor's alone."""

    request: str


@dataclass(frozen=True, slots=True)
class FollowShift:
    """See how a move ends that outlasted our patience. The executor's alone."""

    request: str


@dataclass(frozen=True, slots=True)
class WatchOutcome:
    """Compare how the endpoint serves after a move with before; due a while after it."""

    request: str


@dataclass(frozen=True, slots=True)
class ExpireRequest:
    """Close the request if nobody decided it; due when it expires."""

    request: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a typed command in the conversation where it was given."""

    conversation: str
    reply_to: str
    card: str  # a module in `cards` that renders it
    about: Mapping[str, str] = field(default_factory=dict)


Effect: TypeAlias = (
    EvaluateSignals
    | CollectEvidence
    | ShowCard
    | Reply
    | CaptureState
    | ShiftTraffic
    | FollowShift
    | WatchOutcome
    | ExpireRequest
    | Answer
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """An effect and when it is due; queued together with the event it follows from."""

    effect: Effect
    due_at: datetime


# -- events: facts about an incident, in the past tense; never changed --------


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: datetime
    by: Actor | None = None  # None: the bot itself


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReceived(Event):
    alert: Alert
    delivery: str  # id of the delivery that holds the exact bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsEvaluated(Event):
    """What the engine found. A part that could not be had is named in `missing`."""

    report: Report | None
    health: tuple[Health, ...] = ()
    state: EndpointState | None = None
    missing: Mapping[str, str] = field(default_factory=dict)  # part -> why


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceCollected(Event):
    """What was frozen at alert time. The bytes lie on the shelf, under their SHA-256."""

    endpoint: str  # ARM id: binds the history to it, which the index alone does not
    digests: Mapping[str, str]  # part -> SHA-256
    of: int = 0  # seq of the SignalsEvaluated that it belongs to
    missing: Mapping[str, str] = field(default_factory=dict)  # part -> why
    build: str = ""  # version of this program
    configuration: str = ""  # SHA-256 of the watch list


@dataclass(frozen=True, slots=True, kw_only=True)
class CardShown(Event):
    conversation: str
    activity: str
    revision: int  # the seq that the card was rendered at


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLost(Event):
    """The message was gone when we wanted to update it; a new one follows."""

    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Event):
    seq: int  # of the event that the thread was told of
    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Event):
    by: Actor
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackAsked(Event):
    """Somebody wants a rollback; nothing was looked at yet."""

    by: Actor
    reason: str
    target: str = ""  # deployment; "": the watch list's, else the previous one
    undoes: str = ""  # request whose move is to be taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackImpossible(Event):
    """The ask ended before it became a request: why, in words for a person."""

    asked: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    result: Literal["passed", "failed", "not known"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRequested(Event):
    """A proposal, bound to the state of the world that its approver will see."""

    by: Actor
    request: str  # "R-7"
    reason: str
    target: str
    captured: EndpointState
    traffic: Traffic  # after the move
    checks: tuple[Check, ...] = ()
    health: tuple[Health, ...] = ()
    expires_at: datetime
    approvals_needed: int = 1
    undoes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackApproved(Event):
    by: Actor
    request: str
    person: str = ""  # who it is, whichever account was used


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRejected(Event):
    by: Actor
    request: str
    reason: str
    withdrawn: bool = False  # by the person who had asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackExpired(Event):
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackStale(Event):
    """The world is no longer the one that the request was bound to; nothing was moved."""

    request: str
    reason: str
    live: Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftStarted(Event):
    """Written before the PUT goes out: from here on it is read back, never repeated."""

    request: str
    before: EndpointState


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficShifted(Event):
    """Azure was read back and serves what was approved."""

    request: str
    before: Traffic
    after: Traffic
    state: EndpointState
    health: tuple[Health, ...] = ()
    watch_minutes: float = 0  # for which it is compared with before; 0: it is not


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftFailed(Event):
    """What was and was not changed, for a person. `live` None: could not look.

    `settled` False: Azure has not finished, or nobody knows; the endpoint stays held.
    """

    request: str
    reason: str
    live: Traffic | None
    settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectParked(Event):
    """An effect cannot succeed; a person has to look."""

    effect: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused(Event):
    by: Actor
    verb: str
    reason: str


E = TypeVar("E", bound=Event)
Status: TypeAlias = Literal["firing", "acknowledged", "resolved"]
# How a request ends without approval, and how an ask ends at all.
Decided: TypeAlias = (
    RollbackApproved | RollbackRejected | RollbackExpired | RollbackStale
)
_ENDS = (
    RollbackImpossible,
    RollbackRejected,
    RollbackExpired,
    RollbackStale,
    TrafficShifted,
    ShiftFailed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident is its history; all else we say of it is read off that."""

    id: str  # "A-42"
    group_key: str
    endpoint: str  # ARM id, lower case
    history: tuple[Event, ...] = ()

    @property
    def revision(self) -> int:
        """Return the seq of the newest event; the first is 1."""
        return len(self.history)

    def having(self, *events: Event) -> "Incident":
        """Return the incident after `events`."""
        return replace(self, history=(*self.history, *events))

    def last(self, *kinds: type[E]) -> E | None:
        """Return the newest event of any of these kinds."""
        return next((e for e in reversed(self.history) if isinstance(e, kinds)), None)

    def every(self, *kinds: type[E]) -> tuple[E, ...]:
        """Return all events of these kinds, oldest first."""
        return tuple(e for e in self.history if isinstance(e, kinds))

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Return the newest notice of each condition; Resolved wins a tie in time."""
        newest: dict[str, Alert] = {}
        for event in self.every(AlertReceived):
            seen = newest.get(event.alert.fingerprint)
            if seen is None or _supersedes(event.alert, seen):
                newest[event.alert.fingerprint] = event.alert
        return tuple(newest.values())

    @property
    def status(self) -> Status:
        if self.alerts and all(a.status == "resolved" for a in self.alerts):
            return "resolved"
        if not self.alerts and self._over:
            return "resolved"
        return "acknowledged" if self.acknowledgement else "firing"

    @property
    def _over(self) -> bool:
        """Return whether all that people asked for here has come to its end."""
        newest = self.last(RollbackAsked, *_ENDS)
        return isinstance(newest, _ENDS) and getattr(newest, "settled", True)

    @property
    def acknowledgement(self) -> Acknowledged | None:
        return self.last(Acknowledged)

    @property
    def card(self) -> CardShown | None:
        """Return where the card stands, or None when it has to be posted."""
        newest = self.last(CardShown, CardLost)
        return newest if isinstance(newest, CardShown) else None

    @property
    def request(self) -> RollbackRequested | None:
        """Return the newest rollback request, decided or not."""
        return self.last(RollbackRequested)

    @property
    def decision(self) -> Decided | None:
        """Return what became of the newest request; None while it waits."""
        for event in reversed(self.history):
            if isinstance(event, Decided):
                return event if self._is_newest(event.request) else None
        return None

    @property
    def approvals(self) -> tuple[RollbackApproved, ...]:
        """Return the approvals that the newest request has so far."""
        given = self.every(RollbackApproved)
        return tuple(e for e in given if self._is_newest(e.request))

    @property
    def approved(self) -> bool:
        """Return whether the newest request may be carried out."""
        needed = self.request.approvals_needed if self.request else 1
        final = isinstance(self.decision, RollbackApproved)
        return final and len(self.approvals) >= needed

    @property
    def waiting(self) -> RollbackRequested | None:
        """Return the newest request while it still wants approvals."""
        open_ = self.decision is None or isinstance(self.decision, RollbackApproved)
        return self.request if open_ and not self.approved else None

    @property
    def started(self) -> ShiftStarted | None:
        """Return when the newest request began to be carried out; None: not yet."""
        begun = self.last(ShiftStarted)
        return begun if begun and self._is_newest(begun.request) else None

    @property
    def outcome(self) -> TrafficShifted | ShiftFailed | None:
        """Return how the newest request ended in the world; None until it did."""
        for event in reversed(self.history):
            if isinstance(event, TrafficShifted | ShiftFailed):
                return event if self._is_newest(event.request) else None
        return None

    def _is_newest(self, request: str) -> bool:
        return self.request is not None and self.request.request == request

    @property
    def severity(self) -> Severity:
        """Return the worst severity still firing, or ever when all is resolved."""
        firing = [a.severity for a in self.alerts if a.status == "firing"]
        return min(firing or [a.severity for a in self.alerts] or [4])

    @property
    def opened_at(self) -> datetime:
        return self.history[0].at


def _supersedes(new: Alert, old: Alert) -> bool:
    """Return whether `new` is the later word on one condition, whatever came first.

    One Fired and its Resolved carry the same start; a later start is a new firing.
    """
    if new.starts_at != old.starts_at:
        return new.starts_at > old.starts_at
    return new.status == "resolved" or old.status == "firing"
