"""Health figures, and that silence is never taken for health."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.signals import FeatureResult, health


def test_slow_minutes_count_by_their_requests() -> None:
    busy = health.latency(
        [100, 100, 100, 100, 900], limit_ms=250, requests=[1, 1, 1, 1, 96]
    )

    assert ("breached", 868.0) == (busy.verdict, busy.value)
    assert "over the limit in 1 of 5 minutes" == busy.reason


@pytest.mark.parametrize(
    "result",
    [
        health.latency([None, None], limit_ms=250),
        health.error_rate({}, limit=0.01),
        health.availability(0, 0, target=0.999)[0],
        health.availability(0, 0, target=0.999)[1],
        health.request_rate(12, [], factor=3),
        health.utilization("CpuUtilizationPercentage", []),
        health.collection_errors(0, 0),
    ],
    ids=lambda result: str(result.feature),
)
def test_an_empty_window_is_not_health(result: FeatureResult) -> None:
    """
    An endpoint without requests has no errors either; that must not look green.
    """
    assert "not enough data" == result.verdict
    assert result.reason


def test_errors_are_counted_by_class() -> None:
    requests = {"200": 900, "503": 50, "404": 50}

    assert 0.05 == health.error_rate(requests, limit=0.01).value
    both = health.error_rate(requests, limit=0.2, classes=("4xx", "5xx"))
    assert ("not breached", 0.1) == (both.verdict, both.value)


def test_a_budget_burns_faster_than_it_may() -> None:
    share, burn = health.availability(9_900, 10_000, target=0.999)

    assert ("breached", "not breached") == (share.verdict, burn.verdict)
    assert burn.value == pytest.approx(10)
    assert "10.0 times as fast" in burn.reason


@pytest.mark.parametrize(
    ("now", "verdict", "word"),
    [
        (0, "breached", "silence"),
        (20, "breached", "little"),
        (100, "not breached", "usual"),
        (500, "breached", "unexpected"),
    ],
)
def test_traffic_is_judged_both_ways(now: float, verdict: str, word: str) -> None:
    result = health.request_rate(now, [110, 120, 100, 115])

    assert verdict == result.verdict
    assert word in result.reason


@settings(deadline=None)
@given(st.floats(0, 1e6), st.lists(st.floats(0, 1e6), max_size=8))
def test_any_traffic_has_a_verdict(now: float, past: list[float]) -> None:
    result = health.request_rate(now, past)

    assert (len(past) < 3) == (result.verdict == "not enough data")


def test_the_report_says_the_worst_first() -> None:
    load = health.utilization("CpuUtilizationPercentage", [50] * 10)
    slow = health.latency([900] * 10, limit_ms=250)
    lost = health.collection_errors(1, 9_999)

    report = health.report([load, slow, lost])

    assert "breached" == report.verdict
    assert "Latency P95 is 900 ms, over the limit of 250 ms." == report.sentence
    assert "The endpoint is within its limits." == health.report([load]).sentence
    assert "nothing was measured" in health.report([]).sentence
