"""The course of the figure that an alert is about: the last hour, against its limit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from bot.incident import EndpointState
from bot.ports import Series, Workspace
from bot.signals import Course, FeatureResult, Report
from bot.signals.health import AVAILABILITY, ERRORS, LATENCIES
from bot.signals.load import TRAFFIC, USED
from bot.signals.serving import KINDS, Served
from bot.watch import Endpoint
from bot.worker.asks import Asks

LENGTH = timedelta(hours=1)
GRAIN = timedelta(minutes=5)  # an interval that Azure has; a dozen points
_SHARES = (ERRORS.name, AVAILABILITY.name)
_PLAIN = (*(gauge.name for gauge in LATENCIES.values()), TRAFFIC.name)
_JUDGED = ("breached", "not breached")  # else it rests on too little
_USES = tuple(gauge.name for gauge in USED)
Points = tuple[tuple[datetime, float], ...]


async def with_course(
    asks: Asks,
    azure: Workspace,
    endpoint: Endpoint,
    state: EndpointState | None,
    kind: str,
    served: Served,
    report: Report,
) -> Report:
    """Return `report` with the course of its worst figure of the alert's own `kind`.

    Without such a figure, or where Azure does not give its past, it has none.
    """
    wanted = KINDS.get(kind, ())
    drawable = (*_PLAIN, *_SHARES, *_USES)
    of = next(
        (
            r
            for r in report.results
            if r.metric in wanted and r.metric in drawable and r.verdict in _JUDGED
        ),
        None,
    )
    if of is None:
        return report
    asked = _points(azure, endpoint, state, of.metric, served.window[1])
    points = await asks.part(f"{of.feature} over time", asked)
    if not points:
        return report
    return replace(report, course=_course(of, points, served.past))


def _course(of: FeatureResult, points: Points, past: Sequence[float] | None) -> Course:
    """Return the course in the unit of its limit; traffic in requests a minute."""
    limit, unit, feature = of.threshold, of.unit, of.feature
    if of.metric == TRAFFIC.name:
        limit = limit * median(past) if limit is not None and past else None
        unit, feature = "", "requests a minute"
    return Course(
        feature=feature,
        unit=unit,
        limit=limit,
        breached_when=of.breached_when,
        grain_s=int(GRAIN.total_seconds()),
        points=points,
    )


async def _points(
    azure: Workspace,
    endpoint: Endpoint,
    state: EndpointState | None,
    metric: str,
    end: datetime,
) -> Points:
    async def series(name: str, resource: str, split: str) -> tuple[Series, ...]:
        return await azure.series(
            resource,
            name,
            end - LENGTH,
            end,
            interval=GRAIN,
            aggregation="Average",
            split_by=split,
        )

    if metric in _SHARES:
        split = await series(TRAFFIC.name, endpoint.id, "statusCodeClass")
        return _failed(split, rest=metric == AVAILABILITY.name)
    if metric in _PLAIN:
        return _known(await series(metric, endpoint.id, ""))
    found: list[Series] = []
    for each in state.deployments if state else ():
        resource = f"{endpoint.id}/deployments/{each.name}"
        found += await series(metric, resource, "instanceId")
    return _known(found)


def _known(found: Sequence[Series]) -> Points:
    """Return the largest value of each moment."""
    largest: dict[datetime, float] = {}
    for one in found:
        for at, value in zip(one.times, one.values, strict=True):
            if value is not None:
                largest[at] = max(value, largest.get(at, value))
    return tuple(sorted(largest.items()))


def _failed(found: Sequence[Series], *, rest: bool) -> Points:
    """Return the share of 5xx answers of each moment with any; with `rest`, of others."""
    counted: dict[datetime, list[float]] = {}
    for one in found:
        failed = next(iter(one.dimensions.values()), "").startswith("5")
        for at, value in zip(one.times, one.values, strict=True):
            pair = counted.setdefault(at, [0.0, 0.0])
            pair[failed] += value or 0.0
    shares = (
        (at, bad / (good + bad)) for at, (good, bad) in counted.items() if good + bad
    )
    return tuple(sorted((at, 1 - share if rest else share) for at, share in shares))
