"""What people and pipelines decide about an endpoint: locks, records, gates.

These events stand in an incident's history, or in the endpoint's own, its ledger:
`Store.ledger`. Pure, as bot.incident is.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.incident import Actor, Event, Health, Incident
from bot.signals import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointLocked(Event):
    """Nothing is moved on the endpoint until somebody unlocks it."""

    by: Actor
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointUnlocked(Event):
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSilenced(Event):
    """No new card is posted about the endpoint until then; alerts are recorded."""

    by: Actor
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointUnsilenced(Event):
    by: Actor
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftHeld(Event):
    """One request has the endpoint for itself, across all incidents."""

    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftReleased(Event):
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswered(Event):
    """What a release pipeline was told, and on which state of which incidents."""

    number: str  # "G-7"
    deployment: str
    passed: bool
    reasons: tuple[str, ...]
    seen: tuple[str, ...]  # "A-1/17": incident and revision


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRead(Event):
    """Somebody was given evidence; in a journal of the day, so no packet changes by it.

    `by` None: nobody has to say who they are here (`READ_AUTH` none).
    """

    of: str  # "A-1", "G-3", a model
    how: str  # "page", "packet", "zip", "card", "api", "search", "export zip", …


def readers_of(endpoint: str, at: datetime) -> str:
    """Return the name of the journal of a day that says who read of an endpoint."""
    return f"reads/{at:%Y-%m-%d}{endpoint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A call that was looked at; `reason`: why no incident came of it, or of a part."""

    id: str
    received_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesTaken(Event):
    """Calls that were looked at together; in a journal of the day.

    So the log seals when each came, and that one came of which nothing became. `before`,
    in the first of all: calls that an older version looked at and put no record of.
    """

    deliveries: tuple[Taken, ...]
    before: int = 0


DELIVERIES = "deliveries/"  # and a day: the name of that journal


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceHeld(Event):
    """A legal hold: whatever the retention says, nothing of the incident is deleted."""

    by: Actor
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReleased(Event):
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceExpired(Event):
    """A tombstone: these objects were deleted on purpose, and by which rule."""

    by: Actor
    digests: tuple[str, ...]  # SHA-256 of what is gone
    tier: int
    days: int  # that its tier keeps evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeWatched(Event):
    """How the endpoint served before a move and for a while after it."""

    request: str
    before: tuple[Health, ...]
    after: tuple[Health, ...]
    worse: tuple[str, ...] = ()  # measures that are, in words for a person
    unknown: tuple[str, ...] = ()
    target: str = ""  # the deployment that took over
    drift: Report | None = None  # of what the target took in since the move
    drift_before: Report | None = None  # the last one before it, of all traffic
    moved_on: str = ""  # what is served by now instead, in words; "": it still stands
    served: Report | None = None  # how it kept its limits, after and before
    served_before: Report | None = None


def lock(ledger: Incident) -> EndpointLocked | None:
    """Return the lock that a person put on the endpoint, None when it is free."""
    newest = ledger.last(EndpointLocked, EndpointUnlocked)
    return newest if isinstance(newest, EndpointLocked) else None


def silence(ledger: Incident, now: datetime) -> EndpointSilenced | None:
    """Return the silence that holds at `now`, None when cards are posted."""
    newest = ledger.last(EndpointSilenced, EndpointUnsilenced)
    if isinstance(newest, EndpointSilenced) and now < newest.until:
        return newest
    return None


def held(incident: Incident) -> EvidenceHeld | None:
    """Return the legal hold on an incident's evidence, None without one."""
    newest = incident.last(EvidenceHeld, EvidenceReleased)
    return newest if isinstance(newest, EvidenceHeld) else None


def holder(ledger: Incident) -> ShiftHeld | None:
    """Return the request that has the endpoint for itself, None when none has."""
    newest = ledger.last(ShiftHeld, ShiftReleased, EndpointUnlocked)
    return newest if isinstance(newest, ShiftHeld) else None


def blocked(ledger: Incident, request: str = "") -> str:
    """Return why nothing may be moved, but for `request` itself; "" when one may."""
    if found := lock(ledger):
        since = f"{found.at:%Y-%m-%d %H:%M} UTC"
        return f"{found.by.name} locked the endpoint on {since}: {found.reason}"
    held = holder(ledger)
    if held and held.request != request:
        return (
            f"{held.request} holds the endpoint: its move has not come to an end. "
            "Look at it in Azure; unlock frees it"
        )
    return ""
