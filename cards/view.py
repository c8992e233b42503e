"""What a card is given to show, and in which stage of its life an incident is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from bot.approval.retraining import retraining
from bot.incident import Actor, AlertReceived, Incident
from bot.watch import Endpoint, Person, WatchList

Stage: TypeAlias = Literal[
    "firing",
    "escalated",  # nobody took it in time
    "acknowledged",
    "snoozed",
    "approval",  # a rollback request waits for a person
    "working",  # approved; the executor moves the traffic
    "retraining",  # a request to train again waits for a person
    "outcome",  # the traffic was, or was not, moved
    "undecided",  # over, but not without a decision on record
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

    def pack(self, model: str, start: datetime, end: datetime) -> str:
        """Return the address of a model's pack over a period, "" without pages."""
        if not self.pages:
            return ""
        span = f"from={start:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"
        return f"{self.pages}/evidence/model/{quote(model, safe='')}?{span}"

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
        if incident.approved and incident.outcome is None:
            return "working"
        if self.retraining_waits:
            return "retraining"
        if incident.approved:
            if not incident.alerts:
                return "outcome"
            if not incident.quiet and not self._resolved_since_outcome:
                return "outcome"
        return self._attended

    @property
    def _attended(self) -> Stage:
        """Return who has the incident, where nobody wants anything of it."""
        if self.incident.snooze:
            return "snoozed"
        return "escalated" if self.incident.escalation else self.incident.status

    @property
    def waits_for_approval(self) -> bool:
        """Return whether the newest request can still be approved."""
        request = self.incident.waiting
        return request is not None and self.now < request.expires_at

    @property
    def retraining_waits(self) -> bool:
        """Return whether the newest request to train again can still be approved."""
        found = retraining(self.incident)
        waits = found is not None and found.waiting
        return found is not None and waits and self.now < found.request.expires_at

    @property
    def lapsed(self) -> bool:
        """Return whether the newest request expired before enough people decided it."""
        return self.incident.waiting is not None and not self.waits_for_approval

    @property
    def _resolved_since_outcome(self) -> bool:
        """Return whether all was resolved after the outcome and then fired again."""
        history = self.incident.history
        start = next(i for i, e in enumerate(history) if e is self.incident.outcome)
        return any(
            replace(self.incident, history=history[: i + 1]).quiet
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
        """Return the names of those who may approve the newest rollback request."""
        request = self.incident.request
        return self.others_than(request.by if request else None)

    def others_than(self, asker: Actor | None) -> tuple[str, ...]:
        """Return the names of those who may approve what `asker` asked for."""
        asked_by = self.name(asker) if asker else ""
        return tuple(
            p.name for p in self.watch.approvers(self.endpoint) if p.name != asked_by
        )

    @property
    def viewer_approves(self) -> bool:
        """Return whether this card offers to approve; everyone's card does."""
        request = self.incident.request
        given = [a.by for a in self.incident.approvals]
        return self.offers_approval(request.by if request else None, given)

    @property
    def viewer_rejects(self) -> bool:
        """Return whether this card offers to reject: approvers may, and who asked."""
        request = self.incident.request
        return self.viewer_approves or self.is_viewer(request.by if request else None)

    def offers_approval(self, asker: Actor | None, given: Sequence[Actor]) -> bool:
        """Return whether the viewer may still approve; the card of everyone says yes."""
        if self.viewer is None:
            return True
        name = self.name(self.viewer)
        done = any(self.name(each) == name for each in given)
        return self._known and not done and name in self.others_than(asker)

    def is_viewer(self, asker: Actor | None) -> bool:
        if self.viewer is None or asker is None:
            return False
        return self._known and self.name(self.viewer) == self.name(asker)

    @property
    def _known(self) -> bool:
        return self.viewer is not None and self.watch.person(self.viewer) is not None
