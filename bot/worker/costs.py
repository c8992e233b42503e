"""Fetch what a day of an endpoint took: instances, requests, load; the engine judges."""

from datetime import datetime, timedelta

from bot.incident import Deployment, EndpointState
from bot.ports import Series, Workspace
from bot.signals import Report, upkeep
from bot.watch import Endpoint, WatchList
from bot.worker.asks import Asks
from bot.worker.figures import Window

DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
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
) -> Report:
    """Return the verdict on the last 24 hours; "cannot compute" says what is missing."""
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
    found = upkeep.cost(
        {d.name: float(d.instances or 0) for d in deployments},
        {name: price for name, price in prices.items() if price is not None},
        requests=requests or 0,
        load=load,
    )
    return upkeep.report(
        found,
        limits=endpoint.cost_limits,
        requests=requests,
        currency=watch.currency,
        window=window,
        name=endpoint.name,
        loaded=bool(load),
    )


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
    azure: Workspace, resource: str, metric: str, window: Window
) -> tuple[Series, ...]:
    return await azure.series(
        resource, metric, *window, interval=_HOUR, aggregation="Average"
    )
