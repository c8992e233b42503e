"""What a card is given to show, and in which stage of its life an incident is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from bot.incident import (
    Actor,
    AlertReceived,
    Incident,
    RollbackApproved,
    ShiftStarted,
)
from bot.watch import Endpoint, Person, WatchList

Stage: TypeAlias = Literal[
    "firing",
    "acknowledged",
    "approval",  # a rollback request waits for a person
    "working",  # approved; the executor moves the traffic
    "outcome",  # the traffic was, or was not, moved
    "resolved",
]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A card with its notification line (under 100 characters) and plain text.

    `text` says the same for places that show no card; it has times in UTC.
    """

    card: dict[str, Any]
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class Links:
    """The only addresses on a card: built here, never taken from a payload."""

    pages: str = ""  # where our own pages are, without a trailing "/"; "": nowhere
    studio: str = "https://ml.azure.com"

    def evidence(self, incident: str) -> str:
        """Return the address of the incident's evidence page, "" without pages."""
        return f"{self.pages}/evidence/{quote(incident, safe='')}" if self.pages else ""

    def endpoint(self, endpoint: Endpoint) -> str:
        """Return the endpoint's page in Azure Machine Learning studio."""
        workspace = endpoint.id.rsplit("/onlineendpoints/", 1)[0]
        workspace = workspace.replace(
            "/providers/microsoft.machinelearningservices", ""
        )
        return (
            f"{self.studio}/endpoints/realtime/{quote(endpoint.name, safe='')}/detail"
            f"?wsid={quote(workspace, safe='/')}"
        )


@dataclass(frozen=True, slots=True)
class View:
    """An incident and the little that its card needs besides.

    `sign(id, revision)` returns the token that a button carries. With a `viewer` the
    card is for that person's eyes: an approver sees Approve, others see who can.
    """

    incident: Incident
    endpoint: Endpoint
    watch: WatchList
    now: datetime
    links: Links
    sign: Callable[[str, int], str]
    viewer: Actor | None = None
    refresh_for: tuple[str, ...] = ()  # Teams user ids, at most 60; (): everyone

    @property
    def stage(self) -> Stage:
        """Return which card is due. What waits for a person or is moving goes first."""
        incident = self.incident
        if self.waits_for_approval:
            return "approval"
        if incident.request and isinstance(incident.decision, RollbackApproved):
            if incident.outcome is None:
                return "working"
            if incident.status != "resolved" and not self._resolved_since_outcome:
                return "outcome"
        return incident.status

    @property
    def waits_for_approval(self) -> bool:
        """Return whether the newest request can still be approved."""
        incident, request = self.incident, self.incident.request
        if request is None or incident.outcome or self.now >= request.expires_at:
            return False
        if incident.decision is None:
            return True
        return isinstance(incident.decision, RollbackApproved) and not (
            len(self.approvals) >= self.endpoint.approval.count
            or any(e.request == request.request for e in incident.every(ShiftStarted))
        )

    @property
    def lapsed(self) -> bool:
        """Return whether the newest request expired before anyone decided it."""
        request = self.incident.request
        undecided = request is not None and self.incident.decision is None
        return undecided and not self.waits_for_approval

    @property
    def approvals(self) -> tuple[RollbackApproved, ...]:
        """Return the approvals of the newest request, one a person."""
        request = self.incident.request
        people: dict[str, RollbackApproved] = {}
        for event in self.incident.every(RollbackApproved):
            if request and event.request == request.request:
                people.setdefault(self.name(event.by), event)
        return tuple(people.values())

    @property
    def _resolved_since_outcome(self) -> bool:
        """Return whether all was resolved after the outcome and then fired again."""
        history = self.incident.history
        start = next(i for i, e in enumerate(history) if e is self.incident.outcome)
        return any(
            replace(self.incident, history=history[: i + 1]).status == "resolved"
            for i, e in enumerate(history)
            if i > start
            and isinstance(e, AlertReceived)
            and e.alert.status == "resolved"
        )

    def name(self, actor: Actor) -> str:
        """Return the name of an account's person in the watch list, else its own."""
        known = self.watch.person(actor)
        return known.name if known else actor.name

    @property
    def owner(self) -> Person:
        """Return who owns the endpoint; the watch list has checked that they exist."""
        return next(p for p in self.watch.people if p.name == self.endpoint.owner)

    @property
    def approvers(self) -> tuple[str, ...]:
        """Return the names of those who may approve the newest request."""
        chosen = self.endpoint.approval.people
        request = self.incident.request
        asked_by = self.name(request.by) if request else ""
        return tuple(
            p.name
            for p in self.watch.people
            if not p.guest
            and p.name != asked_by
            and (p.name in chosen or (not chosen and "approver" in p.roles))
        )

    @property
    def viewer_approves(self) -> bool:
        """Return whether this card offers the decision; everyone's card does."""
        if self.viewer is None:
            return True
        name = self.name(self.viewer)
        known = self.watch.person(self.viewer) is not None
        done = any(self.name(a.by) == name for a in self.approvals)
        return known and not done and name in self.approvers
