"""Endpoint health: latency, errors, availability, traffic, load: numbers to verdicts.

The numbers come from Azure Monitor (`RequestLatency_P95`, `RequestsPerMinute` …, one
value a minute) or from logs; nothing here fetches anything. Silence is never health: an
empty window is "not enough data".
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from statistics import median
from typing import TypeAlias

from bot.signals.metric import Direction
from bot.signals.quality import wilson
from bot.signals.report import FeatureResult, Report, Verdict
from bot.signals.sentence import WORST_FIRST, overall

Window: TypeAlias = tuple[float, float]

_FEWEST_REQUESTS = 100  # below which a share of requests says little
_FEWEST_MINUTES = 5
_FEWEST_WEEKS = 3


def _result(
    feature: str,
    metric: str,
    value: float | None,
    threshold: float | None,
    *,
    when: Direction = "above",
    verdict: Verdict | None = None,
    reason: str = "",
    count: int = 0,
    past: int = 0,
    interval: Window | None = None,
) -> FeatureResult:
    over = (
        value is not None
        and threshold is not None
        and (value > threshold if when == "above" else value < threshold)
    )
    return FeatureResult(
        feature=feature,
        data_type="Numerical",
        metric=metric,
        value=value,
        threshold=threshold,
        breached_when=when,
        verdict=verdict or ("breached" if over else "not breached"),
        reason=reason,
        interval=interval,
        reference_count=past,
        production_count=count,
    )


def latency(
    minutes: Sequence[float | None],
    *,
    limit_ms: float,
    percentile: int = 95,
    requests: Sequence[float] | None = None,
) -> FeatureResult:
    """Return a latency percentile over a window against its limit.

    Args:
        minutes: Azure Monitor's percentile of each minute, in milliseconds; None where
            the minute had no request.
        limit_ms: breached above.
        percentile: 50, 90, 95 or 99: what `minutes` holds.
        requests: how many each minute had; weighs the minutes. A percentile of a window
            cannot be had from percentiles of its minutes: this is their mean.

    >>> latency([180, 190, 400, None, 410, 420, 410], limit_ms=250).reason
    'over the limit in 4 of 6 minutes'
    """
    weights = requests if requests is not None else [1.0] * len(minutes)
    known = [
        (float(ms), w)
        for ms, w in zip(minutes, weights, strict=True)
        if ms is not None and math.isfinite(ms)
    ]
    name, metric = f"latency P{percentile}", f"RequestLatency_P{percentile}"
    total = sum(w for _, w in known)
    if len(known) < _FEWEST_MINUTES or total <= 0:
        reason = f"{len(known)} minutes with requests; {_FEWEST_MINUTES} are needed"
        value = sum(ms for ms, _ in known) / len(known) if known else None
        return _result(
            name, metric, value, limit_ms, verdict="not enough data", reason=reason
        )
    over = sum(ms > limit_ms for ms, _ in known)
    return _result(
        name,
        metric,
        sum(ms * w for ms, w in known) / total,
        limit_ms,
        count=len(known),
        reason=f"over the limit in {over} of {len(known)} minutes",
    )


def error_rate(
    requests: Mapping[str, float],
    *,
    limit: float,
    classes: Sequence[str] = ("5xx",),
) -> FeatureResult:
    """Return the share of requests answered with a status of these classes.

    Args:
        requests: how many by `statusCodeClass` ("2xx", "5xx"), or by code ("503").
        limit: share, breached above.
        classes: what counts as an error.

    >>> error_rate({"2xx": 970, "5xx": 30}, limit=0.01).value
    0.03
    """
    total = sum(requests.values())
    bad = sum(n for code, n in requests.items() if _class(code) in classes)
    name = f"{' and '.join(classes)} answers"
    if total < _FEWEST_REQUESTS:
        return _result(
            name,
            "ErrorRate",
            bad / total if total else None,
            limit,
            verdict="not enough data",
            reason=f"{total:,.0f} requests; {_FEWEST_REQUESTS} are needed",
            count=int(total),
        )
    rate = bad / total
    return _result(
        name,
        "ErrorRate",
        rate,
        limit,
        count=int(total),
        interval=wilson(rate, int(total)),
    )


def _class(code: str) -> str:
    return f"{code[0]}xx" if code[:1].isdigit() else code


def availability(
    good: float, total: float, *, target: float, burn_limit: float = 14.4
) -> tuple[FeatureResult, FeatureResult]:
    """Return availability against its target, and how fast the error budget burns.

    Args:
        good, total: requests answered without a server error, and all of them.
        target: share, such as 0.999; breached below.
        burn_limit: 1 uses a month's budget up in a month. 14.4 over an hour uses 2 % of
            it (Google's SRE workbook, chapter 5).

    >>> [round(r.value, 3) for r in availability(980, 1_000, target=0.999)]
    [0.98, 20.0]
    """
    if total < _FEWEST_REQUESTS:
        return _too_few(good, total, target, burn_limit)
    share = good / total
    burning = (1 - share) / max(1 - target, 1e-9)  # a target of 1 leaves no budget
    available = _result(
        "availability",
        "Availability",
        share,
        target,
        when="below",
        count=int(total),
        interval=wilson(share, int(total)),
    )
    burn = _result(
        "error budget burn",
        "ErrorBudgetBurn",
        burning,
        burn_limit,
        count=int(total),
        reason=f"the budget burns {burning:.1f} times as fast as it may",
    )
    return available, burn


def _too_few(
    good: float, total: float, target: float, burn_limit: float
) -> tuple[FeatureResult, FeatureResult]:
    short = _result(
        "availability",
        "Availability",
        good / total if total else None,
        target,
        when="below",
        verdict="not enough data",
        reason=f"{total:,.0f} requests; {_FEWEST_REQUESTS} are needed",
        count=int(total),
    )
    burn = replace(
        short,
        feature="error budget burn",
        metric="ErrorBudgetBurn",
        value=None,
        threshold=burn_limit,
        breached_when="above",
    )
    return short, burn


def request_rate(
    now: float, past: Sequence[float], *, factor: float = 3.0
) -> FeatureResult:
    """Return traffic as a multiple of what this hour of past weeks saw.

    Args:
        now: requests a minute.
        past: requests a minute in the same hour of earlier weeks, at least three.
        factor: breached above it (unexpected traffic) or below 1/factor (silence), when
            that is also further from the median than past weeks were (three times).

    >>> request_rate(0, [110, 120, 100, 115]).reason
    'silence: 0 requests a minute where 112.5 are usual'
    """
    name, metric = "traffic", "RequestsPerMinute"
    if len(past) < _FEWEST_WEEKS:
        reason = f"{len(past)} past weeks; {_FEWEST_WEEKS} are needed"
        return _result(
            name, metric, None, factor, verdict="not enough data", reason=reason
        )
    usual = median(past)
    spread = max(1.4826 * median(abs(x - usual) for x in past), math.sqrt(usual), 1.0)
    odd = abs(now - usual) > 3 * spread
    ratio = now / usual if usual else (1.0 if not now else float(factor + now))
    quiet = now < usual
    beyond = ratio < 1 / factor if quiet else ratio > factor
    what = (
        "unexpected traffic"
        if not quiet
        else "silence"
        if not now
        else "little traffic"
    )
    said = f"{now:g} requests a minute where {usual:g} are usual"
    return _result(
        name,
        metric,
        ratio,
        1 / factor if quiet else factor,
        when="below" if quiet else "above",
        verdict="breached" if odd and beyond else "not breached",
        reason=f"{what}: {said}" if odd and beyond else said,
        past=len(past),
        count=1,
    )


def utilization(
    metric: str, percents: Sequence[float], *, limit: float = 90.0
) -> FeatureResult:
    """Return the mean load of an instance in percent (CPU, memory, GPU, disk).

    Args:
        metric: Azure's name, such as "CpuUtilizationPercentage".
        percents: one value a minute, the busiest instance's.
        limit: breached above.
    """
    known = [p for p in percents if math.isfinite(p)]
    if len(known) < _FEWEST_MINUTES:
        reason = f"{len(known)} minutes; {_FEWEST_MINUTES} are needed"
        return _result(
            metric, metric, None, limit, verdict="not enough data", reason=reason
        )
    return _result(metric, metric, sum(known) / len(known), limit, count=len(known))


def collection_errors(
    dropped: float, collected: float, *, limit: float = 0.01
) -> FeatureResult:
    """Return the share of data collection events that were lost.

    What was not collected cannot drift: a monitor on lossy data is blind.
    """
    total = dropped + collected
    name, metric = "data collection errors", "DataCollectionErrorsPerMinute"
    if not total:
        reason = "nothing was collected"
        return _result(
            name, metric, None, limit, verdict="not enough data", reason=reason
        )
    return _result(name, metric, dropped / total, limit, count=int(total))


def report(
    results: Sequence[FeatureResult],
    *,
    window: tuple[datetime, datetime] | None = None,
    name: str = "",
) -> Report:
    """Return health figures as one report with one sentence, breaches first."""
    ranked = sorted(results, key=lambda result: WORST_FIRST.index(result.verdict))
    return Report(
        signal="endpoint-health",
        mode="sound",
        verdict=overall(ranked),
        sentence=_sentence(ranked),
        results=tuple(ranked),
        reference_rows=0,
        production_rows=max((r.production_count for r in ranked), default=0),
        production_window=window,
        production_name=name,
    )


def _sentence(ranked: Sequence[FeatureResult]) -> str:
    over = [r for r in ranked if r.verdict == "breached"]
    if over:
        rest = f", and {len(over) - 1} more" if len(over) > 1 else ""
        return f"{over[0].feature} is beyond its limit{rest}."
    if overall(ranked) == "not breached":
        return "The endpoint is within its limits."
    why = ranked[0].reason if ranked else "nothing was measured"
    return f"Not enough data to judge the endpoint: {why}."
