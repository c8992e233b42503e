"""A figure of an endpoint as a whole: what it is, and how it is held against a limit."""

from dataclasses import dataclass

from bot.signals.metric import Direction
from bot.signals.report import FeatureResult, Verdict

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One figure under Azure's name, where Azure has one.

    `default` is the limit where no rule gives one; None: no limit suits every endpoint.
    """

    name: str
    alias: str  # what a person types
    signal: str  # "endpoint-health" or "cost"
    feature: str  # in the words of a sentence: "latency P95"
    breached_when: Direction
    unit: str
    default: float | None
    source: str


def held(
    gauge: Gauge,
    value: float | None,
    limit: float | None,
    *,
    verdict: Verdict | None = None,
    reason: str = "",
    count: int = 0,
    past: int = 0,
    interval: Interval | None = None,
    feature: str = "",
    when: Direction | None = None,
) -> FeatureResult:
    """Return the figure against its limit; a given `verdict` overrules the comparison.

    Where an interval is known a breach needs all of it beyond the limit: what chance
    alone can do raises no alarm. Without a limit there is a figure and no verdict.
    """
    direction = when or gauge.breached_when
    judged, why = _verdict(value, limit, direction, interval)
    return FeatureResult(
        feature=feature or gauge.feature,
        data_type="Numerical",
        metric=gauge.name,
        value=value,
        threshold=limit,
        breached_when=direction,
        verdict=verdict or judged,
        reason=reason if verdict else "; ".join(part for part in (why, reason) if part),
        interval=interval,
        reference_count=past,
        production_count=count,
        unit=gauge.unit,
    )


def _verdict(
    value: float | None,
    limit: float | None,
    when: Direction,
    interval: Interval | None,
) -> tuple[Verdict, str]:
    if value is None:
        return "not enough data", ""
    if limit is None:
        return "cannot compute", "no limit is set"
    beyond = value > limit if when == "above" else value < limit
    if beyond and interval and interval[0] <= limit <= interval[1]:
        return "not breached", "beyond the limit, but within chance"
    return ("breached" if beyond else "not breached"), ""


def told(value: float, unit: str) -> str:
    """Return a figure with its unit.

    >>> told(0.0312, "share"), told(0.99996, "share"), told(561.3, "ms")
    ('3.12%', '99.996%', '561 ms')
    >>> told(2.504, "times"), told(12.5, "EUR a day"), told(93.4, "%"), told(0.4, "ms")
    ('2.5 times', '12.50 EUR a day', '93.4%', '0.4 ms')
    """
    if unit == "share":
        return f"{_share(value * 100)}%"
    if unit == "%":
        return f"{value:,.1f}%".replace(".0%", "%")
    if unit in ("ms", "times"):
        size = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004
        return f"{size} {unit}"
    return f"{value:,.2f} {unit}".rstrip()


def _share(percent: float) -> str:
    """Return percents so that only an exact 0 or 100 reads as one."""
    for digits in (2, 3, 4, 6):
        shown = f"{percent:.{digits}f}".rstrip("0").rstrip(".")
        if shown not in ("0", "100") or float(shown) == round(percent, 9):
            return shown
    return f"{percent:.2g}"
