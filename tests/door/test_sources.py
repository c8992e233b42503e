import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import sources
from bot.incident import Alert
from bot.sources import NotAnAlert, Unhandled
from tests.door.events import WORKSPACE, event
from tests.door.goldens import GOLDENS, SAMPLES, plain, route

FOUND = {path.stem: path.read_bytes() for path in sorted(SAMPLES.glob("*.json"))}


def one(name: str, **essentials: Any) -> Alert:
    document = json.loads(FOUND[name])
    document["data"]["essentials"].update(essentials)
    (found,) = sources.read("alerts", json.dumps(document).encode())
    return found


@pytest.mark.parametrize("name", [n for n in FOUND if "validation" not in n])
def test_every_sample_is_read_as_written_down(name: str) -> None:
    """
    One payload of each kind, as its sender really shapes it.
    """
    golden = json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))

    assert golden == plain(sources.read(route(name), FOUND[name]))


def test_at_most_one_source_recognises_a_document() -> None:
    """
    Sources are asked in no order that anyone has to know.
    """
    for name, body in FOUND.items():
        found = json.loads(body)
        document = found[0] if isinstance(found, list) else found
        special = [
            s
            for s in sources.SOURCES
            if s.recognises(document) and not getattr(s, "GENERAL", False)
        ]
        assert len(special) <= 1, name


def test_resolved_carries_the_fingerprint_of_fired_in_any_letter_case() -> None:
    fired = one("cas_metric_aml_latency_p95")
    resolved = one(
        "cas_metric_aml_latency_p95",
        alertId=fired.fingerprint.upper(),
        monitorCondition="Resolved",
        resolvedDateTime="2026-11-20T10:00:00.9999999Z",
    )

    assert fired.fingerprint == resolved.fingerprint
    assert ("firing", "resolved") == (fired.status, resolved.status)
    assert resolved.ends_at is not None
    assert resolved.ends_at > resolved.starts_at


def test_an_end_before_the_start_is_told_and_not_counted() -> None:
    found = one(
        "cas_metric_aml_latency_p95",
        monitorCondition="Resolved",
        resolvedDateTime="2026-11-19T10:00:00Z",
    )

    assert found.ends_at is None
    assert "2026-11-19 10:00 UTC" == found.labels["resolved before it fired"]


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example" + WORKSPACE,
        WORKSPACE + "/onlineendpoints/../../secrets",
        WORKSPACE.replace("/", "\\"),
        WORKSPACE + "/onlineendpoints/credit-fraud/providers/microsoft.authorization"
        "/roleassignments/1",
        WORKSPACE.replace("mlw", "ml\u051d"),
        WORKSPACE + "\r\nX: y",
        WORKSPACE + "%2fx",
        WORKSPACE + "/onlineendpoints",
        "/subscriptions",
        "",
        7,
    ],
)
def test_what_only_looks_like_an_arm_id_is_no_resource(target: object) -> None:
    """
    Our identity asks Azure about resources; nobody else may choose which.
    """
    assert () == one("cas_metric_aml_latency_p95", alertTargetIDs=[target]).resources


def test_no_link_and_no_query_of_a_payload_gets_into_an_alert() -> None:
    """
    What is not kept cannot be followed or run by mistake.
    """
    for name, body in FOUND.items():
        if "validation" in name:
            continue
        text = json.dumps(plain(sources.read(route(name), body)))
        for foreign in ("http", "summarize", "| where", "portal.azure", "sql_up >"):
            assert foreign not in text, name


@pytest.mark.parametrize(
    ("metric", "dimensions", "kind"),
    [
        ("RequestLatency_P99", {}, "latency"),
        ("RequestsPerMinute", {"statusCodeClass": "5xx"}, "errors"),
        ("RequestsPerMinute", {"envoy_response_code": "503"}, "errors"),
        ("RequestsPerMinute", {"statusCodeClass": "2xx"}, "traffic"),
        ("RequestsPerMinute", {}, "traffic"),
        ("CpuMemoryUtilizationPercentage", {}, "resource"),
        ("DeploymentCapacity", {}, "resource"),
        ("DataCollectionErrorsPerMinute", {}, "silence"),
        ("NetworkBytes", {}, "traffic"),
        ("Availability", {}, "availability"),
    ],
)
def test_a_metric_s_name_tells_the_kind(
    metric: str, dimensions: dict[str, str], kind: str
) -> None:
    document = json.loads(FOUND["cas_metric_aml_latency_p95"])
    document["data"]["alertContext"]["condition"]["allOf"] = [
        {
            "metricName": metric,
            "dimensions": [{"name": k, "value": v} for k, v in dimensions.items()],
            "metricValue": 1,
        }
    ]
    (found,) = sources.read("alerts", json.dumps(document).encode())

    assert kind == found.kind


def test_a_new_service_of_the_common_schema_is_still_an_alert() -> None:
    found = one("cas_metric_aml_latency_p95", monitoringService="Quantum Alerts V9")

    assert "common_schema" == found.source
    assert "latency" == found.kind


def test_a_delivery_keeps_what_it_understood_beside_what_it_did_not() -> None:
    good = event("ModelRegistered", {"ModelName": "m", "ModelVersion": 3})
    body = json.dumps([good, event("SomethingNew", {})]).encode()

    with pytest.raises(Unhandled, match="SomethingNew") as caught:
        sources.read("events", body)
    assert ["Model m:3 was registered"] == [a.title for a in caught.value.alerts]


def test_one_bad_event_is_named_and_the_good_ones_are_kept() -> None:
    """
    Event Grid never repeats a delivery that was refused.
    """
    good = event("ModelRegistered", {"ModelName": "m", "ModelVersion": 3})
    body = json.dumps([good, {"id": 5}, 7]).encode()

    sources.check("events", body)

    with pytest.raises(Unhandled, match=r"event 1: id .*; event 2 is not") as caught:
        sources.read("events", body)
    assert 1 == len(caught.value.alerts)


def test_a_delivery_without_one_good_event_is_refused() -> None:
    with pytest.raises(NotAnAlert, match="event 0: id"):
        sources.check("events", json.dumps([{"id": 5}, 7]).encode())


@pytest.mark.parametrize(
    "name",
    [
        "Endpoint Name",
        "endpoint_name",
        "OnlineEndpointName",
        "ENDPOINT",
        "endpoint-name",
    ],
)
def test_a_dimension_names_the_endpoint_however_it_is_spelled(name: str) -> None:
    """
    Who writes the query chooses the names of its columns, and how many there are.
    """
    many = [{"name": f"column {n}", "value": "x"} for n in range(60)]
    found = log_alert([*many, {"name": name, "value": "credit-fraud"}], {})

    assert "credit-fraud" == found.endpoint


LOGS = "/subscriptions/s/resourceGroups/g/providers/microsoft.operationalinsights"
LOGS += "/workspaces/law"


def row(value: float, **dimensions: str) -> dict[str, Any]:
    pairs = [{"name": k, "value": v} for k, v in dimensions.items()]
    return {"metricMeasureColumn": "n", "metricValue": value, "dimensions": pairs}


@pytest.mark.parametrize("service", ["Log Alerts V2", "Platform", "Quantum Alerts V9"])
def test_rows_that_name_two_endpoints_are_an_alert_about_each(service: str) -> None:
    """
    Each owner hears of his own rows; what names no endpoint belongs to all.
    """
    document = json.loads(FOUND["cas_log_v2_aml_traffic"])
    document["data"]["essentials"] |= {
        "alertTargetIDs": [LOGS],
        "monitoringService": service,
    }
    document["data"]["alertContext"]["condition"]["allOf"] = [
        row(57, EndpointName="credit-fraud", DeploymentName="blue"),
        row(31, EndpointName="Credit-Fraud", DeploymentName="green"),
        row(8, EndpointName="churn", DeploymentName="blue"),
        row(9),
        row(5, _ResourceId=f"{WORKSPACE}/onlineEndpoints/loan/deployments/red"),
    ]

    found = sources.read("alerts", json.dumps(document).encode())

    assert 1 == len({alert.fingerprint for alert in found})
    assert [
        ("credit-fraud", "", [57, 31, 9]),
        ("churn", "blue", [8, 9]),
        ("loan", "red", [9, 5]),
    ] == [(a.endpoint, a.deployment, [r.value for r in a.readings]) for a in found]
    assert "blue, green" == found[0].labels["DeploymentName"]
    assert [False, False, True] == [
        any("/onlineendpoints/loan/" in r for r in a.resources) for a in found
    ]


def test_rows_below_one_target_stay_one_alert() -> None:
    document = json.loads(FOUND["cas_log_v2_aml_traffic"])
    document["data"]["alertContext"]["condition"]["allOf"] = [
        row(57, EndpointName="credit-fraud"),
        row(31, EndpointName="churn"),
    ]

    assert 1 == len(sources.read("alerts", json.dumps(document).encode()))


def test_rows_of_the_first_version_name_their_endpoints_too() -> None:
    """
    It has no dimensions where it counts rows; the columns say what they are about.
    """
    document = json.loads(FOUND["cas_log_v1_metric_measurement"])
    context = document["data"]["alertContext"]
    context["SearchResults"]["tables"][0] |= {
        "columns": [
            {"name": n} for n in ("Customer", "EndpointName", "DeploymentName")
        ],
        "rows": [["Anna", "loan", "blue"], ["Ben", "churn", "red"], "x", [], ["Cleo"]],
    }

    found = sources.read("alerts", json.dumps(document).encode())

    assert [("loan", "blue"), ("churn", "red")] == [
        (alert.endpoint, alert.deployment) for alert in found
    ]
    assert "Anna" not in json.dumps(plain(found))


def test_the_rule_s_own_properties_name_the_endpoint_when_azure_does_not() -> None:
    said = {"endpoint": "credit-fraud", "deployment": "blue"}

    alone = log_alert([{"name": "region", "value": "north"}], said)
    other = log_alert([{"name": "EndpointName", "value": "other"}], said)

    assert ("credit-fraud", "blue") == (alone.endpoint, alone.deployment)
    assert "other" == other.endpoint


def log_alert(dimensions: list[dict[str, str]], custom: dict[str, str]) -> Alert:
    """Return a log alert about a Log Analytics workspace."""
    document = json.loads(FOUND["cas_log_v2_aml_traffic"])
    document["data"]["essentials"]["alertTargetIDs"] = []
    document["data"]["customProperties"] = custom
    criterion = document["data"]["alertContext"]["condition"]["allOf"][0]
    criterion["dimensions"] = dimensions
    (found,) = sources.read("alerts", json.dumps(document).encode())
    return found


def test_the_common_schema_is_known_in_any_letter_case() -> None:
    document = json.loads(FOUND["cas_metric_aml_latency_p95"])
    document["schemaId"] = "AZUREMonitorCommonAlertSchema"
    body = json.dumps(document).encode()

    sources.check("alerts", body)

    assert "metric_alert" == sources.read("alerts", body)[0].source


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "Budget Test_actual_cost_budget is over its limit"),
        (
            {"ThresholdType": "Forecasted"},
            "Budget Test_actual_cost_budget is forecast to go over its limit",
        ),
        (
            {"SpentAmount": 20, "Unit": "EUR"},
            "Budget Test_actual_cost_budget is at 20 of 25 EUR",
        ),
    ],
)
def test_a_budget_is_not_called_overspent_before_it_is(
    changes: dict[str, Any], title: str
) -> None:
    document = json.loads(FOUND["cas_budget_actual_test"])
    document["data"]["alertContext"]["AlertData"] |= changes
    (found,) = sources.read("alerts", json.dumps(document).encode())

    assert title == found.title


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alertId", 7),
        ("alertId", ""),
        ("alertId", "x" * 5000),
        ("firedDateTime", "yesterday"),
        ("firedDateTime", 1732348800),
        ("firedDateTime", "0001-01-01T00:00:00+14:00"),
        ("firedDateTime", "9999-12-31T23:59:59.9999999Z"),
        ("firedDateTime", "2026-11-23T08:00:00.0000000Z" + "0" * 500),
        ("firedDateTime", None),
        ("monitorCondition", "Exploded"),
        ("monitorCondition", ["Fired"]),
        ("severity", ["Sev1"]),
    ],
)
def test_an_envelope_that_says_nothing_usable_is_refused(
    field: str, value: object
) -> None:
    document = json.loads(FOUND["cas_metric_aml_latency_p95"])
    document["data"]["essentials"][field] = value

    with pytest.raises(NotAnAlert):
        sources.check("alerts", json.dumps(document).encode())


LOAN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.X/types/Loan"


@pytest.mark.parametrize(
    ("given", "targets"),
    [
        (LOAN, (LOAN.lower(),)),
        ([LOAN, 7, {"id": LOAN}, None], (LOAN.lower(),)),
        ("x", ()),
        (7, ()),
        ({"id": LOAN}, ()),
        (None, ()),
    ],
)
def test_odd_targets_lose_no_alert(given: object, targets: tuple[str, ...]) -> None:
    """
    They only say what it is about; an alert about nobody is listed as unresolved.
    """
    document = json.loads(FOUND["cas_metric_static_test"])
    document["data"]["essentials"]["alertTargetIDs"] = given
    body = json.dumps(document).encode()

    sources.check("alerts", body)
    [alert] = sources.read("alerts", body)

    assert targets == alert.resources


@pytest.mark.parametrize("absent", [{}, {"time": None}])
def test_a_cloud_event_without_a_time_is_of_when_it_came(
    absent: dict[str, Any],
) -> None:
    """
    CloudEvents 1.0 makes the time optional, and a 400 is never sent again.
    """
    document = json.loads(FOUND["ce_modelmonitor_data_quality"])
    event = document[0] if isinstance(document, list) else document
    event.pop("time")
    body = json.dumps({**event, **absent}).encode()
    came = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)

    sources.check("events", body)
    found = sources.read("events", body, came)

    assert found
    assert {came} == {alert.starts_at for alert in found}
