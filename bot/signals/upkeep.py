"""What an endpoint costs, and whether the one who watches it is awake."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.signals.report import FeatureResult, Verdict

_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Money in the currency of the price."""

    per_day: float
    per_thousand: float | None  # requests; None without a request
    idle: float  # share of the capacity that is paid for and not used


def cost(
    instances: Mapping[str, float],
    prices: Mapping[str, float],
    *,
    requests: float,
    load: Mapping[str, float],
) -> Cost:
    """Return what a day costs.

    Args:
        instances: mean number over the day, by deployment.
        prices: of one instance an hour, by deployment.
        requests: of the day, all deployments together.
        load: mean CPU (or GPU) use in percent, by deployment; missing means unknown,
            counted as used.

    Raises:
        KeyError: a deployment has no price.

    >>> cost({"blue": 2}, {"blue": 0.5}, requests=48_000, load={"blue": 25})
    Cost(per_day=24.0, per_thousand=0.5, idle=0.75)
    """
    by_name = {name: count * prices[name] * _HOURS for name, count in instances.items()}
    total = sum(by_name.values())
    unused = sum(by_name[n] * max(0.0, 1 - load.get(n, 100.0) / 100) for n in by_name)
    return Cost(
        per_day=total,
        per_thousand=total / requests * 1_000 if requests else None,
        idle=unused / total if total else 0.0,
    )


def cost_result(found: Cost, *, limit: float) -> FeatureResult:
    """Return a day's cost against its limit, idle capacity in words."""
    idle = f"{found.idle:.0%} of the capacity was idle"
    return _result("cost a day", "CostPerDay", found.per_day, limit, idle)


def last_seen(
    what: str, seen: datetime | None, *, now: datetime, every: timedelta
) -> FeatureResult:
    """Return how overdue something regular is, as a multiple of its interval.

    A monitor that failed, or was never started, raises no alert: that has to be one.

    Args:
        what: "the monitor's run", "collected data", "labels".
        seen: when it was last seen; None: never.
        every: how often it should be; breached above twice that.
    """
    if seen is None:
        return _result(what, "LastSeen", None, 2.0, f"{what}: never seen", "breached")
    late = (now - seen) / every
    hours = (now - seen).total_seconds() / 3600
    return _result(what, "LastSeen", late, 2.0, f"last seen {hours:,.0f} hours ago")


def _result(
    feature: str,
    metric: str,
    value: float | None,
    limit: float,
    reason: str,
    verdict: Verdict | None = None,
) -> FeatureResult:
    over = value is not None and value > limit
    return FeatureResult(
        feature=feature,
        data_type="Numerical",
        metric=metric,
        value=value,
        threshold=limit,
        breached_when="above",
        verdict=verdict or ("breached" if over else "not breached"),
        reason=reason,
        production_count=1,
    )
