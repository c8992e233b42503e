"""Which incident a notice belongs to. Pure: the worker brings what the store holds.

A group is one endpoint and one kind of fault. At most one of its incidents lives; a new
one is opened by a condition that fires when none does. Notices come late, doubled and
in any order, so each firing of a condition (its fingerprint and start) stays with the
incident that heard of it first, however many were opened since.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.incident import RECORDED_TIER, Alert, AlertReceived, Incident, supersedes

# An end that overtakes its beginning comes this soon after the rest of its group.
TOGETHER = timedelta(minutes=5)
OWN_START = "its own start"  # label: what the sender said, where it cannot be believed
Held: TypeAlias = Mapping[
    str, Mapping[datetime, str]
]  # fingerprint -> start -> incident


@dataclass(slots=True)
class Draft:
    """An incident, and the notices that are about to be added to it."""

    before: Incident
    events: list[AlertReceived] = field(default_factory=list)
    newest: dict[str, Alert] = field(default_factory=dict)  # by fingerprint
    firing: int = 0  # conditions
    recorded: bool = False  # it is not over without a decision on record
    heard: dict[str, list[Alert]] = field(default_factory=dict)  # by delivery
    last: datetime | None = None  # when the last notice came

    @classmethod
    def of(cls, incident: Incident) -> "Draft":
        draft = cls(before=incident)
        for event in incident.every(AlertReceived):
            draft._hear(event)
        return draft

    @property
    def over(self) -> bool:
        if not self.newest:
            return self.before.status == "resolved"
        undecided = self.recorded and self.before.decided is None
        return not self.firing and not undecided

    def add(self, event: AlertReceived) -> None:
        """Add a notice, unless this delivery has already told it here."""
        if event.alert not in self.heard.get(event.delivery, ()):
            self._hear(event)
            self.events.append(event)

    def _hear(self, event: AlertReceived) -> None:
        self.heard.setdefault(event.delivery, []).append(event.alert)
        self.last = event.at
        self.recorded |= event.tier == RECORDED_TIER
        known = self.newest.get(event.alert.fingerprint)
        if known is None or supersedes(event.alert, known):
            self.newest[event.alert.fingerprint] = event.alert
            was = known is not None and known.status == "firing"
            self.firing += (event.alert.status == "firing") - was


class Group:
    """The incidents of one group key, and where the next notices go.

    `incidents` holds the newest, and every one that `wanted` names.
    """

    def __init__(
        self, empty: Incident, incidents: Iterable[Incident], held: Held
    ) -> None:
        self._empty = empty
        drafts = {i.id: Draft.of(i) for i in incidents}
        self._newest = max(
            drafts.values(), key=lambda d: number(d.before.id), default=None
        )
        self._held = {
            name: {start: drafts[key] for start, key in starts.items() if key in drafts}
            for name, starts in held.items()
        }
        self._opened: list[Draft] = []
        self._drafts = drafts

    def add(self, event: AlertReceived) -> None:
        alert = self._dated(event.alert)
        draft = self._place(alert, event.at)
        starts = self._held.setdefault(alert.fingerprint, {})
        starts.setdefault(alert.starts_at, draft)
        draft.add(replace(event, alert=alert))

    def changes(self) -> list[tuple[Incident, tuple[AlertReceived, ...]]]:
        """Return what to append to which incident, in the order of their numbers."""
        drafts = (*self._drafts.values(), *self._opened)
        return [(d.before, tuple(d.events)) for d in drafts if d.events]

    def _place(self, alert: Alert, at: datetime) -> Draft:
        starts = self._held.get(alert.fingerprint, {})
        start = nearest(starts, alert.starts_at)
        if start is not None:
            known = starts[start].newest[alert.fingerprint]
            # Told already, overtaken, or still firing: not every source repeats a start.
            if start >= alert.starts_at or known.status == "firing":
                return starts[start]
        newest = self._newest
        if newest is not None and (not newest.over or _follows(alert, newest, at)):
            return newest
        self._newest = Draft(before=self._empty)
        self._opened.append(self._newest)
        return self._newest

    def _dated(self, alert: Alert) -> Alert:
        """Return the alert with the start under which we know its other notices.

        A start that lies in the future is replaced by the time of receipt, which differs
        between the Fired and the Resolved of one alert.
        """
        own = alert.labels.get(OWN_START)
        for start, draft in self._held.get(alert.fingerprint, {}).items():
            known = draft.newest[alert.fingerprint]
            if own and known.labels.get(OWN_START) == own:
                return replace(alert, starts_at=start)
        return alert


def nearest(starts: Iterable[datetime], start: datetime) -> datetime | None:
    """Return the first of `starts` not before `start`, else the last before it.

    >>> from datetime import date
    >>> days = [date(2026, 11, n) for n in (1, 5, 9)]
    >>> [nearest(days, date(2026, 11, n)).day for n in (1, 2, 5, 30)]
    [1, 5, 5, 9]
    """
    known = sorted(starts)
    return next((s for s in known if s >= start), known[-1] if known else None)


def wanted(alerts: Iterable[Alert], held: Held) -> set[str]:
    """Return the ids of the incidents that a Group needs to place `alerts`."""
    found = set()
    for alert in alerts:
        starts = held.get(alert.fingerprint, {})
        start = nearest(starts, alert.starts_at)
        found |= {starts[start]} if start is not None else set()
    return found


def number(key: str) -> int:
    """Return the number in an incident's id: 42 of "A-42"."""
    return int(key.rpartition("-")[2])


def _follows(alert: Alert, newest: Draft, at: datetime) -> bool:
    """Return whether it is an end that has overtaken its beginning in a busy group."""
    soon = newest.last is not None and at - newest.last < TOGETHER
    return alert.status == "resolved" and soon
