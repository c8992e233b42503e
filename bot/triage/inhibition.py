"""Which incident another one explains: rules that know what a model depends on.

Pure. What is hidden keeps its history, stands in the list of alerts and on the card of
the incident that explains it; it gets its own card when that one is over and it is not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.incident import Alert, Incident, Kind
from bot.signals import Report

# A consequence may be noticed a little before its cause: rules look at unlike windows.
TOLERANCE = timedelta(minutes=15)
# What is silent, as the rule of a silence names it.
MONITOR = "monitor-run"
TRAFFIC = "traffic"
COLLECTION = "data-collection"  # no data is collected, or not all
DELIVERY = "alert-delivery"
EVENTS = "event-delivery"  # of the workspace: none arrives
_DRIFT: tuple[Kind, ...] = (
    "data-drift",
    "prediction-drift",
    "attribution-drift",
    "performance",
)
# By cause, the strongest first: what it explains, and how.
_RULES: Sequence[tuple[Kind, Mapping[Kind, str]]] = (
    (
        "availability",
        {
            **dict.fromkeys(_DRIFT, "what is recorded while it is down says little"),
            "data-quality": "requests that fail leave gaps in the data",
            "traffic": "nobody gets an answer from it",
            "latency": "it does not answer at all",
        },
    ),
    (
        "data-quality",
        {
            "prediction-drift": "the model is given bad data",
            "attribution-drift": "the model is given bad data",
            "performance": "the model is given bad data",
        },
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why an incident is not shown by itself."""

    incident: str
    reason: str  # for a person


def cause(hidden: Incident, others: Iterable[Incident]) -> Cause | None:
    """Return what explains an incident of the same endpoint; None: it stands alone.

    Never for a Sev0, and only while the cause fires that began before it.
    """
    firing = [a for a in hidden.alerts if a.status == "firing"]
    if not firing or hidden.severity == 0:
        return None
    open_ = [i for i in others if i.id != hidden.id and i.endpoint == hidden.endpoint]
    for kind, explains in _RULES:
        for other in open_:
            begun = _begun(other, kind)
            if begun is None or not all(a.kind in explains for a in firing):
                continue
            if min(a.starts_at for a in firing) >= begun - TOLERANCE:
                return Cause(incident=other.id, reason=explains[firing[0].kind])
    return None


def doubted(report: Report, others: Iterable[Incident]) -> Report:
    """Return the report; "no breach" becomes "not known" while data is not collected."""
    if report.verdict != "not breached":
        return report
    if words := uncollected(others):
        return replace(
            report,
            verdict="not enough data",
            sentence=f"Not known: {words}. In what there is, none is found.",
        )
    return report


def uncollected(incidents: Iterable[Incident]) -> str:
    """Return since when data is not collected, for a person; "" when it is."""
    for incident in incidents:
        if broken := [
            a for a in _firing(incident, "silence") if silent(a) == COLLECTION
        ]:
            since = f"{min(a.starts_at for a in broken):%Y-%m-%d %H:%M} UTC"
            return f"data collection has been broken since {since} ({incident.id})"
    return ""


def silent(alert: Alert) -> str:
    """Return what a silence is about, whoever noticed it: one of the names above.

    "": a rule of somebody's own, of which no more is known.
    """
    if alert.source == "subscription_deleted":
        return EVENTS
    metrics = (r.metric.lower() for r in alert.readings)
    if any(m.startswith("datacoll") for m in metrics):
        return COLLECTION
    return alert.rule if alert.source == "own" or alert.rule == COLLECTION else ""


def _begun(incident: Incident, kind: Kind) -> datetime | None:
    return min((a.starts_at for a in _firing(incident, kind)), default=None)


def _firing(incident: Incident, kind: Kind) -> list[Alert]:
    return [a for a in incident.alerts if (a.kind, a.status) == (kind, "firing")]
