"""Shapes of which no sample was published whole: older schemas and turns of health.

Composed after the documented fields of each schema.
"""

import json
from typing import Any

import pytest

from bot import sources
from bot.incident import Alert
from bot.sources import NotAnAlert, Unhandled
from tests.door.events import WORKSPACE, event
from tests.door.goldens import SAMPLES

ENDPOINT = f"{WORKSPACE}/onlineEndpoints/credit-fraud"


def read(document: Any) -> Alert:
    route: sources.Route = "events" if isinstance(document, list) else "alerts"
    (found,) = sources.read(route, json.dumps(document).encode())
    return found


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_bytes())


def activity(source: str, properties: Any, **fields: Any) -> dict[str, Any]:
    log = {
        "eventSource": source,
        "eventTimestamp": "2026-11-20T09:50:20.406+00:00",
        "eventDataId": "E1",
        "operationName": "Microsoft.X/y/action",
        "properties": properties,
        "resourceId": ENDPOINT,
        **fields,
    }
    return {
        "schemaId": "Microsoft.Insights/activityLogs",
        "data": {"status": "Activated", "context": {"activityLog": log}},
    }


def test_the_older_log_alert_has_no_schema_id() -> None:
    found = read(
        {
            "SubscriptionId": "s",
            "AlertRuleName": "slow-scoring",
            "SearchQuery": "AmlOnlineEndpointTrafficLog | where TotalDurationMs > 500",
            "SearchIntervalStartTimeUtc": "11/20/2026 3:15:24 PM",
            "SearchIntervalEndtimeUtc": "2026-11-20T15:20:24Z",
            "AlertThresholdOperator": "Greater Than",
            "AlertThresholdValue": 0,
            "ResultCount": 2,
            "Severity": "1",
            "ResourceId": ENDPOINT,
            "LinkToSearchResults": "https://portal.azure.com",
        }
    )

    assert ("latency", 1, "credit-fraud") == (
        found.kind,
        found.severity,
        found.endpoint,
    )
    assert found.readings[0].breached
    assert found.window is not None
    assert 300 == (found.window[1] - found.window[0]).seconds


def test_the_older_metric_alert_ends_under_the_same_fingerprint() -> None:
    fired, ended = sample("legacy_metric_static"), sample("legacy_metric_static")
    ended["data"]["status"] = "Deactivated"
    ended["data"]["context"]["timestamp"] = "2021-11-15T10:00:00Z"

    assert read(fired).fingerprint == read(ended).fingerprint
    assert ("firing", "resolved") == (read(fired).status, read(ended).status)


def test_the_classic_metric_alert_has_one_criterion() -> None:
    found = read(
        {
            "status": "Activated",
            "context": {
                "timestamp": "2026-11-20T09:20:24.9654Z",
                "id": f"{WORKSPACE}/providers/x",
                "name": "cpu",
                "condition": {
                    "metricName": "CpuUtilizationPercentage",
                    "metricValue": "97,5",
                    "threshold": "85",
                    "operator": "GreaterThan",
                },
                "resourceId": f"{ENDPOINT}/deployments/blue",
            },
        }
    )

    assert ("resource", "credit-fraud", "blue") == (
        found.kind,
        found.endpoint,
        found.deployment,
    )


@pytest.mark.parametrize(
    ("document", "kind", "status", "fingerprint"),
    [
        (activity("Administrative", {}), "change", "firing", "activity|e1"),
        (activity("Policy", {}), "platform", "firing", "activity|e1"),
        (
            activity("ResourceHealth", {"currentHealthStatus": "Available"}),
            "availability",
            "resolved",
            f"resourcehealth|{ENDPOINT.lower()}",
        ),
        (
            activity("ServiceHealth", {"trackingId": "ABC1-DEF", "stage": "Resolved"}),
            "platform",
            "resolved",
            "servicehealth|abc1-def",
        ),
    ],
)
def test_the_older_activity_log_alert(
    document: Any, kind: str, status: str, fingerprint: str
) -> None:
    found = read(document)

    assert (kind, status, fingerprint) == (found.kind, found.status, found.fingerprint)


def test_a_resource_that_is_well_again_resolves_what_its_fall_opened() -> None:
    """
    Azure gives each turn of health an alert id of its own.
    """
    down, up = sample("cas_resource_health_test"), sample("cas_resource_health_test")
    up["data"]["essentials"]["alertId"] += "-another"
    up["data"]["alertContext"]["properties"]["currentHealthStatus"] = "Available"

    assert read(down).fingerprint == read(up).fingerprint
    assert ("firing", "resolved") == (read(down).status, read(up).status)


def test_the_last_word_of_an_event_subscription_is_an_alert() -> None:
    """
    After it no event comes any more, and nobody would notice the silence.
    """
    gone = event("x", {"eventSubscriptionId": f"{WORKSPACE}/eventSubscriptions/drift"})
    gone["eventType"] = "Microsoft.EventGrid.SubscriptionDeletedEvent"
    found = read([gone])

    assert ("silence", 1) == (found.kind, found.severity)
    assert "The Event Grid subscription drift was deleted" == found.title


@pytest.mark.parametrize(
    "document",
    [
        {"schemaId": "AzureMonitorMetricAlert", "data": {}},
        {"schemaId": "Microsoft.Insights/LogAlert", "data": []},
        {"schemaId": "Microsoft.Insights/activityLogs", "data": {"context": 1}},
        {"schemaId": "AIP Budget Notification"},
        {"schemaId": ["azureMonitorCommonAlertSchema"], "data": {}},
        {"schemaId": "", "data": {}},
        {"status": "Activated", "context": {}},
        {},
    ],
)
def test_a_schema_without_its_content_is_no_alert(document: Any) -> None:
    with pytest.raises(NotAnAlert):
        sources.check("alerts", json.dumps(document).encode())


def test_a_known_event_without_an_object_as_data_is_kept() -> None:
    body = json.dumps([event("ModelDeployed", "<at>all</at>")]).encode()

    sources.check("events", body)
    with pytest.raises(Unhandled, match="without an object"):
        sources.read("events", body)
