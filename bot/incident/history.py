"""An incident: the fold of its events."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias, TypeVar, cast

from bot.incident.alert import Alert, Severity
from bot.incident.care import (
    Assigned,
    Escalated,
    Snoozed,
    SnoozeEnded,
    Unacknowledged,
)
from bot.incident.events import (
    Acknowledged,
    AlertHidden,
    AlertReceived,
    CardLost,
    CardShown,
    DecisionExpired,
    DecisionRecorded,
    Event,
    RollbackApproved,
    RollbackAsked,
    RollbackExpired,
    RollbackImpossible,
    RollbackRejected,
    RollbackRequested,
    RollbackStale,
    ShiftFailed,
    ShiftInterrupted,
    ShiftStarted,
    TrafficShifted,
)

E = TypeVar("E", bound=Event)
_ASKED = " request after "
# "undecided": no alert fires any more, but tier 1 does not close without a decision.
Status: TypeAlias = Literal["firing", "acknowledged", "undecided", "resolved"]
OPEN: tuple[Status, ...] = ("firing", "acknowledged", "undecided")
RECORDED_TIER = 1  # whose incidents do not close without a decision on record
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
    # What was read off the history once: a card asks for the same forty times, and an
    # incident that never closes has thousands of alerts.
    _read: dict[object, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def asked_for(cls, endpoint: str, newest: str) -> "Incident":
        """Return a new incident that a person opens, `newest` being the last one there.

        Two who see the same newest mean the same incident: the store opens it once.
        """
        key = f"{endpoint}{_ASKED}{newest or 'nothing'}"
        return cls(id="", group_key=key, endpoint=endpoint)

    @property
    def alone(self) -> bool:
        """Return whether no other incident may have its group key."""
        return _ASKED in self.group_key

    @property
    def revision(self) -> int:
        """Return the seq of the newest event; the first is 1."""
        return len(self.history)

    def having(self, *events: Event) -> "Incident":
        """Return the incident after `events`."""
        return replace(self, history=(*self.history, *events))

    def last(self, *kinds: type[E]) -> E | None:
        """Return the newest event of any of these kinds."""
        key = ("last", kinds)
        if key not in self._read:
            found = (e for e in reversed(self.history) if isinstance(e, kinds))
            self._read[key] = next(found, None)
        return cast("E | None", self._read[key])

    def every(self, *kinds: type[E]) -> tuple[E, ...]:
        """Return all events of these kinds, oldest first."""
        if kinds not in self._read:
            found = tuple(e for e in self.history if isinstance(e, kinds))
            self._read[kinds] = found
        return cast("tuple[E, ...]", self._read[kinds])

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Return the newest notice of each condition; Resolved wins a tie in time."""
        if "alerts" not in self._read:
            newest: dict[str, Alert] = {}
            for event in self.every(AlertReceived):
                seen = newest.get(event.alert.fingerprint)
                if seen is None or supersedes(event.alert, seen):
                    newest[event.alert.fingerprint] = event.alert
            self._read["alerts"] = tuple(newest.values())
        return cast("tuple[Alert, ...]", self._read["alerts"])

    @property
    def status(self) -> Status:
        if self.quiet:
            return "undecided" if self._wants_decision else "resolved"
        if not self.alerts and self._over:
            return "resolved"
        return "acknowledged" if self.acknowledgement else "firing"

    @property
    def quiet(self) -> bool:
        """Return whether every alert that it had is resolved."""
        alerts = self.alerts
        return bool(alerts) and all(a.status == "resolved" for a in alerts)

    @property
    def decided(self) -> DecisionRecorded | None:
        """Return the newest decision on record, unless it ran out meanwhile."""
        newest = self.last(DecisionRecorded, DecisionExpired)
        return newest if isinstance(newest, DecisionRecorded) else None

    @property
    def _wants_decision(self) -> bool:
        tiers = (e.tier for e in self.every(AlertReceived))
        return RECORDED_TIER in tiers and self.decided is None

    @property
    def _over(self) -> bool:
        """Return whether all that people asked for here has come to its end."""
        newest = self.last(RollbackAsked, *_ENDS)
        return isinstance(newest, _ENDS) and getattr(newest, "settled", True)

    @property
    def acknowledgement(self) -> Acknowledged | None:
        newest = self.last(Acknowledged, Unacknowledged)
        return newest if isinstance(newest, Acknowledged) else None

    @property
    def snooze(self) -> Snoozed | None:
        """Return the snooze that holds; its end is an event too, set by a timer."""
        newest = self.last(Snoozed, SnoozeEnded, Unacknowledged)
        if not isinstance(newest, Snoozed):
            return None
        return newest if self.status in ("firing", "acknowledged") else None

    @property
    def assignee(self) -> str:
        """Return the name of the person it was last assigned to, "" if nobody."""
        newest = self.last(Assigned)
        return newest.person if newest else ""

    @property
    def unattended(self) -> int:
        """Return the seq from which nobody has it; 0: somebody does, or it sleeps.

        What was hidden waits for nobody until its card is shown.
        """
        if self.status != "firing" or self.snooze or self.hidden or not self.alerts:
            return 0
        first, hidden = 0, False
        for seq, event in enumerate(self.history, 1):
            starts = isinstance(event, Unacknowledged | SnoozeEnded) or (
                hidden and isinstance(event, CardShown)
            )
            if starts or (not first and isinstance(event, AlertReceived)):
                first = seq
            if isinstance(event, AlertHidden | CardShown):
                hidden = isinstance(event, AlertHidden)
        return first

    @property
    def hidden(self) -> AlertHidden | None:
        """Return why it has no card for now; None: it has one, or is to get one."""
        newest = self.last(AlertHidden, CardShown)
        return newest if isinstance(newest, AlertHidden) else None

    @property
    def escalation(self) -> Escalated | None:
        """Return whom it was last escalated to since nobody has it."""
        newest = self.last(Escalated)
        since = self.unattended
        return newest if newest and since and newest.since == since else None

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
    def interrupted(self) -> ShiftInterrupted | None:
        """Return when the newest request's move was found interrupted; None: never."""
        found = self.last(ShiftInterrupted)
        return found if found and self._is_newest(found.request) else None

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


def supersedes(new: Alert, old: Alert) -> bool:
    """Return whether `new` is the later word on one condition, whatever came first.

    One Fired and its Resolved carry the same start; a later start is a new firing.
    """
    if new.starts_at != old.starts_at:
        return new.starts_at > old.starts_at
    return new.status == "resolved" or old.status == "firing"
