"""Minutes of Azure Monitor become verdicts; what is not there is never health."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.signals import catalogue, from_json, health, to_json, upkeep
from bot.signals.serving import Served, judge

END = datetime(2026, 11, 23, 8, tzinfo=UTC)
WINDOW = (END - timedelta(minutes=10), END)
P95 = "RequestLatency_P95"


def served(*, rpm: float = 240.0, **known: Any) -> Served:
    """Return ten healthy minutes, changed."""
    fields: dict[str, Any] = {
        "window": WINDOW,
        "latency": {P95: [180.0] * 10},
        "requests": [rpm] * 10,
        "answers": {"2xx": rpm * 10},
    }
    return Served(**{**fields, **known})


def verdicts(found: Served, limits: dict[str, float] | None = None) -> dict[str, str]:
    report = judge(found, {P95: 250.0} if limits is None else limits)
    return {r.metric: r.verdict for r in report.results}


def test_a_limit_of_the_watch_list_goes_before_our_own() -> None:
    tired = served(answers={"2xx": 2_300.0, "5xx": 100.0})

    assert "breached" == verdicts(tired)["ErrorRate"]
    assert "not breached" == verdicts(tired, {"ErrorRate": 0.1})["ErrorRate"]
    assert "cannot compute" == verdicts(tired, {})[P95]
    assert "no limit is set" in judge(tired, {}, first="latency").results[-1].reason


@pytest.mark.parametrize(
    ("bad", "total", "limit", "verdict"),
    [
        (30, 1_000, 0.01, "breached"),
        (2, 100, 0.01, "not breached"),  # its interval reaches down to 0.6 %
        (12, 1_000, 0.01, "not breached"),
        (12_000, 1_000_000, 0.01, "breached"),  # as large a share, of more requests
        (0, 99, 0.01, "not enough data"),
    ],
)
def test_errors_are_a_breach_when_chance_cannot_make_them(
    bad: int, total: int, limit: float, verdict: str
) -> None:
    """
    Two bad answers of a hundred wake nobody at a limit of one per cent.
    """
    found = health.error_rate({"2xx": total - bad, "5xx": bad}, limit=limit)

    assert verdict == found.verdict


@pytest.mark.parametrize("good", [99_880, 998])
def test_availability_needs_as_much(good: int) -> None:
    total = good + (120 if good > 1_000 else 2)

    share, burn = health.availability(good, total, target=0.999)

    assert ("breached" if good > 1_000 else "not breached") == share.verdict
    assert burn.interval is not None
    assert burn.interval[0] <= (burn.value or 0.0) <= burn.interval[1]


def test_few_requests_have_no_percentile() -> None:
    """
    A P95 of four requests is one slow request.
    """
    night = served(rpm=0.4, latency={P95: [900.0] * 10})

    found = judge(night, {P95: 250.0}, first="latency")

    assert "not enough data" == found.verdict
    assert found.results[0].metric == P95
    assert "4 requests; 100 are needed" in found.sentence


def test_silence_is_told_from_a_lack_of_figures() -> None:
    """
    Azure has no value both for minutes without a request and for those it is late with.
    """
    past = [200.0, 210.0, 190.0]
    none = served(requests=[None] * 10, answers={}, latency={P95: [None] * 10})
    quiet = Served(window=WINDOW, requests=[0.0] * 10, answers={"2xx": 0.0}, past=past)
    late = Served(window=WINDOW, requests=[None] * 10, answers={}, past=past)

    assert "not enough data" == judge(none, {P95: 250.0}).verdict
    assert (
        "Silence: 0 requests a minute where 200 are usual." == judge(quiet, {}).sentence
    )
    assert "not enough data" == verdicts(late)["RequestsPerMinute"]


def test_what_azure_refused_is_named() -> None:
    refused = Served(
        window=WINDOW, missing={"ErrorRate": "forbidden", "DiskUtilization": "late"}
    )

    found = judge(refused, {})

    assert "cannot compute" == found.verdict
    assert {("ErrorRate", "forbidden"), ("DiskUtilization", "late")} == {
        (r.metric, r.reason) for r in found.results
    }


def test_the_alert_s_own_figure_goes_first() -> None:
    found = served(used={"CpuUtilizationPercentage": [97.0] * 10}, past=[1.0, 2.0, 1.0])

    first = judge(found, {P95: 100.0}, first="resource").results[0]

    assert ("CpuUtilizationPercentage", "%") == (first.metric, first.unit)
    assert "over the limit of 90%" in judge(found, {}, first="resource").sentence


_minutes = st.lists(st.none() | st.floats(0, 1e7), min_size=10, max_size=10)


@settings(deadline=None, max_examples=60)
@example([None] * 10, [*[None] * 9, 4.0], {}, [0.0, 1.0, 2.2250738585072014e-308])
@given(
    _minutes,
    _minutes,
    st.dictionaries(
        st.sampled_from(["2xx", "4xx", "5xx", "503", ""]), st.floats(0, 1e9)
    ),
    st.none() | st.lists(st.floats(0, 1e6), max_size=5),
)
def test_any_figures_have_a_report_that_is_kept_whole(
    latency: Sequence[float | None],
    requests: Sequence[float | None],
    answers: dict[str, float],
    past: list[float] | None,
) -> None:
    found = Served(
        window=WINDOW,
        latency={P95: latency},
        requests=requests,
        answers=answers,
        past=past,
    )

    report = judge(found, {P95: 250.0, "Availability": 1.0})

    assert report == from_json(to_json(report))
    assert report.sentence.endswith(".")


@pytest.mark.parametrize("gauge", catalogue.GAUGES.values(), ids=lambda g: str(g.name))
def test_every_gauge_says_what_it_is(gauge: Any) -> None:
    assert (gauge.name, gauge.signal) == catalogue.kind_of(gauge.name.lower())
    assert (gauge.name, gauge.signal) == catalogue.kind_of(gauge.alias)
    assert gauge.source
    assert gauge.unit


def test_a_metric_that_is_none_is_met_with_one_that_is() -> None:
    with pytest.raises(ValueError, match="did you mean ErrorRate"):
        catalogue.kind_of("ErorRate")
    with pytest.raises(ValueError, match="no metric is called 'zzz'; known: "):
        catalogue.kind_of("zzz")


def test_what_an_idle_endpoint_costs() -> None:
    """
    Two deployments of which one sleeps: money for nothing is the second figure.
    """
    day = upkeep.cost(
        {"blue": 3, "green": 2},
        {"blue": 0.3, "green": 0.3},
        requests=0,
        load={"blue": 10.0, "green": 0.0},
    )

    found = upkeep.report(day, limits={"CostPerDay": 40}, requests=0, currency="EUR")
    by = {r.metric: r for r in found.results}

    assert "Idle capacity is 94%, over the limit of 80%." == found.sentence
    assert (36.0, "EUR", "not breached") == (
        by["CostPerDay"].value, by["CostPerDay"].unit, by["CostPerDay"].verdict
    )  # fmt: skip
    assert "no request came" == by["CostPerThousandRequests"].reason
    dark = upkeep.report(day, limits={}, requests=0, loaded=False)
    assert "A day costs 36.00." == dark.sentence
