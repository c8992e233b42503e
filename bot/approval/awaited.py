"""Whether anybody carries out what was approved: the executor is a process apart. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.approval.retraining import retraining
from bot.incident import Event, Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorSilent(Event):
    """An approved request waits, and no process reports that could carry it out."""

    request: str
    since: datetime | None = None  # when one last did; None: none ever has


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorHeard(Event):
    """One reports again."""

    request: str


Told: TypeAlias = ExecutorSilent | ExecutorHeard


def pending(incident: Incident, request: str) -> bool:
    """Return whether `request` is approved, and an executor has still to act on it.

    A training job is followed to its end by it, too.
    """
    if found := retraining(incident, request):
        return found.approved and not found.ended
    newest = incident.request
    mine = newest is not None and newest.request == request
    return mine and incident.approved and incident.outcome is None


def away(incident: Incident, request: str) -> ExecutorSilent | None:
    """Return since when nobody carries out `request`; None: it is seen to, or done."""
    told = (e for e in reversed(incident.history) if isinstance(e, Told))
    newest = next((e for e in told if e.request == request), None)
    silent = isinstance(newest, ExecutorSilent) and pending(incident, request)
    return newest if silent and isinstance(newest, ExecutorSilent) else None
