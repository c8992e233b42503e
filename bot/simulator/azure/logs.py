"""Log Analytics: answers to the bot's own queries, and to no other."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.simulator.azure.arm import children
from bot.simulator.azure.figures import errors, latency, served
from bot.simulator.azure.gate import allow, refuse
from bot.simulator.world import WORLD, World

routes = web.RouteTableDef()
_QUERY = re.compile(
    r"declare query_parameters\((?P<declared>[^)\n]*(?:\([^)]*\)[^)\n]*)*)\);\n"
    r"// watchkeeper: (?P<name>\w+)\n(?P<text>.*)",
    re.DOTALL,
)
_VALUE = re.compile(r'(\w+):string = "([^"\\]*)"')
_AUDIENCES = ("https://api.loganalytics.io", "https://api.loganalytics.azure.com")
Columns = dict[str, str]
Answer = tuple[Columns, list[list[Any]]]


@routes.post("/v1/workspaces/{workspace}/query")
async def query(request: web.Request) -> web.Response:
    """Answer one of the constant queries; 400 for any other text, as for bad KQL."""
    allow(request, "microsoft.operationalinsights/workspaces/query/read", *_AUDIENCES)
    body = await request.json()
    found = _QUERY.fullmatch(str(body.get("query", "")))
    if found is None or found["name"] not in _ANSWERS:
        refuse(400, "BadArgumentError", "The request had some invalid properties")
    values = dict(_VALUE.findall(found["declared"]))
    start, end = (datetime.fromisoformat(t) for t in body["timespan"].split("/"))
    world = request.app[WORLD]
    columns, rows = _ANSWERS[found["name"]](world, values, start, end)
    table = {
        "name": "PrimaryResult",
        "columns": [{"name": n, "type": t} for n, t in columns.items()],
        "rows": rows,
    }
    answer: dict[str, Any] = {"tables": [table]}
    planned = world.get("azure", "logs") or {}
    if planned.get("times", 0) > 0:
        world.put("azure", "logs", {**planned, "times": planned["times"] - 1})
        answer["error"] = {"code": "PartialError", "message": planned["partial"]}
    return web.Response(text=json.dumps(answer), content_type="application/json")


def _endpoint(world: World, name: str) -> str:
    ends = f"/onlineendpoints/{name.lower()}"
    return next((k for k, _ in world.all("arm") if k.endswith(ends)), "")


def _by_status(
    world: World, values: dict[str, str], start: datetime, end: datetime
) -> Answer:
    columns = {"deployment": "string", "status": "int"}
    columns |= {"requests": "long", "p95_ms": "real"}
    endpoint = _endpoint(world, values["endpoint"])
    middle = start + (end - start) / 2
    minutes = (end - start) / timedelta(minutes=1)
    rows: list[list[Any]] = []
    for deployment in children(world, f"{endpoint}/deployments"):
        name = deployment["name"]
        count = served(world, endpoint, name, middle) * minutes
        failed = errors(world, endpoint, name, middle)
        p95 = round(latency(world, endpoint, name, middle), 1)
        rows.append([name, 200, round(count * (1 - failed)), p95])
        # No finished request of that kind has a duration: Kusto says NaN, as text.
        rows.append([name, 503, round(count * failed), "NaN"])
    return columns, [row for row in rows if row[2]]


def _failures(
    world: World, values: dict[str, str], start: datetime, end: datetime
) -> Answer:
    columns = {"deployment": "string", "status": "int", "reason": "string"}
    columns |= {"requests": "long", "first": "datetime", "last": "datetime"}
    _, counted = _by_status(world, values, start, end)
    span = [start.astimezone(UTC).isoformat(), end.astimezone(UTC).isoformat()]
    return columns, [
        [name, status, "model_not_ready", requests, *span]
        for name, status, requests, _ in counted
        if status >= 500  # noqa: PLR2004
    ]


def _events(
    world: World, values: dict[str, str], start: datetime, end: datetime
) -> Answer:
    columns = {"deployment": "string", "name": "string"}
    columns |= {"events": "long", "last": "datetime"}
    found = children(world, f"{values['resource'].lower()}/deployments")
    return columns, [[d["name"], "ContainerReady", 3, start.isoformat()] for d in found]


def _runs(
    world: World, values: dict[str, str], start: datetime, end: datetime
) -> Answer:
    columns = {"at": "datetime", "run": "string", "status": "string"}
    days = int((end - start) / timedelta(days=1)) + 1
    moments = (end - timedelta(days=i) for i in range(days))
    return columns, [
        [m.isoformat(), f"{values['monitor']}_{m:%Y%m%d}", "Completed"] for m in moments
    ]


_ANSWERS: dict[str, Callable[[World, dict[str, str], datetime, datetime], Answer]] = {
    "requests_by_status": _by_status,
    "failure_reasons": _failures,
    "container_events": _events,
    "monitor_runs": _runs,
}
