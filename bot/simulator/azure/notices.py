"""What Azure Monitor and Azure ML send to the bot, and how they repeat it."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from bot.simulator.azure.state import AZURE
from bot.simulator.identity import ALERTS_APP, IDENTITY, TENANT
from bot.simulator.world import WORLD, Document

ACTION_GROUP = "461e8683-5575-4561-ac7f-899cc907d62a"
EVENT_GRID = "4962773b-9cdb-44cf-a8bf-237846a00ab7"
_CALLERS = {
    "/api/alerts": (ACTION_GROUP, "ActionGroupsSecureWebhook"),
    "/api/events": (EVENT_GRID, "AzureEventGridSecureWebhookSubscriber"),
}
# An action group repeats after these statuses alone, after these seconds, and then
# leaves the endpoint alone for a quarter of an hour. Event Grid repeats all others.
_REPEATED = (408, 429, 503, 504)
_FINAL = (400, 401, 403, 413)
_DELAYS_S = {"/api/alerts": (5, 20, 5, 40, 5), "/api/events": (10, 30, 60, 300, 600)}
_LIMIT_S = 10


def monitor_breach(
    workspace: str, monitor: str, signal: str, rows: Sequence[Document], name: str
) -> Document:
    """Return the CloudEvent of a monitor whose `rows` are over their thresholds.

    A row is {metric_value, metric_name, threshold_value, group}, as Azure's component
    writes it: a Python list of JSON texts inside the tag of a failed run.
    """
    told = [json.dumps(row, separators=(",", ":")) for row in rows]
    message = (
        f"The signal '{signal}' has failed due to one or more features violating "
        "metric thresholds.\nThe feature names and their corresponding computed "
        f"metric values violating the threshold are \n{told!r}\n"
    )
    run = f"{monitor}_{name[:8]}"
    return {
        "specversion": "1.0",
        "id": name,
        "source": workspace,
        "subject": f"experiments/{monitor}/runs/{run}",
        "type": "Microsoft.MachineLearningServices.RunStatusChanged",
        "time": _zulu(datetime.now(UTC)),
        "data": {
            "experimentId": monitor,
            "experimentName": monitor,
            "runId": run,
            "runType": "azureml.StepRun",
            "runStatus": "Failed",
            "runTags": {"azureml_modelmonitor_threshold_breached": message},
            "runProperties": {
                "azureml.moduleName": "model_monitor_evaluate_metrics_threshold",
                "azureml.pipelinerunid": f"{monitor}_root_{name[:8]}",
            },
        },
    }


def metric_alert(
    endpoint: str, name: str, rule: Mapping[str, Any], fired: datetime, *, over: bool
) -> Document:
    """Return a metric alert in the common schema; `over`: the condition has ended.

    `rule` has name, severity, metric, operator, threshold, value, dimensions and, for a
    metric of one deployment, the deployment.
    """
    _, _, subscription, _, group, *_ = endpoint.split("/")
    target = endpoint.lower()
    if rule.get("deployment"):
        target += f"/deployments/{rule['deployment']}"
    now = datetime.now(UTC)
    essentials = {
        "alertId": f"/subscriptions/{subscription}"
        f"/providers/Microsoft.AlertsManagement/alerts/{name}",
        "alertRule": rule["name"],
        "severity": f"Sev{rule['severity']}",
        "signalType": "Metric",
        "monitorCondition": "Resolved" if over else "Fired",
        "monitoringService": "Platform",
        "alertTargetIDs": [target],
        "configurationItems": [target.rsplit("/", 1)[-1]],
        "originAlertId": f"{subscription}_{group}_microsoft.insights_metricAlerts_"
        f"{rule['name']}",
        "alertRuleID": f"/subscriptions/{subscription}/resourceGroups/{group}/providers/"
        f"microsoft.insights/metricAlerts/{rule['name']}",
        "firedDateTime": _zulu(fired),
        "description": rule["description"],
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    if over:
        essentials["resolvedDateTime"] = _zulu(now)
    context = {
        "properties": None,
        "conditionType": "SingleResourceMultipleMetricCriteria",
        "condition": {
            "windowSize": "PT5M",
            "allOf": [
                {
                    "metricName": rule["metric"],
                    "metricNamespace": "Microsoft.MachineLearningServices/workspaces/"
                    "onlineEndpoints" + "/deployments" * bool(rule.get("deployment")),
                    "operator": "GreaterThan",
                    "threshold": str(rule["threshold"]),
                    "timeAggregation": "Average",
                    "dimensions": rule["dimensions"],
                    "metricValue": rule["calm" if over else "value"],
                    "webTestName": None,
                }
            ],
            "windowStartTime": _zulu(now - timedelta(minutes=7)),
            "windowEndTime": _zulu(now - timedelta(minutes=2)),
        },
    }
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": essentials,
            "alertContext": context,
            "customProperties": None,
        },
    }


def send(app: web.Application, path: str, body: Document) -> str:
    """Send `body` to the bot's door in the background; return the delivery's id."""
    key = str(uuid4())
    app[WORLD].put("delivery", key, {"path": path, "attempts": [], "done": False})
    task = asyncio.create_task(deliver(app, path, body, key))
    app[AZURE].tasks.add(task)
    task.add_done_callback(app[AZURE].tasks.discard)
    return key


async def deliver(app: web.Application, path: str, body: Document, key: str) -> None:
    """Call the bot until it has taken `body` or the sender gives up."""
    attempts: list[int] = []
    for delay in (*_DELAYS_S[path], None):
        status = await _call(app, path, body)
        attempts.append(status)
        again = _again(path, status) and delay is not None
        app[WORLD].put(
            "delivery",
            key,
            {"path": path, "attempts": attempts, "done": not again, "at": time.time()},
        )
        if not again or delay is None:
            return
        await asyncio.sleep(delay * app[AZURE].pace)


async def listening(app: web.Application, limit_s: float = 120) -> None:
    """Wait until the bot says that it is ready, or has no say in it; then or at last.

    A demo starts all at once, and an alert that found nobody would come 10 s later.
    """
    limit = aiohttp.ClientTimeout(total=2)
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s), aiohttp.ClientSession() as session:
            while True:
                # Asked each time: a test names the bot when the simulator runs already.
                url = app[AZURE].bot_url.rstrip("/") + "/readyz"
                with suppress(aiohttp.ClientError, TimeoutError, ValueError):
                    async with session.get(url, timeout=limit) as answer:
                        if answer.status < 500:  # noqa: PLR2004
                            return
                await asyncio.sleep(0.2)


def _again(path: str, status: int) -> bool:
    """Return whether the sender repeats a call that ended so; 0: no answer at all."""
    if path == "/api/alerts":
        return status == 0 or status in _REPEATED
    return not 200 <= status < 300 and status not in _FINAL  # noqa: PLR2004


async def _call(app: web.Application, path: str, body: Document) -> int:
    kind = "application/json"
    if "specversion" in body:
        kind = "application/cloudevents+json; charset=utf-8"
    headers = {"Authorization": f"Bearer {token(app, path)}", "Content-Type": kind}
    limit = aiohttp.ClientTimeout(total=_LIMIT_S)
    url = app[AZURE].bot_url.rstrip("/") + path
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.post(url, data=json.dumps(body), headers=headers) as answer,
        ):
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0


def token(app: web.Application, path: str) -> str:
    """Return the app-only token that the caller of `path` gets from Entra."""
    caller, role = _CALLERS[path]
    return app[IDENTITY].mint(
        "entra",
        {
            "aud": ALERTS_APP,
            "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
            "tid": TENANT,
            "azp": caller,
            "oid": caller,
            "sub": caller,
            "roles": [role],
            "ver": "2.0",
        },
    )


def _zulu(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
