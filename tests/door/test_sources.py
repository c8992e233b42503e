import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import sources
from bot.incident import Alert
from bot.sources import NotAnAlert, Route, Unhandled
from bot.sources.monitor_breach import rows
from tests.door.goldens import GOLDENS, SAMPLES, plain, route

FOUND = {path.stem: path.read_bytes() for path in sorted(SAMPLES.glob("*.json"))}
WORKSPACE = (
    "/subscriptions/aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e/resourcegroups/rg-ml-prod"
    "/providers/microsoft.machinelearningservices/workspaces/mlw-prod"
)


def one(name: str, **essentials: Any) -> Alert:
    document = json.loads(FOUND[name])
    document["data"]["essentials"].update(essentials)
    (found,) = sources.read("alerts", json.dumps(document).encode())
    return found


def event(kind: str, data: Any, **fields: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "topic": WORKSPACE.upper().replace("/SUBSCRIPTIONS", "/subscriptions"),
        "subject": "experiments/e/runs/r",
        "eventType": f"Microsoft.MachineLearningServices.{kind}",
        "eventTime": "2026-11-20T07:02:11.1Z",
        "data": data,
        "dataVersion": "",
        **fields,
    }


def breach(text: str, tag: str = "azureml_modelmonitor_threshold_breached") -> Alert:
    data = {"experimentName": "Loan_Monitor", "runId": "r1", "RunTags": {tag: text}}
    body = json.dumps([event("RunStatusChanged", data)]).encode()
    (found,) = sources.read("events", body)
    return found


def message(signal: str, *breached: dict[str, Any]) -> str:
    """Return what Azure's component writes for its breached rows."""
    return (
        f"The signal '{signal}' has failed due to one or more features violating "
        "metric thresholds.\nThe feature names and their corresponding computed metric "
        f"values violating the threshold are \n{[json.dumps(r) for r in breached]}\n"
    )


def row(
    metric: str, value: float, threshold: float, group: str = "x"
) -> dict[str, Any]:
    return {
        "metric_value": value,
        "metric_name": metric,
        "threshold_value": threshold,
        "group": group,
    }


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


def test_a_breach_is_judged_by_the_metric_s_own_direction() -> None:
    """
    Azure's component reports a *better* accuracy as the breach.
    """
    found = breach(
        message(
            "perf",
            row("Accuracy", 0.97, 0.9),
            row("Accuracy", 0.81, 0.9, "segment=north"),
            row("AggregatedFluencyPassRate", 0.95, 0.9),
        )
    )

    assert [False, True, False] == [r.breached for r in found.readings]
    assert "below" == found.readings[0].breached_when
    assert "performance" == found.kind
    assert "perf: 1 feature past a threshold" == found.title
    assert "Accuracy of x" in found.labels["not a breach by its own direction"]


def test_only_false_breaches_are_less_severe() -> None:
    assert 3 == breach(message("perf", row("Recall", 0.97, 0.9))).severity


@pytest.mark.parametrize(
    ("signal", "metric", "kind"),
    [
        ("loan_prediction_drift", "JensenShannonDistance", "prediction-drift"),
        ("loan", "PearsonsChiSquaredTest", "data-drift"),
        ("loan", "NullValueRate", "data-quality"),
        ("loan", "NormalizedDiscountedCumulativeGain", "attribution-drift"),
        ("loan", "AverageCoherenceScore", "performance"),
        ("loan_data_quality", "SomethingNew", "data-quality"),
    ],
)
def test_metrics_and_signal_tell_the_kind(signal: str, metric: str, kind: str) -> None:
    assert kind == breach(message(signal, row(metric, 0.5, 0.1))).kind


def test_a_later_run_of_a_monitor_joins_its_earlier_one() -> None:
    """
    A breach that lasts a week is one condition and not seven.
    """
    first = breach(message("drift", row("NullValueRate", 0.1, 0)))
    root = "azureml.modelmonitor.threshold.breached.drift"
    again = breach(message("drift", row("NullValueRate", 0.2, 0)), tag=root)

    assert first.fingerprint == again.fingerprint
    assert f"azureml|{WORKSPACE}|monitor|loan_monitor|drift" == first.fingerprint


def test_the_nan_that_python_writes_is_no_value() -> None:
    found = breach(message("drift", row("NullValueRate", float("nan"), 0.1)))

    assert found.readings[0].value is None
    assert found.readings[0].breached is None


@pytest.mark.parametrize(
    "listed",
    [
        "",
        "[",
        "[1, 2]",
        "['{}']",
        "['{']",
        "['\\ud800']",
        "['\\x00']",
        "['a' 'b']",
        "__import__('os').system('x')",
        "[" * 100_000,
        "['" + "[" * 100_000 + "']",
        "-" * 100_000 + "1",
        "['" + "\\'" * 100_000,
        "['\\U00110000']",
        '[\'{"metric_name": [], "metric_value": {}}\']',
    ],
)
def test_a_breach_that_cannot_be_read_is_still_a_breach(listed: str) -> None:
    """
    Somebody's monitor failed. That much we know, whatever the list says.
    """
    found = breach(f"The signal 's' … violating metric thresholds … are \n{listed}\n")

    assert () == found.readings
    assert "firing" == found.status


@given(st.lists(st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3)))
def test_whatever_python_writes_is_taken_apart_again(
    listed: list[dict[str, str]],
) -> None:
    """
    Quotes, backslashes and line ends of feature names go through repr and JSON.
    """
    wanted = [
        {"metric_name": "NullValueRate", "group": "".join(d.values())} for d in listed
    ]
    text = f" are \n{[json.dumps(w, ensure_ascii=False) for w in wanted]}\n"
    found, unread = rows(text)

    assert len(wanted) == len(found) + unread
    assert unread <= sum(not w["group"].isprintable() for w in wanted)


def test_a_delivery_keeps_what_it_understood_beside_what_it_did_not() -> None:
    good = event("ModelRegistered", {"ModelName": "m", "ModelVersion": 3})
    body = json.dumps([good, event("SomethingNew", {})]).encode()

    with pytest.raises(Unhandled, match="SomethingNew") as caught:
        sources.read("events", body)
    assert ["Model m:3 was registered"] == [a.title for a in caught.value.alerts]


def test_one_bad_event_refuses_its_delivery_and_is_named() -> None:
    """
    All or none: Event Grid repeats a delivery as a whole.
    """
    good = event("ModelRegistered", {"ModelName": "m", "ModelVersion": 3})
    with pytest.raises(NotAnAlert, match="event 1: id"):
        sources.check("events", json.dumps([good, {"id": 5}]).encode())


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
        ("alertTargetIDs", "x"),
    ],
)
def test_an_envelope_that_says_nothing_usable_is_refused(
    field: str, value: object
) -> None:
    document = json.loads(FOUND["cas_metric_aml_latency_p95"])
    document["data"]["essentials"][field] = value

    with pytest.raises(NotAnAlert):
        sources.check("alerts", json.dumps(document).encode())


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["2026-11-20T07:02:11Z", "Fired", "Sev1", WORKSPACE, "1e9"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def distorted(draw: st.DrawFn) -> tuple[Route, bytes]:
    """Return a real payload with some members replaced, removed or renamed."""
    name = draw(st.sampled_from(list(FOUND)))
    document = json.loads(FOUND[name])
    places = list(_places(document))
    for place, key in draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)):
        if isinstance(place, dict) and draw(st.booleans()):
            place.pop(key, None)
        elif isinstance(place, dict) or key < len(place):
            place[key] = draw(JSON_VALUES)
    return route(name), json.dumps(document, allow_nan=False, default=str).encode()


def _places(value: Any) -> Any:
    """Yield every container of the document with every key of it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def _outcome(body: bytes, where: Route) -> tuple[bool, tuple[Alert, ...]]:
    try:
        return True, sources.read(where, body)
    except Unhandled as miss:
        return True, miss.alerts
    except NotAnAlert:
        return False, ()


@settings(max_examples=1500)
@given(distorted())
def test_no_distortion_of_a_real_payload_surprises_us(
    delivery: tuple[Route, bytes],
) -> None:
    """
    What the door let in, the worker must be able to read: it has no sender to ask.
    """
    where, body = delivery
    taken, alerts = _outcome(body, where)

    for alert in alerts:
        assert alert.fingerprint
        assert alert.starts_at.tzinfo is not None
        assert all(r.isascii() and r == r.lower() for r in alert.resources)
        assert len(alert.title) <= 600
    if taken:
        sources.check(where, body)
    else:
        with pytest.raises(NotAnAlert):
            sources.check(where, body)


@settings(max_examples=300)
@example([], "events")
@example({"schemaId": "azureMonitorCommonAlertSchema", "data": "{}"}, "alerts")
@given(JSON_VALUES, st.sampled_from(["alerts", "events"]))
def test_any_json_at_all_is_an_answer(value: Any, where: Route) -> None:
    _outcome(json.dumps(value, default=str).encode(), where)
