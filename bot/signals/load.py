"""What is asked of an endpoint and what it has to give: traffic, load, collection."""

import math
from collections.abc import Sequence
from statistics import median

from bot.signals.gauge import Gauge, held
from bot.signals.report import FeatureResult

FEWEST_MINUTES = 5
_FEWEST_WEEKS = 3
_LEAST = 1e-6  # requests a minute; fewer than one in a year
_FURTHER = 3  # times further from the median than past weeks were
_AZURE = "Azure Monitor, Microsoft.MachineLearningServices/workspaces/onlineEndpoints"


def _used(name: str, alias: str, feature: str) -> Gauge:
    return Gauge(
        name=name,
        alias=alias,
        signal="endpoint-health",
        feature=feature,
        breached_when="above",
        unit="%",
        default=90.0,
        source=f"{_AZURE}/deployments",
    )


TRAFFIC = Gauge(
    name="RequestsPerMinute",
    alias="traffic",
    signal="endpoint-health",
    feature="traffic",
    breached_when="above",  # and below 1 / limit
    unit="times",
    default=3.0,
    source=f"{_AZURE}, against the same hour of past weeks",
)
COLLECTION = Gauge(
    name="DataCollectionErrorsPerMinute",
    alias="collection",
    signal="endpoint-health",
    feature="data collection errors",
    breached_when="above",
    unit="share",
    default=0.01,
    source=_AZURE,
)
USED = (
    _used("CpuUtilizationPercentage", "cpu", "CPU"),
    _used("CpuMemoryUtilizationPercentage", "memory", "memory"),
    _used("DiskUtilization", "disk", "disk"),
    _used("GpuUtilizationPercentage", "gpu", "GPU"),
    _used("GpuMemoryUtilizationPercentage", "gpu-memory", "GPU memory"),
)


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
    if len(past) < _FEWEST_WEEKS:
        weeks = "1 past week" if len(past) == 1 else f"{len(past)} past weeks"
        reason = f"{weeks}; {_FEWEST_WEEKS} are needed"
        return held(TRAFFIC, None, factor, verdict="not enough data", reason=reason)
    usual = median(past)
    spread = max(1.4826 * median(abs(x - usual) for x in past), math.sqrt(usual), 1.0)
    odd = abs(now - usual) > _FURTHER * spread
    some = usual > _LEAST  # a multiple of next to nothing is no figure
    ratio = now / usual if some else (1.0 if now <= _LEAST else float(factor + now))
    quiet = now < usual
    beyond = odd and (ratio < 1 / factor if quiet else ratio > factor)
    what = _oddity(now, quiet=quiet)
    said = f"{_rate(now)} requests a minute where {_rate(usual)} are usual"
    return held(
        TRAFFIC,
        ratio,
        1 / factor if quiet else factor,
        when="below" if quiet else "above",
        verdict="breached" if beyond else "not breached",
        reason=f"{what}: {said}" if beyond else said,
        past=len(past),
        count=1,
    )


def _rate(a_minute: float) -> str:
    return f"{a_minute:,.1f}".removesuffix(".0")


def _oddity(now: float, *, quiet: bool) -> str:
    if not quiet:
        return "unexpected traffic"
    return "little traffic" if now else "silence"


def utilization(
    metric: str, percents: Sequence[float], *, limit: float = 90.0
) -> FeatureResult:
    """Return the mean load of an instance in percent (CPU, memory, GPU, disk).

    Args:
        metric: Azure's name, such as "CpuUtilizationPercentage".
        percents: one value a minute, the busiest instance's.
        limit: breached above.
    """
    gauge = next((g for g in USED if g.name == metric), _used(metric, "", metric))
    known = [p for p in percents if math.isfinite(p)]
    if len(known) < FEWEST_MINUTES:
        reason = f"{len(known)} minutes; {FEWEST_MINUTES} are needed"
        return held(gauge, None, limit, verdict="not enough data", reason=reason)
    return held(gauge, sum(known) / len(known), limit, count=len(known))


def collection_errors(
    dropped: float, collected: float, *, limit: float = 0.01
) -> FeatureResult:
    """Return the share of data collection events that were lost.

    What was not collected cannot drift: a monitor on lossy data is blind.
    """
    total = dropped + collected
    if not total:
        reason = "nothing was collected"
        return held(COLLECTION, None, limit, verdict="not enough data", reason=reason)
    return held(COLLECTION, dropped / total, limit, count=int(total))


GAUGES = (TRAFFIC, COLLECTION, *USED)
