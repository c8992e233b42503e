"""How the simulated endpoints serve: one figure for each metric, part and minute.

A figure depends on the world and the minute alone, so that two looks at one minute
agree, after a restart too. Changes of behaviour are documents of kind "metrics".
"""

import math
import zlib
from datetime import datetime
from typing import Any

from bot.simulator.azure.arm import children
from bot.simulator.world import World

# Unit and dimensions by level. Azure names them; the deployment's RequestsPerMinute has
# another dimension than the endpoint's, and memory is CpuMemoryUtilizationPercentage.
_LATENCY = {
    "RequestLatency_P50": 0.42,
    "RequestLatency_P90": 0.86,
    "RequestLatency_P95": 1.0,
    "RequestLatency_P99": 1.55,
}
_USAGE = {
    "CpuUtilizationPercentage": 46.0,
    "CpuMemoryUtilizationPercentage": 61.0,
    "DiskUtilization": 23.0,
    "GpuUtilizationPercentage": 0.0,
    "GpuMemoryUtilizationPercentage": 0.0,
}
_INSTANCE = ("instanceId",)
METRICS: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "onlineendpoints": {
        "ConnectionsActive": ("Count", ()),
        "DataCollectionErrorsPerMinute": ("Count", ("deployment", "reason", "type")),
        "DataCollectionEventsPerMinute": ("Count", ("deployment", "type")),
        "NetworkBytes": ("BytesPerSecond", ()),
        "NewConnectionsPerSecond": ("CountPerSecond", ()),
        "RequestLatency": ("Milliseconds", ("deployment",)),
        **dict.fromkeys(_LATENCY, ("Milliseconds", ("deployment",))),
        "RequestsPerMinute": (
            "Count",
            ("deployment", "statusCode", "statusCodeClass", "modelStatusCode"),
        ),
    },
    "deployments": {
        "DataCollectionErrorsPerMinute": ("Count", ("instanceId", "reason", "type")),
        "DataCollectionEventsPerMinute": ("Count", ("instanceId", "type")),
        "DeploymentCapacity": ("Count", ("instanceId", "State")),
        "GpuEnergyJoules": ("Count", _INSTANCE),
        **dict.fromkeys(_USAGE, ("Percent", _INSTANCE)),
        "DiskUtilization": ("Percent", ("instanceId", "disk")),
        **dict.fromkeys(_LATENCY, ("Milliseconds", ())),
        "RequestsPerMinute": ("Count", ("envoy_response_code",)),
    },
}
_STATUS = {
    "statusCodeClass": ("2xx", "4xx", "5xx"),
    "statusCode": ("200", "422", "502"),
    "modelStatusCode": ("200", "422", "502"),
    "envoy_response_code": ("200", "422", "503"),
}
_CLIENT_ERRORS = 0.004
_OTHERS = {
    "ConnectionsActive": 38.0,
    "NetworkBytes": 51_200.0,
    "NewConnectionsPerSecond": 1.4,
    "DataCollectionErrorsPerMinute": 0.0,
    "GpuEnergyJoules": 0.0,
}
_FALLBACK = {"rpm": 240.0, "p95_ms": {}, "errors": 0.0012}


def parts(world: World, resource: str, split: str) -> list[str]:
    """Return the values of the dimension `split`; [""] without one."""
    if split in _STATUS:
        return list(_STATUS[split])
    if split == "deployment":
        return [d["name"] for d in children(world, f"{resource}/deployments")]
    if split == "instanceId":
        count = ((world.get("arm", resource) or {}).get("sku") or {}).get("capacity", 1)
        name = resource.rsplit("/", 1)[-1]
        return [f"{name}-{i:02}" for i in range(count)]
    return ["Running" if split == "State" else "all" if split else ""]


def figure(
    world: World, resource: str, metric: str, at: datetime, part: tuple[str, str]
) -> float | None:
    """Return `metric` of one minute; None when nothing was served in it."""
    endpoint, _, deployment = resource.partition("/deployments/")
    split, value = part
    if split == "deployment":
        deployment = value
    rpm = served(world, endpoint, deployment, at)
    if metric == "RequestsPerMinute":
        share = _status_share(world, endpoint, deployment, at, part)
        return round(rpm * share, 4)  # a few errors in a thousand must not round away
    if metric == "DataCollectionEventsPerMinute":
        return round(rpm * 2, 2)
    if metric in _LATENCY or metric == "RequestLatency":
        if rpm < 1:
            return None
        scale = _LATENCY.get(metric, 0.5)
        return round(latency(world, endpoint, deployment, at) * scale, 1)
    if metric == "DeploymentCapacity":
        return 1.0 if split == "instanceId" else _instances(world, resource)
    base = _USAGE.get(metric, _OTHERS.get(metric, 0.0))
    return round(base * _noise(resource, metric, value, at=at, spread=0.08), 2)


def served(world: World, endpoint: str, deployment: str, at: datetime) -> float:
    """Return requests per minute of an endpoint, or of one deployment of it."""
    base = float(_baseline(world, endpoint)["rpm"])
    day = 1 + 0.28 * math.sin((at.hour + at.minute / 60 - 8) / 24 * 2 * math.pi)
    rpm = base * day * _noise(endpoint, "rpm", at=at, spread=0.06)
    rpm *= _change(world, endpoint, "", at, what="traffic", usual=1.0)
    return rpm * (_shares(world, endpoint, at).get(deployment, 0) if deployment else 1)


def latency(world: World, endpoint: str, deployment: str, at: datetime) -> float:
    """Return the P95 of one minute, in milliseconds; of an endpoint, the mixture."""
    shares = _shares(world, endpoint, at)
    wanted = {deployment: 1.0} if deployment else shares
    known = _baseline(world, endpoint)["p95_ms"]
    return math.fsum(
        share
        * float(known.get(name, 180.0))
        * _change(world, endpoint, name, at, what="latency", usual=1.0)
        * _noise(endpoint, name, "p95", at=at, spread=0.05)
        for name, share in wanted.items()
    )


def errors(world: World, endpoint: str, deployment: str, at: datetime) -> float:
    """Return which share of the requests ended in 5xx."""
    usual = float(_baseline(world, endpoint)["errors"])
    wanted = {deployment: 1.0} if deployment else _shares(world, endpoint, at)
    return math.fsum(
        share * _change(world, endpoint, name, at, what="errors", usual=usual)
        for name, share in wanted.items()
    )


def _status_share(
    world: World, endpoint: str, deployment: str, at: datetime, part: tuple[str, str]
) -> float:
    if part[0] not in _STATUS:
        return 1.0
    failed = errors(world, endpoint, deployment, at)
    shares = {"2": 1 - failed - _CLIENT_ERRORS, "4": _CLIENT_ERRORS, "5": failed}
    return shares[part[1][0]]


def _baseline(world: World, endpoint: str) -> dict[str, Any]:
    return (world.get("metrics", endpoint) or {}).get("usual") or _FALLBACK


def _change(
    world: World,
    endpoint: str,
    deployment: str,
    at: datetime,
    *,
    what: str,
    usual: float,
) -> float:
    """Return the newest change of behaviour that holds at `at`, else `usual`."""
    moment = at.timestamp()
    for change in reversed((world.get("metrics", endpoint) or {}).get("changes") or []):
        since, until = change["since"], change.get("until") or math.inf
        concerns = change.get("deployment", "") in ("", deployment)
        if what in change and concerns and since <= moment < until:
            return float(change[what])
    return usual


def _shares(world: World, endpoint: str, at: datetime) -> dict[str, float]:
    """Return which share of the requests each deployment got at that time."""
    steps = (world.get("traffic", endpoint) or {"steps": []})["steps"]
    past = [traffic for since, traffic in steps if since <= at.timestamp()]
    traffic = past[-1] if past else steps[0][1] if steps else {}
    return {name: percent / 100 for name, percent in traffic.items()}


def _instances(world: World, resource: str) -> float:
    return float(len(parts(world, resource, "instanceId")))


def _noise(*seed: str, at: datetime, spread: float) -> float:
    """Return a factor around 1, the same for the same minute."""
    text = "|".join((*seed, str(int(at.timestamp()) // 60)))
    return 1 + spread * (zlib.crc32(text.encode()) / 2**31 - 1)
