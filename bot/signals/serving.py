"""How an endpoint serves, from the minutes that Azure Monitor has, as one report.

A figure that was asked for and could not be had stands in the report as "cannot
compute" with the reason: silence about a figure would read as health.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from bot.signals import health
from bot.signals.gauge import Gauge, held
from bot.signals.load import COLLECTION, TRAFFIC, USED
from bot.signals.report import FeatureResult, Report

Minutes: TypeAlias = Sequence[float | None]
KINDS: Mapping[str, tuple[str, ...]] = {  # what an alert of a kind asks about
    "latency": tuple(g.name for g in health.LATENCIES.values()),
    "errors": (health.ERRORS.name,),
    "availability": (health.AVAILABILITY.name, health.BURN.name),
    "traffic": (TRAFFIC.name,),
    "resource": tuple(g.name for g in USED),
    "silence": (TRAFFIC.name, COLLECTION.name),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What was measured in one window. None: not looked at, or not to be had."""

    window: tuple[datetime, datetime]
    # Milliseconds of each minute, by Azure's name; None where nothing was asked.
    latency: Mapping[str, Minutes] = field(default_factory=dict)
    requests: Minutes | None = None  # of each minute, as long as the latencies
    answers: Mapping[str, float] | None = None  # in the window, by status class
    past: Sequence[float] | None = None  # requests a minute, this hour of past weeks
    used: Mapping[str, Minutes] = field(default_factory=dict)  # the busiest instance's
    collected: tuple[float, float] | None = None  # events lost, and kept
    # Why a figure could not be had, by the name of its metric.
    missing: Mapping[str, str] = field(default_factory=dict)


def judge(
    served: Served, limits: Mapping[str, float], *, first: str = "", name: str = ""
) -> Report:
    """Return the verdict on every figure that was looked at.

    Args:
        limits: by metric name; where there is none the gauge's own default counts, and
            a latency without any has no verdict.
        first: kind of alert whose figures go before others of the same verdict.

    >>> from datetime import UTC, datetime, timedelta
    >>> end = datetime(2026, 11, 23, tzinfo=UTC)
    >>> slow = Served(
    ...     window=(end - timedelta(minutes=10), end),
    ...     latency={"RequestLatency_P95": [561.0] * 10},
    ...     requests=[240.0] * 10,
    ...     answers={"2xx": 2_398.0, "5xx": 2.0},
    ... )
    >>> judge(slow, {"RequestLatency_P95": 250.0}).sentence
    'Latency P95 is 561 ms, over the limit of 250 ms.'
    """
    asked = KINDS.get(first, ())
    results = [*_latencies(served, limits), *_answers(served, limits)]
    results += [*_traffic(served, limits), *_used(served, limits)]
    results += _collection(served, limits)
    results.sort(key=lambda result: result.metric not in asked)
    known = None if served.answers is None else sum(served.answers.values())
    return health.report(results, window=served.window, name=name, requests=known)


def _limit(gauge: Gauge, limits: Mapping[str, float]) -> float:
    assert gauge.default is not None
    return limits.get(gauge.name, gauge.default)


def _refused(served: Served, *gauges: Gauge) -> Iterator[FeatureResult]:
    for gauge in gauges:
        if why := served.missing.get(gauge.name):
            yield held(gauge, None, gauge.default, verdict="cannot compute", reason=why)


def _latencies(served: Served, limits: Mapping[str, float]) -> Iterator[FeatureResult]:
    for percentile, gauge in health.LATENCIES.items():
        minutes = served.latency.get(gauge.name)
        if minutes is None:
            yield from _refused(served, gauge)
            continue
        yield health.latency(
            minutes,
            limit_ms=limits.get(gauge.name),
            percentile=percentile,
            requests=served.requests,
        )


def _answers(served: Served, limits: Mapping[str, float]) -> Iterator[FeatureResult]:
    gauges = health.ERRORS, health.AVAILABILITY, health.BURN
    if served.answers is None:
        yield from _refused(served, *gauges)
        return
    rate, target, burn = (_limit(gauge, limits) for gauge in gauges)
    total = sum(served.answers.values())
    failed = sum(n for code, n in served.answers.items() if code.startswith("5"))
    yield health.error_rate(served.answers, limit=rate)
    yield from health.availability(
        total - failed, total, target=target, burn_limit=burn
    )


def _traffic(served: Served, limits: Mapping[str, float]) -> Iterator[FeatureResult]:
    if served.past is None:
        yield from _refused(served, TRAFFIC)
        return
    known = [n for n in served.requests or () if n is not None]
    factor = _limit(TRAFFIC, limits)
    if known:
        now = sum(known) / len(known)
        yield health.request_rate(now, served.past, factor=factor)
        return
    # Azure says nothing of minutes without a request, and is minutes late with others.
    why = "Azure has no figure for these minutes: no request, or it is late"
    yield held(TRAFFIC, None, factor, verdict="not enough data", reason=why)


def _used(served: Served, limits: Mapping[str, float]) -> Iterator[FeatureResult]:
    for gauge in USED:
        minutes = served.used.get(gauge.name)
        if minutes is None:
            yield from _refused(served, gauge)
            continue
        known = [percent for percent in minutes if percent is not None]
        yield health.utilization(gauge.name, known, limit=_limit(gauge, limits))


def _collection(served: Served, limits: Mapping[str, float]) -> Iterator[FeatureResult]:
    if served.collected is None:
        yield from _refused(served, COLLECTION)
        return
    limit = _limit(COLLECTION, limits)
    yield health.collection_errors(*served.collected, limit=limit)
