"""Endpoint health: latency, errors, availability, traffic, load: numbers to verdicts.

The numbers come from Azure Monitor (`RequestLatency_P95`, `RequestsPerMinute` …, one
value a minute) or from logs; nothing here fetches anything. Silence is never health: an
empty window is "not enough data".
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.signals.gauge import Gauge, held, told
from bot.signals.load import (
    FEWEST_MINUTES,
    TRAFFIC,
    collection_errors,
    request_rate,
    utilization,
)
from bot.signals.load import GAUGES as LOADS
from bot.signals.quality import wilson
from bot.signals.report import FeatureResult, Report
from bot.signals.sentence import WORST_FIRST, overall

__all__ = [
    "GAUGES",
    "availability",
    "collection_errors",
    "error_rate",
    "latency",
    "report",
    "request_rate",
    "utilization",
]

FEWEST_REQUESTS = 100  # below which a share of requests says little
_SRE = "Google, The Site Reliability Workbook (2018), chapters 2 and 5"


def _percentile(percentile: int) -> Gauge:
    return Gauge(
        name=f"RequestLatency_P{percentile}",
        alias=f"p{percentile}",
        signal="endpoint-health",
        feature=f"latency P{percentile}",
        breached_when="above",
        unit="ms",
        default=None,
        source="Azure Monitor, the mean of each minute's percentile",
    )


LATENCIES = {percentile: _percentile(percentile) for percentile in (50, 90, 95, 99)}
ERRORS = Gauge(
    name="ErrorRate",
    alias="errors",
    signal="endpoint-health",
    feature="5xx answers",
    breached_when="above",
    unit="share",
    default=0.01,
    source="Azure Monitor, RequestsPerMinute by statusCodeClass",
)
AVAILABILITY = Gauge(
    name="Availability",
    alias="availability",
    signal="endpoint-health",
    feature="availability",
    breached_when="below",
    unit="share",
    default=0.999,
    source=_SRE,
)
BURN = Gauge(
    name="ErrorBudgetBurn",
    alias="burn",
    signal="endpoint-health",
    feature="error budget burn",
    breached_when="above",
    unit="times",
    default=14.4,
    source=_SRE,
)
GAUGES = (*LATENCIES.values(), ERRORS, AVAILABILITY, BURN, *LOADS)


def latency(
    minutes: Sequence[float | None],
    *,
    limit_ms: float | None,
    percentile: int = 95,
    requests: Sequence[float | None] | None = None,
) -> FeatureResult:
    """Return a latency percentile over a window against its limit.

    Args:
        minutes: Azure Monitor's percentile of each minute, in milliseconds; None where
            the minute had no request.
        limit_ms: breached above; None: no limit, so no verdict.
        percentile: 50, 90, 95 or 99: what `minutes` holds.
        requests: how many each minute had; weighs the minutes. A percentile of a window
            cannot be had from percentiles of its minutes: this is their mean.

    >>> latency([180, 190, 400, None, 410, 420, 410], limit_ms=250).reason
    'over the limit in 4 of 6 minutes'
    """
    gauge = LATENCIES.get(percentile) or _percentile(percentile)
    weights = requests if requests is not None else [1.0] * len(minutes)
    known = [
        (float(ms), w or 0.0)
        for ms, w in zip(minutes, weights, strict=True)
        if ms is not None and math.isfinite(ms)
    ]
    total = sum(w for _, w in known)
    if short := _short(len(known), total, counted=requests is not None):
        value = sum(ms for ms, _ in known) / len(known) if known else None
        return held(gauge, value, limit_ms, verdict="not enough data", reason=short)
    over = sum(limit_ms is not None and ms > limit_ms for ms, _ in known)
    return held(
        gauge,
        sum(ms * w for ms, w in known) / total,
        limit_ms,
        count=len(known) if requests is None else round(total),
        reason=f"over the limit in {over} of {len(known)} minutes"
        if limit_ms is not None
        else "",
    )


def _short(minutes: int, requests: float, *, counted: bool) -> str:
    """Return why there is too little to judge a percentile, "" when there is enough."""
    if minutes < FEWEST_MINUTES or requests <= 0:
        return f"{minutes} minutes with requests; {FEWEST_MINUTES} are needed"
    if counted and requests < FEWEST_REQUESTS:
        return f"{requests:,.0f} requests; {FEWEST_REQUESTS} are needed"
    return ""


def error_rate(
    requests: Mapping[str, float],
    *,
    limit: float,
    classes: Sequence[str] = ("5xx",),
) -> FeatureResult:
    """Return the share of requests answered with a status of these classes.

    Args:
        requests: how many by `statusCodeClass` ("2xx", "5xx"), or by code ("503").
        limit: share, breached above: by all of the 95 % interval, so that one bad
            answer of a hundred is no alarm.
        classes: what counts as an error.

    >>> error_rate({"2xx": 970, "5xx": 30}, limit=0.01).value
    0.03
    >>> error_rate({"2xx": 98, "5xx": 2}, limit=0.01).reason
    'beyond the limit, but within chance'
    """
    total = sum(requests.values())
    bad = sum(n for code, n in requests.items() if _class(code) in classes)
    name = f"{' and '.join(classes)} answers"
    rate = bad / total if total else None
    if rate is None or total < FEWEST_REQUESTS:
        return held(
            ERRORS,
            rate,
            limit,
            feature=name,
            verdict="not enough data",
            reason=f"{total:,.0f} requests; {FEWEST_REQUESTS} are needed",
            count=int(total),
        )
    span = wilson(rate, int(total))
    return held(ERRORS, rate, limit, feature=name, count=int(total), interval=span)


def _class(code: str) -> str:
    return f"{code[0]}xx" if code[:1].isdigit() else code


def availability(
    good: float, total: float, *, target: float, burn_limit: float = 14.4
) -> tuple[FeatureResult, FeatureResult]:
    """Return availability against its target, and how fast the error budget burns.

    Args:
        good, total: requests answered without a server error, and all of them.
        target: share, such as 0.999; breached below, by all of the 95 % interval.
        burn_limit: 1 uses a month's budget up in a month. 14.4 over an hour uses 2 % of
            it (Google's SRE workbook, chapter 5).

    >>> [round(r.value, 3) for r in availability(980, 1_000, target=0.999)]
    [0.98, 20.0]
    """
    if total < FEWEST_REQUESTS:
        return _too_few(good, total, target, burn_limit)
    share, count = min(good / total, 1.0), int(total)
    low, high = wilson(share, count)
    budget = max(1 - target, 1e-9)  # a target of 1 leaves no budget
    burning = (1 - share) / budget
    available = held(AVAILABILITY, share, target, count=count, interval=(low, high))
    burn = held(
        BURN,
        burning,
        burn_limit,
        count=count,
        interval=((1 - high) / budget, (1 - low) / budget),
        reason=f"the budget burns {burning:,.1f} times as fast as it may",
    )
    return available, burn


def _too_few(
    good: float, total: float, target: float, burn_limit: float
) -> tuple[FeatureResult, FeatureResult]:
    reason = f"{total:,.0f} requests; {FEWEST_REQUESTS} are needed"
    share = good / total if total else None
    short, burn = (
        held(
            gauge,
            value,
            limit,
            verdict="not enough data",
            reason=reason,
            count=int(total),
        )
        for gauge, value, limit in (
            (AVAILABILITY, share, target),
            (BURN, None, burn_limit),
        )
    )
    return short, burn


def report(
    results: Sequence[FeatureResult],
    *,
    window: tuple[datetime, datetime] | None = None,
    name: str = "",
    requests: float | None = None,
) -> Report:
    """Return health figures as one report with one sentence, breaches first.

    Args:
        requests: of the window; None: as many as the largest figure rests on.
    """
    ranked = sorted(results, key=lambda result: WORST_FIRST.index(result.verdict))
    most = max((r.production_count for r in ranked), default=0)
    return Report(
        signal="endpoint-health",
        mode="sound",
        verdict=overall(ranked),
        sentence=_sentence(ranked),
        results=tuple(ranked),
        reference_rows=0,
        production_rows=most if requests is None else round(requests),
        production_window=window,
        production_name=name,
    )


def _sentence(ranked: Sequence[FeatureResult]) -> str:
    over = [r for r in ranked if r.verdict == "breached"]
    within = [r for r in ranked if r.verdict == "not breached"]
    if over:
        rest = f", and {len(over) - 1} more" if len(over) > 1 else ""
        return f"{beyond(over[0])}{rest}."
    unknown = [r for r in ranked if r.verdict == "not enough data"]
    if within and unknown:
        names = " and ".join(r.feature for r in within[:3])
        return (
            f"Within its limits: {names}. Not known: {unknown[0].feature}"
            f" ({unknown[0].reason})."
        )
    if within:
        return "The endpoint is within its limits."
    why = ranked[0].reason if ranked else "nothing was measured"
    return f"Not enough data to judge the endpoint: {why}."


def beyond(result: FeatureResult) -> str:
    """Return a breach in words: "Latency P95 is 561 ms, over the limit of 250 ms"."""
    side = "over" if result.breached_when == "above" else "under"
    if result.metric == TRAFFIC.name and result.reason:
        return result.reason[:1].upper() + result.reason[1:]
    name = result.feature[:1].upper() + result.feature[1:]
    if result.value is None or result.threshold is None:
        return f"{name} is beyond its limit"
    verb = "are" if name.endswith("s") else "is"
    now, limit = (told(v, result.unit) for v in (result.value, result.threshold))
    return f"{name} {verb} {now}, {side} the limit of {limit}"
