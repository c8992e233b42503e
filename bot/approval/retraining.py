"""A model to be trained again: a request as strict as a rollback's, and how far it came.

Its events stand in the incident's history beside those of rollbacks and never touch
them: traffic can be moved back while a training that takes hours is still running.
Pure, as bot.incident is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from bot.incident import Actor, Check, EndpointState, Event, Incident

End: TypeAlias = Literal[
    "Completed", "Failed", "Canceled", "not submitted", "not known"
]
# As Azure ML spells the ends of a job; any other status means that it goes on.
ENDS: Final[Mapping[str, End]] = {
    "Completed": "Completed",
    "Failed": "Failed",
    "Canceled": "Canceled",
}
LABEL = 250  # characters of a label; Azure takes 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of the workspace as Azure described it. Once submitted it never changes."""

    name: str
    status: str = ""  # "Queued", "Running", "Completed" …
    experiment: str = ""
    compute: str = ""
    environment: str = ""
    inputs: tuple[str, ...] = ()  # "applications: loan-reference:1"
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingImpossible(Event):
    """The decision led to no request: why, in words for a person."""

    decided: int  # seq of the DecisionRecorded
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingRequested(Event):
    """A proposal to run a training job again, bound to the model that serves now."""

    by: Actor
    request: str  # "R-8"
    reason: str
    decided: int  # seq of the DecisionRecorded
    job: Job  # the one that is run again, under a name of its own
    deployment: str
    model: str  # "loan-prescreening:14", which is to be replaced
    thresholds: tuple[str, ...]  # "JensenShannonDistance 0.1"
    captured: EndpointState
    checks: tuple[Check, ...] = ()
    expires_at: datetime
    approvals_needed: int = 1

    @property
    def submits(self) -> str:
        """Return the name of the job that is submitted, the same every time.

        A name is unique in a workspace, so a second try cannot become a second job.
        """
        said = (self.request, self.at.isoformat(), self.job.name, self.captured.digest)
        mark = hashlib.sha256("\0".join(said).encode()).hexdigest()[:12]
        return f"watchkeeper-{self.request.lower()}-{mark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingApproved(Event):
    by: Actor
    request: str
    person: str = ""  # who it is, whichever account was used


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingRejected(Event):
    by: Actor
    request: str
    reason: str
    withdrawn: bool = False  # by the person who had asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingLapsed(Event):
    """The request ended without a decision: in time, or since the world is another."""

    request: str
    reason: str = ""  # "": nobody decided in time
    approved: bool = False  # enough people had agreed, and nobody carried it out


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingStarted(Event):
    """Written before the job is sent: from here on it is looked for first."""

    request: str
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingSubmitted(Event):
    """Azure has the job."""

    request: str
    job: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingEnded(Event):
    request: str
    job: str
    status: End
    reason: str = ""


Said: TypeAlias = (
    RetrainingApproved
    | RetrainingRejected
    | RetrainingLapsed
    | RetrainingStarted
    | RetrainingSubmitted
    | RetrainingEnded
)


@dataclass(frozen=True, slots=True)
class Retraining:
    """One request and what was said of it since."""

    request: RetrainingRequested
    said: tuple[Said, ...]

    @property
    def approvals(self) -> tuple[RetrainingApproved, ...]:
        return tuple(e for e in self.said if isinstance(e, RetrainingApproved))

    @property
    def refused(self) -> RetrainingRejected | RetrainingLapsed | None:
        """Return how it ended before it was carried out, None when it did not."""
        ends = RetrainingRejected | RetrainingLapsed
        return next((e for e in self.said if isinstance(e, ends)), None)

    @property
    def approved(self) -> bool:
        enough = len(self.approvals) >= self.request.approvals_needed
        return enough and self.refused is None

    @property
    def waiting(self) -> bool:
        """Return whether it still wants approvals; its time may be over all the same."""
        return self.refused is None and not self.approved

    @property
    def started(self) -> RetrainingStarted | None:
        return next((e for e in self.said if isinstance(e, RetrainingStarted)), None)

    @property
    def submitted(self) -> RetrainingSubmitted | None:
        return next((e for e in self.said if isinstance(e, RetrainingSubmitted)), None)

    @property
    def ended(self) -> RetrainingEnded | None:
        return next((e for e in self.said if isinstance(e, RetrainingEnded)), None)

    @property
    def open(self) -> bool:
        """Return whether it waits, or is approved and has not come to its end."""
        return self.refused is None and self.ended is None


def retraining(incident: Incident, request: str = "") -> Retraining | None:
    """Return the request with this id, "" for the newest; None when there is none."""
    every = reversed(incident.every(RetrainingRequested))
    found = next((r for r in every if request in ("", r.request)), None)
    if found is None:
        return None
    said = (e for e in incident.history if isinstance(e, Said))
    return Retraining(found, tuple(e for e in said if e.request == found.request))


def labels(incident: Incident, request: RetrainingRequested) -> Mapping[str, str]:
    """Return what the job is tagged with, so that it leads back to why it runs."""
    found = {
        "watchkeeper.incident": incident.id,
        "watchkeeper.request": request.request,
        "watchkeeper.endpoint": incident.endpoint.rsplit("/", 1)[-1],
        "watchkeeper.model": request.model,
        "watchkeeper.thresholds": "; ".join(request.thresholds),
    }
    return {name: value[:LABEL] for name, value in found.items()}
