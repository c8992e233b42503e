"""Azure Monitor's metrics: figures that follow from the world and the minute alone."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.simulator.azure.arm import key
from bot.simulator.azure.figures import METRICS, figure, parts
from bot.simulator.azure.gate import allow, refuse
from bot.simulator.world import WORLD

routes = web.RouteTableDef()
_GRAINS = {"PT1M": 60, "PT5M": 300, "PT15M": 900, "PT30M": 1800, "PT1H": 3600}
_GRAINS |= {"PT6H": 21600, "PT12H": 43200, "P1D": 86400}
_FILTER = re.compile(r"(\w+) eq '([^']*)'")
_MOST_POINTS = 10_000


@routes.get("/subscriptions/{resource:.+}/providers/Microsoft.Insights/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Answer one metric of an endpoint or a deployment, split by one dimension."""
    allow(request, "microsoft.insights/metrics/read")
    resource = key("/subscriptions/" + request.match_info["resource"])
    if request.app[WORLD].get("arm", resource) is None:
        refuse(404, "ResourceNotFound", "The resource was not found.")
    asked = request.query
    name, grain = asked.get("metricnames", ""), asked.get("interval", "PT1M")
    level = "deployments" if "/deployments/" in resource else "onlineendpoints"
    known = METRICS[level].get(name)
    if known is None:
        refuse(400, "BadRequest", f"Failed to find metric configuration: {name}")
    if grain not in _GRAINS:
        refuse(400, "BadRequest", f"Detected invalid time grain input: {grain}")
    split = _split(asked.get("$filter", ""), known[1])
    points = _points(asked.get("timespan", ""), _GRAINS[grain])
    aggregation = asked.get("aggregation", "Average").lower()
    series = [
        {
            "metadatavalues": [_name(split, value)] if split else [],
            "data": [
                {
                    "timeStamp": _zulu(at),
                    aggregation: figure(
                        request.app[WORLD], resource, name, at, (split, value)
                    ),
                }
                for at in points
            ],
        }
        for value in parts(request.app[WORLD], resource, split)
    ]
    return web.json_response(_body(resource, (name, known[0]), grain, points, series))


def _split(text: str, dimensions: tuple[str, ...]) -> str:
    found = _FILTER.findall(text)
    if text and (len(found) != 1 or found[0][1] != "*"):
        refuse(400, "BadRequest", "The simulator splits by one dimension, by '*'.")
    if found and found[0][0] not in dimensions:
        allowed = ", ".join(dimensions)
        refuse(400, "BadRequest", f"Metric does not support dimension; has: {allowed}")
    return str(found[0][0]) if found else ""


def _points(timespan: str, seconds: int) -> list[datetime]:
    try:
        start, end = (datetime.fromisoformat(t) for t in timespan.split("/"))
        steps = int((end - start).total_seconds() // seconds)
    except (ValueError, TypeError):
        refuse(400, "BadRequest", "timespan is start/end, in ISO 8601 with a zone")
    if steps > _MOST_POINTS:
        refuse(400, "BadRequest", "Too many points; ask for a larger interval.")
    first = datetime.fromtimestamp(start.timestamp() // seconds * seconds, UTC)
    return [first + timedelta(seconds=seconds * i) for i in range(steps)]


def _name(split: str, value: str) -> dict[str, Any]:
    return {"name": {"value": split, "localizedValue": split}, "value": value}


def _zulu(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _body(
    resource: str,
    named: tuple[str, str],
    grain: str,
    points: list[datetime],
    series: list[dict[str, Any]],
) -> dict[str, Any]:
    name, unit = named
    ends = [_zulu(p) for p in (points[:1] + points[-1:])] or [""]
    return {
        "cost": len(points),
        "timespan": "/".join(ends),
        "interval": grain,
        "namespace": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
        "resourceregion": "westeurope",
        "value": [
            {
                "id": f"{resource}/providers/Microsoft.Insights/metrics/{name}",
                "type": "Microsoft.Insights/metrics",
                "name": {"value": name, "localizedValue": name},
                "unit": unit,
                "timeseries": series,
                "errorCode": "Success",
            }
        ],
    }
