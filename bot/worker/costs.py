"""Fetch what a day of an endpoint took: instances, requests, load; the engine judges."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.incident import Deployment, EndpointState
from bot.ports import Series, Workspace
from bot.signals import Course, Report, upkeep
from bot.watch import Endpoint, WatchList
from bot.worker.asks import Asks
from bot.worker.course import Points
from bot.worker.figures import Window

DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_DAY_HOURS = 24
_LOADS = ("CpuUtilizationPercentage", "GpuUtilizationPercentage")


def wanted(watch: WatchList, endpoint: Endpoint, kind: str) -> bool:
    """Return whether anybody asks what the endpoint costs."""
    asked = kind == "cost" or endpoint.cost_limits
    return bool(asked or endpoint.prices or watch.prices)


async def costs(
    asks: Asks,
    azure: Workspace,
    watch: WatchList,
    endpoint: Endpoint,
    state: EndpointState | None,
    now: datetime,
    *,
    drawn: bool = False,
) -> Report:
    """Return the verdict on the last 24 hours; "cannot compute" says what is missing.

    `drawn`: with the course of a day's cost, where Azure tells how many instances ran.
    """
    window = (now - DAY, now)
    deployments = state.deployments if state else ()
    prices = {
        d.name: watch.price(endpoint, d.name, d.instance_type) for d in deployments
    }
    if why := _unknown(deployments, prices, seen=state is not None):
        return upkeep.unknown(
            why, limits=endpoint.cost_limits, window=window, name=endpoint.name
        )
    asked = _hours(azure, endpoint.id, "RequestsPerMinute", window)
    served = await asks.part("requests of the day", asked)
    values = [v for one in served or () for v in one.values if v is not None]
    requests = sum(values) * 60 if values else None
    load = {
        d.name: used
        for d in deployments
        if (used := await _load(asks, azure, endpoint, d.name, window)) is not None
    }
    counts = {d.name: d.instances or 0 for d in deployments}
    known = {name: price for name, price in prices.items() if price is not None}
    found = upkeep.cost(
        {name: float(count) for name, count in counts.items()},
        known,
        requests=requests or 0,
        load=load,
    )
    judged = upkeep.report(
        found,
        limits=endpoint.cost_limits,
        requests=requests,
        currency=watch.currency,
        window=window,
        name=endpoint.name,
        loaded=bool(load),
    )
    if not drawn:
        return judged
    points = await _points(asks, azure, endpoint, counts, known, window)
    return replace(judged, course=_course(judged, points)) if points else judged


def _course(report: Report, points: Points) -> Course:
    day = next(r for r in report.results if r.metric == upkeep.PER_DAY.name)
    return Course(
        feature=day.feature,
        unit=day.unit,
        limit=day.threshold,
        breached_when=day.breached_when,
        grain_s=int(_HOUR.total_seconds()),
        points=points,
    )


async def _points(
    asks: Asks,
    azure: Workspace,
    endpoint: Endpoint,
    counts: Mapping[str, int],
    prices: Mapping[str, float],
    window: Window,
) -> Points:
    """Return what a day would cost at each hour's instances; () where not known.

    Azure's count of them is believed where its newest hour is what the endpoint has now:
    else the chart would end at another figure than the sentence above it.
    """
    by_name: dict[str, dict[datetime, float]] = {}
    for name, now in counts.items():
        resource = f"{endpoint.id}/deployments/{name}"
        asked = _hours(azure, resource, "DeploymentCapacity", window, "instanceId")
        ran: dict[datetime, float] = {}
        for one in await asks.part(f"instances of {name} over time", asked) or ():
            for at, value in zip(one.times, one.values, strict=True):
                if value is not None:
                    ran[at] = ran.get(at, 0.0) + value
        if not ran or round(ran[max(ran)]) != now:
            return ()
        by_name[name] = {at: n * prices[name] * _DAY_HOURS for at, n in ran.items()}
    moments = sorted(set.intersection(*(set(costs) for costs in by_name.values())))
    return tuple((at, sum(costs[at] for costs in by_name.values())) for at in moments)


def _unknown(
    deployments: tuple[Deployment, ...], prices: dict[str, float | None], *, seen: bool
) -> str:
    if not seen:
        return "which deployments there are is not known"
    if not deployments:
        return "nothing is deployed"
    for each in deployments:
        if prices[each.name] is None:
            kind = each.instance_type or "its instances"
            return f"the watch list names no price of {kind} ({each.name})"
        if each.instances is None:
            return f"Azure did not say how many instances {each.name} has"
    return ""


async def _load(
    asks: Asks, azure: Workspace, endpoint: Endpoint, deployment: str, window: Window
) -> float | None:
    """Return the mean use of a deployment in percent: of its GPU where that is busier."""
    resource = f"{endpoint.id}/deployments/{deployment}"
    means = []
    for metric in _LOADS:
        asked = _hours(azure, resource, metric, window)
        found = await asks.part(f"load of {deployment}", asked)
        values = [v for one in found or () for v in one.values if v is not None]
        means += [sum(values) / len(values)] if values else []
    return max(means, default=None)


async def _hours(
    azure: Workspace, resource: str, metric: str, window: Window, split_by: str = ""
) -> tuple[Series, ...]:
    return await azure.series(
        resource,
        metric,
        *window,
        interval=_HOUR,
        aggregation="Average",
        split_by=split_by,
    )
