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


def test_two_event_subscriptions_of_one_name_are_two_conditions() -> None:
    """
    Each system topic of a workspace may have its own; that one is back says nothing of
    the other.
    """
    path = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/systemTopics"
    )
    told = []
    for topic in ("one", "two", "ONE"):
        gone = event(
            "x", {"eventSubscriptionId": f"{path}/{topic}/eventSubscriptions/d"}
        )
        gone["eventType"] = "Microsoft.EventGrid.SubscriptionDeletedEvent"
        told.append(read([gone]))
    one, two, again = (found.fingerprint for found in told)

    assert {"d"} == {found.rule for found in told}
    assert one == again != two


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


def test_the_older_log_alert_names_its_endpoints_in_rows_and_items() -> None:
    """
    It has neither targets nor an id; a severity may be a word.
    """
    data = {
        "AlertRuleName": "slow-scoring",
        "SearchQuery": "AmlOnlineEndpointTrafficLog | where TotalDurationMs > 500",
        "SearchIntervalStartTimeUtc": "2026-11-20T14:20:24Z",
        "SearchIntervalEndtimeUtc": "2026-11-20T15:20:24Z",
        "AlertThresholdOperator": "Greater Than",
        "AlertThresholdValue": 0,
        "ResultCount": 2,
        "Severity": "Error",
        "WorkspaceId": "12345a-1234b-123c-123d-12345678e",
        "AffectedConfigurationItems": ["vm-1", ENDPOINT],
        "Dimensions": None,
    }
    listed = read({"schemaId": "Microsoft.Insights/LogAlert", "data": data})
    result = {
        "columns": [{"name": "EndpointName"}, {"name": "DeploymentName"}],
        "rows": [["loan", "blue"], ["churn", "red"]],
    }
    data |= {"AffectedConfigurationItems": [], "SearchResult": {"tables": [result]}}
    body = {"schemaId": "microsoft.insights/logalert", "data": data}
    rows = sources.read("alerts", json.dumps(body).encode())

    assert (ENDPOINT.lower(),) == listed.resources
    assert ("credit-fraud", 1) == (listed.endpoint, listed.severity)
    assert [("loan", "blue"), ("churn", "red")] == [
        (alert.endpoint, alert.deployment) for alert in rows
    ]
    assert {listed.fingerprint} == {alert.fingerprint for alert in rows}


@pytest.mark.parametrize(
    "name", ["legacy_metric_static", "legacy_budget", "cas_metric_static_test"]
)
def test_a_schema_is_known_however_it_is_written(name: str) -> None:
    """
    What is not recognised is only listed, and calls nobody.
    """
    document = sample(name)
    shouted = {**document, "schemaId": document["schemaId"].upper()}

    assert read(document) == read(shouted)


@pytest.mark.parametrize("written", ["FIRED", " Fired ", "activated", "Fired\n"])
def test_a_condition_is_known_however_it_is_written(written: str) -> None:
    document = sample("cas_metric_static_test")
    document["data"]["essentials"]["monitorCondition"] = written

    assert "firing" == read(document).status


@pytest.mark.parametrize(
    ("written", "severity"),
    [
        ("SEV0", 0),
        ("Critical", 0),
        ("error", 1),
        ("Warning", 2),
        ("Informational", 3),
        ("Verbose", 4),
        ("Sev9", 2),
        ("", 2),
        (None, 2),
    ],
)
def test_a_severity_may_be_a_word(written: str | None, severity: int) -> None:
    document = sample("cas_metric_static_test")
    document["data"]["essentials"]["severity"] = written

    assert severity == read(document).severity


@pytest.mark.parametrize("targets", [[], None, ["not-an-id"], 7])
def test_items_say_what_it_is_about_where_targets_do_not(targets: Any) -> None:
    document = sample("cas_metric_static_test")
    essentials = document["data"]["essentials"]
    essentials |= {"alertTargetIDs": targets, "configurationItems": [ENDPOINT, "vm"]}

    assert (ENDPOINT.lower(),) == read(document).resources
    essentials["alertTargetIDs"] = [WORKSPACE]
    assert (WORKSPACE.lower(),) == read(document).resources


def test_a_time_may_leave_out_its_seconds() -> None:
    """
    ISO 8601 allows it, and a refused alert is lost for good.
    """
    document = sample("cas_metric_static_test")
    document["data"]["essentials"]["firedDateTime"] = "2026-11-20T09:15Z"

    assert "2026-11-20T09:15:00+00:00" == read(document).starts_at.isoformat()


@pytest.mark.parametrize(
    "kind", ["ModelRegistered", "ModelDeployed", "RunCompleted", "RunStatusChanged"]
)
def test_the_type_of_an_event_is_known_in_any_letter_case(kind: str) -> None:
    data = {"ModelName": "m", "ModelVersion": 3, "ServiceName": "s", "RunId": "r"}
    one = event(kind, data)

    assert read([one]) == read([{**one, "eventType": one["eventType"].lower()}])


@pytest.mark.parametrize(
    ("service", "source", "kind"),
    [
        ("Activity Log - ResourceHealth", "resource_health", "availability"),
        ("Activity Log - Resource Health", "resource_health", "availability"),
        ("ActivityLog-ServiceHealth", "service_health", "platform"),
        ("Activity Log - Policy", "activity_log", "platform"),
        ("activity log - administrative", "activity_log", "change"),
    ],
)
def test_health_is_health_also_under_the_activity_log_s_name(
    service: str, source: str, kind: str
) -> None:
    """
    Else an outage of the workspace would be one more thing that somebody did.
    """
    document = sample("cas_resource_health_test")
    document["data"]["essentials"]["monitoringService"] = service
    found = read(document)

    assert (source, kind) == (found.source, found.kind)
