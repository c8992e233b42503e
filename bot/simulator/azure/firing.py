"""POST /sim/azure/alerts: something happens, and Azure tells the bot."""

from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import web

from bot.simulator.azure import rules
from bot.simulator.azure.activity import log
from bot.simulator.azure.asked import (
    Body,
    affect,
    body_of,
    busiest,
    endpoint_of,
    name_of,
    wrong,
)
from bot.simulator.azure.notices import metric_alert, monitor_breach, send
from bot.simulator.world import WORLD, Document, World

routes = web.RouteTableDef()
# What a metric alert of each kind says, and what it does to the metrics themselves.
_BREACHES = ("data-drift", "data-quality", "prediction-drift")
_RULES: dict[str, Body] = {
    "latency": {
        "name": "latency-p95",
        "severity": 2,
        "metric": "RequestLatency_P95",
        "threshold": 250,
        "value": 561.3,
        "calm": 187.2,
        "description": "P95 latency over 250 ms for five minutes",
        "effect": {"latency": 3.0},
    },
    "errors": {
        "name": "failed-requests",
        "severity": 1,
        "metric": "RequestsPerMinute",
        "threshold": 5,
        "value": 17.8,
        "calm": 0.3,
        "description": "More than five requests a minute end in 5xx",
        "effect": {"errors": 0.075},
    },
    "resource": {
        "name": "cpu-high",
        "severity": 3,
        "metric": "CpuUtilizationPercentage",
        "threshold": 80,
        "value": 93.4,
        "calm": 48.1,
        "description": "CPU over 80 % on the instances of a deployment",
        "effect": {},
    },
}


def seed_rules(world: World, endpoint: str, *, by: str, at: datetime) -> None:
    """Keep the rules that can fire, written once by `by`."""
    for rule in _RULES.values():
        named = rules.put(
            world,
            endpoint,
            rule["name"],
            rule["metric"],
            rule["threshold"],
            rule["severity"],
        )
        log(world, named, "Microsoft.Insights/metricAlerts/write", by=by, at=at)


@routes.post("/sim/azure/alerts")
async def alerts(request: web.Request) -> web.Response:
    """Fire or end an alert: {kind, endpoint?, deployment?, status?, rows?}.

    kind: "data-drift", "data-quality" (Azure ML's event to /api/events) or "latency",
    "errors", "resource" (a metric alert to /api/alerts). status: "fired" or, for metric
    alerts alone, "resolved" with the same alert id. Answers {alert, delivery}.
    """
    body = await body_of(request)
    kind, status = body.get("kind", "data-drift"), body.get("status", "fired")
    endpoint = endpoint_of(request.app[WORLD], body)
    if status not in ("fired", "resolved"):
        raise wrong("status is fired or resolved")
    if kind in _RULES:
        return web.json_response(metric(request.app, endpoint, body, kind, status))
    if kind not in _BREACHES:
        raise wrong(f"kind is {', '.join((*_BREACHES, *_RULES))}")
    if status == "resolved":
        raise wrong("a monitor of Azure ML never says that a breach is over")
    name = str(uuid4())
    return web.json_response(breach(request.app, endpoint, kind, name, body))


def breach(
    app: web.Application, endpoint: str, kind: str, name: str, body: Body
) -> Body:
    """Send the event of the endpoint's monitor; its rows are the world's, or given."""
    told = app[WORLD].get("monitor", endpoint)
    if told is None:
        raise wrong("the scenario has no monitor for this endpoint")
    rows = body.get("rows") or told["rows"].get(kind)
    if not rows:
        raise wrong(f"the scenario's monitor does not check for {kind}")
    named = {"data-drift": told["signal"], "data-quality": "loan_data_quality"}
    signal = {**named, **told.get("signals", {})}[kind]
    event = monitor_breach(told["workspace"], told["name"], signal, rows, name)
    return {"alert": name, "delivery": send(app, "/api/events", event)}


def metric(
    app: web.Application, endpoint: str, body: Body, kind: str, status: str
) -> Body:
    """Fire or end a metric alert, and let the metrics tell the same."""
    world, over = app[WORLD], status == "resolved"
    open_one = next(
        (
            (name, alert)
            for name, alert in world.all("alert")
            if alert["properties"]["essentials"]["monitorCondition"] == "Fired"
            and (alert["rule"], alert["endpoint"]) == (kind, endpoint)
        ),
        None,
    )
    if over and open_one is None:
        raise wrong(f"no {kind} alert of this endpoint is firing")
    name = open_one[0] if open_one else str(uuid4())
    now = datetime.now(UTC)
    fired = datetime.fromisoformat(open_one[1]["fired"]) if open_one else now
    deployment = body.get("deployment") or busiest(world, endpoint)
    rule = {**_RULES[kind], "dimensions": [_dimension(kind, deployment)]}
    if kind == "resource":
        rule |= {"deployment": deployment, "dimensions": []}
    notice = metric_alert(name_of(world, endpoint), name, rule, fired, over=over)
    _remember(world, endpoint, kind, fired, notice)
    affect(world, endpoint, deployment, _RULES[kind]["effect"], over=over)
    return {"alert": name, "delivery": send(app, "/api/alerts", notice)}


def _dimension(kind: str, deployment: str) -> Body:
    if kind == "errors":
        return {"name": "statusCodeClass", "value": "5xx"}
    return {"name": "deployment", "value": deployment}


def _remember(
    world: World, endpoint: str, kind: str, fired: datetime, notice: Document
) -> None:
    name = notice["data"]["essentials"]["alertId"].rsplit("/", 1)[-1]
    essentials = notice["data"]["essentials"]
    world.put(
        "alert",
        name,
        {
            "id": essentials["alertId"],
            "name": essentials["alertRule"],
            "type": "Microsoft.AlertsManagement/alerts",
            "rule": kind,
            "endpoint": endpoint,
            "fired": fired.isoformat(),
            "properties": {
                "essentials": {
                    "severity": essentials["severity"],
                    "signalType": "Metric",
                    "alertState": "New",
                    "monitorCondition": essentials["monitorCondition"],
                    "targetResource": essentials["alertTargetIDs"][0],
                    "alertRule": essentials["alertRule"],
                    "startDateTime": fired.isoformat(),
                }
            },
        },
    )
