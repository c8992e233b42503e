import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import sources
from bot.incident import Alert
from bot.sources.monitor_breach import rows
from tests.door.events import WORKSPACE, event


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


@pytest.mark.parametrize(
    "unjudged", [row("NullValueRate", float("nan"), 0.1), row("RowCount", 9, 5)]
)
def test_what_cannot_be_judged_is_not_counted_as_a_breach(
    unjudged: dict[str, Any],
) -> None:
    """
    A figure that could not be computed is neither a breach nor its absence.
    """
    alone = breach(message("s", unjudged))
    beside = breach(message("s", unjudged, row("NullValueRate", 0.4, 0.1)))

    assert ("s: breached, as Azure says", 2) == (alone.title, alone.severity)
    assert "s: 1 feature past a threshold" == beside.title
    assert "not a breach by its own direction" not in alone.labels


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


_ROWS = [json.dumps(row("NullValueRate", 0.4, 0.1))]
_SAID = "The signal 's' … violating metric thresholds … are "


@pytest.mark.parametrize(
    "text",
    [
        f"{_SAID}\n{_ROWS!r}\nSee the studio.\n",
        f"{_SAID}\r\n{_ROWS!r}\r\n",
        f"{_SAID}\\n{_ROWS!r}\\n",
        f"{_SAID}{_ROWS!r}",
        f"{_SAID}\n[{_ROWS[0]}]\n",
        f"{_SAID}\n{json.dumps(_ROWS)}\n",
    ],
)
def test_the_list_is_found_however_its_surroundings_are_written(text: str) -> None:
    assert (rows(f"{_SAID}\n{_ROWS!r}\n")[0], 0) == rows(text)


def test_what_came_before_a_tag_was_cut_off_is_read() -> None:
    two = [*_ROWS, *_ROWS]

    found, unread = rows(f"{_SAID}\n{two!r}"[:-20])

    assert (1, 1) == (len(found), unread)


@pytest.mark.parametrize(
    ("metric", "value", "kind", "breached"),
    [
        ("accuracy", 0.95, "performance", False),
        ("null_value_rate", 0.95, "data-quality", True),
        ("two_sample_kolmogorov_smirnov_test", 0.95, "data-drift", False),
    ],
)
def test_a_metric_is_known_in_any_spelling(
    metric: str, value: float, kind: str, *, breached: bool
) -> None:
    found = breach(message("loan", row(metric, value, 0.9)))

    assert (kind, breached) == (found.kind, found.readings[0].breached)


def test_tags_that_come_as_a_text_are_read() -> None:
    tag = {"azureml_modelmonitor_threshold_breached": f"{_SAID}\n{_ROWS!r}\n"}
    body = event("RunStatusChanged", {"runId": "r", "RunTags": json.dumps(tag)})

    (found,) = sources.read("events", json.dumps(body).encode())

    assert "monitor_breach" == found.source


@settings(deadline=None)
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


def test_a_feature_past_two_thresholds_is_one_feature() -> None:
    """
    And a row that stands twice is one row: the title counts what people look for.
    """
    found = breach(
        message(
            "drift",
            row("JensenShannonDistance", 0.3, 0.1, "age"),
            row("PopulationStabilityIndex", 0.4, 0.2, "age"),
            row("JensenShannonDistance", 0.3, 0.1, "age"),
        )
    )

    assert "drift: 1 feature past a threshold" == found.title
    assert 2 == len(found.readings)
