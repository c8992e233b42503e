"""Facts about an incident, in the past tense; an event is never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from bot.incident.alert import Actor, Alert, Kind
from bot.incident.endpoint import Check, EndpointState, Health, Traffic
from bot.incident.inspected import Change, Difference
from bot.signals import Report

Choice: TypeAlias = Literal[
    "accept", "retrain", "rollback", "threshold", "false-positive"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: datetime
    by: Actor | None = None  # None: the bot itself
    pressed: str = (
        ""  # the button and its card's revision, "approve 7 R-3"; "" if typed
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReceived(Event):
    alert: Alert
    delivery: str  # id of the delivery that holds the exact bytes
    tier: int = 0  # of the endpoint, as the watch list had it; 0: not kept


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsEvaluated(Event):
    """What the engine found. A part that could not be had is named in `missing`."""

    report: Report | None
    health: tuple[Health, ...] = ()
    state: EndpointState | None = None
    missing: Mapping[str, str] = field(default_factory=dict)  # part -> why
    # Of the same look: how it served, what it costs, how well the model does.
    also: tuple[Report, ...] = ()

    @property
    def reports(self) -> tuple[Report, ...]:
        """Return every report of this look, that of the rows first."""
        return (*((self.report,) if self.report else ()), *self.also)


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
    kept: str = ""  # SHA-256 of the captured document without whom it names; "": none


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackApproved(Event):
    by: Actor
    request: str
    person: str = ""  # who it is, whichever account was used
    accepted: tuple[str, ...] = ()  # names of the checks that had not passed


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRejected(Event):
    by: Actor
    request: str
    reason: str
    withdrawn: bool = False  # by the person who had asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackExpired(Event):
    request: str
    approved: bool = False  # enough people had agreed, and nobody carried it out


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
class ShiftInterrupted(Event):
    """A move was found begun and without an end: it is read back, never sent again."""

    request: str


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
    for_good: bool = True  # False: it takes long, and is still tried


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecorded(Event):
    """What the people responsible make of an incident, and until when it holds."""

    by: Actor
    choice: Choice
    reason: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionExpired(Event):
    """The newest decision held until now, and the incident is still open."""

    decided: int  # seq of the DecisionRecorded


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused(Event):
    by: Actor
    verb: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesFound(Event):
    """What was done to the endpoint in the time before the alert."""

    start: datetime
    end: datetime
    changes: tuple[Change, ...] = ()  # the newest first
    differences: tuple[Difference, ...] = ()  # from the incident before
    missing: str = ""  # why the activity log could not be had


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreShown(Event):
    """One message named incidents without a card of their own; in a channel's journal.

    An empty `waiting` ends it: the next storm gets a new message.
    """

    conversation: str
    activity: str
    waiting: tuple[str, ...] = ()  # incidents that it named
    ended: tuple[str, ...] = ()  # those over meanwhile, which get no card any more


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHidden(Event):
    """The incident gets no card for now: a silence, or another incident explains it."""

    behind: str = ""  # that incident
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsExplained(Event):
    """Another incident of the endpoint is not shown by itself: this one explains it."""

    incident: str
    kind: Kind
    reason: str
