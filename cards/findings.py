"""What the events of an incident say: read here once, shown by several cards."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.incident import (
    Alert,
    AlertReceived,
    EndpointState,
    Health,
    Incident,
    Kind,
    RollbackRequested,
    ShiftStarted,
    SignalsEvaluated,
    Traffic,
    TrafficShifted,
)
from bot.signals import FeatureResult, Report
from bot.signals.report import Verdict
from bot.signals.sentence import WORST_FIRST
from cards.figures import finite, number

DRIFT: Final[frozenset[Kind]] = frozenset(
    {"data-drift", "prediction-drift", "data-quality", "attribution-drift"}
)
KINDS: Final[dict[Kind, str]] = {  # short: the band is one line on a phone
    "data-drift": "Data drift",
    "prediction-drift": "Output drift",
    "data-quality": "Data quality",
    "attribution-drift": "Attribution",
    "performance": "Performance",
    "latency": "Latency",
    "errors": "Errors",
    "availability": "Availability",
    "traffic": "Traffic",
    "cost": "Cost",
    "resource": "Capacity",
    "silence": "Silence",
    "platform": "Platform",
    "change": "Change",
}
METRICS: Final[dict[str, tuple[str, str]]] = {  # Azure's name: in a tile, in a sentence
    "JensenShannonDistance": ("JS distance", "Jensen-Shannon distance"),
    "PopulationStabilityIndex": ("PSI", "Population stability index"),
    "NormalizedWassersteinDistance": ("Wasserstein", "Normalised Wasserstein distance"),
    "TwoSampleKolmogorovSmirnovTest": ("KS p-value", "Kolmogorov-Smirnov p-value"),
    "PearsonsChiSquaredTest": ("Chi\u00b2 p-value", "Chi-squared p-value"),
    "NullValueRate": ("Null values", "Rate of null values"),
    "DataTypeErrorRate": ("Type errors", "Rate of values of a wrong type"),
    "OutOfBoundsRate": ("Out of range", "Rate of values out of range"),
    "NormalizedDiscountedCumulativeGain": ("NDCG", "Attribution NDCG"),
}


_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_", re.ASCII)


def metric_names(metric: str) -> tuple[str, str]:
    """Return the metric's name for a tile and for a sentence, both ours."""
    return METRICS.get(metric, ("Metric", "Figure"))


def plain_metric(metric: str) -> str:
    """Return a metric's name as it compares: Azure writes one in several ways."""
    return "".join(c for c in metric.lower() if c.isalnum())


def short_metric(metric: str) -> str:
    """Return the tile's name of a metric that Azure spells in its own way.

    One that we have no name for is written in words, so that a phone can break it.

    >>> short_metric("jensen_shannon_distance"), short_metric("RequestLatency_P95")
    ('JS distance', 'Request Latency P95')
    """
    known = {plain_metric(name): words for name, (words, _) in METRICS.items()}
    return known.get(plain_metric(metric)) or _JOINT.sub(" ", metric)


def lead(incident: Incident) -> Alert | None:
    """Return the alert that the card is about: firing, worst, oldest."""
    order = sorted(
        incident.alerts,
        key=lambda a: (a.status == "resolved", a.severity, a.starts_at),
    )
    return order[0] if order else None


def kind_word(incident: Incident) -> str:
    alert = lead(incident)
    return KINDS[alert.kind] if alert else "Request"


def fired_at(incident: Incident) -> datetime:
    return min((a.starts_at for a in incident.alerts), default=incident.opened_at)


def resolved_at(incident: Incident) -> datetime:
    """Return when the last condition ended, by the alerts' own word."""
    ends = [a.ends_at for a in incident.alerts if a.ends_at]
    received = [e.at for e in incident.every(AlertReceived)]
    return max(ends or received or [incident.history[-1].at])


def evaluated(incident: Incident) -> datetime | None:
    """Return when the signals were last evaluated."""
    newest = incident.last(SignalsEvaluated)
    return newest.at if newest else None


def evaluations(incident: Incident) -> int:
    """Return how often the signals were evaluated."""
    return len(incident.every(SignalsEvaluated))


def reports(incident: Incident) -> tuple[Report, ...]:
    """Return every report, oldest first."""
    return tuple(e.report for e in incident.every(SignalsEvaluated) if e.report)


def report(incident: Incident) -> Report | None:
    """Return the newest report there is."""
    return next(reversed(reports(incident)), None)


_OF_ROWS: Final[frozenset[Kind]] = frozenset(
    {"data-drift", "prediction-drift", "data-quality"}
)
_SIGNALS: Final[dict[Kind, str]] = {  # of the report that answers an alert
    "performance": "model-performance",
    "attribution-drift": "feature-attribution-drift",
    "cost": "cost",
}


def other(incident: Incident, signal: str) -> Report | None:
    """Return the newest report of a signal that is not about rows."""
    every = (r for e in incident.every(SignalsEvaluated) for r in e.also)
    return next((r for r in reversed([*every]) if r.signal == signal), None)


def kind(incident: Incident) -> Kind | None:
    alert = lead(incident)
    return alert.kind if alert else None


def of_rows(incident: Incident) -> bool:
    """Return whether the card's alert is about rows, which the first report answers."""
    return kind(incident) in (None, *_OF_ROWS)


def answer(incident: Incident) -> Report | None:
    """Return the newest report about what the card's alert asks, None without one."""
    asked = kind(incident)
    if asked is None or asked in _OF_ROWS:
        return report(incident)
    return other(incident, _SIGNALS.get(asked, "endpoint-health"))


_QUALITY = frozenset({"NullValueRate", "DataTypeErrorRate", "OutOfBoundsRate"})


def rows_verdict(
    asked: Kind, found: Report, predictions: Sequence[str] = ()
) -> Verdict:
    """Return the verdict on what the alert asks of the rows: inputs, outputs, quality.

    `predictions` are the columns that hold what the model said.
    """
    said = {name.lower() for name in predictions}
    about = [
        r
        for r in found.results
        if (r.metric in _QUALITY) == (asked == "data-quality")
        and (not said or (r.feature.lower() in said) == (asked == "prediction-drift"))
    ]
    if asked == "data-quality":
        about = [r for r in found.results if r.metric in _QUALITY]
    judged = ("breached", "not breached")
    if found.verdict not in judged or not about:
        return found.verdict
    return next(v for v in WORST_FIRST if any(r.verdict == v for r in about))


def missing(incident: Incident) -> dict[str, str]:
    """Return what the newest evaluation could not get, with the reason."""
    newest = incident.last(SignalsEvaluated)
    return dict(newest.missing) if newest else {}


def state(incident: Incident) -> EndpointState | None:
    """Return the newest look at the endpoint."""
    seen = [e.state for e in incident.every(SignalsEvaluated) if e.state]
    seen += [e.state for e in incident.every(TrafficShifted)]
    seen += [e.captured for e in incident.every(RollbackRequested)]
    seen += [e.before for e in incident.every(ShiftStarted)]
    return max(seen, key=lambda s: s.at, default=None)


def healths(incident: Incident) -> tuple[Health, ...]:
    """Return all windows of the part that the newest evaluation looked at first.

    That is the whole endpoint where it is known. Oldest first.
    """
    windows = [h for e in incident.every(SignalsEvaluated) for h in e.health]
    windows += [h for e in incident.every(TrafficShifted) for h in e.health]
    if not windows:
        return ()
    part = min((h.deployment for h in windows), default="")
    return tuple(sorted((h for h in windows if h.deployment == part), key=_end))


def _end(health: Health) -> datetime:
    return health.end


def model(state: EndpointState | None, deployment: str) -> str:
    """Return the model that a deployment serves, "" when Azure did not say."""
    if state is None:
        return ""
    return next((d.model for d in state.deployments if d.name == deployment), "")


def serving(traffic: Traffic) -> str:
    """Return the deployment with most traffic, "" when nothing serves."""
    live = {d: p for d, p in traffic.items() if p > 0}
    return max(live, key=lambda d: live[d], default="")


# -- what the report says -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ranking:
    """The features of a report by the metric of its worst one."""

    metric: str
    threshold: float | None
    below: bool  # breached when below
    results: tuple[FeatureResult, ...]  # computed, the worst first
    breached: int  # features over the limit by any metric
    features: int  # features looked at

    @property
    def limit(self) -> str:
        """Return the limit in words, with its direction."""
        if self.threshold is None:
            return "no limit set"
        bound = "at least" if self.below else "at most"
        return f"{bound} {number(self.threshold)}"


def ranking(report: Report, beside: Sequence[str] = ()) -> Ranking | None:
    """Return the ranking, or None when not one figure could be computed.

    `beside` are columns that it leaves out, unless the report holds no others.
    """
    names = {name.lower() for name in beside}
    rest = tuple(r for r in report.results if r.feature.lower() not in names)
    report = replace(report, results=rest or report.results)
    known = [r for r in report.results if finite(r.value) is not None]
    if not known:
        return None
    worst = next((r for r in known if r.verdict == "breached"), known[0])
    same = tuple(
        r for r in known if (r.metric, r.threshold) == (worst.metric, worst.threshold)
    )
    return Ranking(
        metric=worst.metric,
        threshold=worst.threshold,
        below=worst.breached_when == "below",
        results=same,
        breached=len({r.feature for r in report.results if r.verdict == "breached"}),
        features=len({r.feature for r in report.results}),
    )


def worst_shape(report: Report) -> FeatureResult | None:
    """Return the worst result that has a distribution to draw."""
    return next((r for r in report.results if r.shape and r.shape.bins), None)


def unjudged(results: Sequence[FeatureResult]) -> tuple[FeatureResult, ...]:
    """Return the results that are neither a breach nor its absence."""
    return tuple(
        r for r in results if r.verdict in ("not enough data", "cannot compute")
    )
