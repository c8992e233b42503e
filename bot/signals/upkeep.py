"""What an endpoint costs, and whether the one who watches it is awake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.signals.gauge import Gauge, held, told
from bot.signals.health import beyond
from bot.signals.report import FeatureResult, Report
from bot.signals.sentence import WORST_FIRST, overall

_HOURS = 24
_OURS = "instances of Azure ML times the price in the watch list"


def _money(name: str, alias: str, feature: str) -> Gauge:
    return Gauge(
        name=name,
        alias=alias,
        signal="cost",
        feature=feature,
        breached_when="above",
        unit="money",
        default=None,
        source=_OURS,
    )


PER_DAY = _money("CostPerDay", "cost", "cost a day")
PER_THOUSAND = _money("CostPerThousandRequests", "cost1000", "cost of 1,000 requests")
IDLE = Gauge(
    name="IdleCapacity",
    alias="idle",
    signal="cost",
    feature="idle capacity",
    breached_when="above",
    unit="share",
    default=0.8,
    source="1 less the mean CPU (or GPU) use of a day, by what instances cost",
)
LAST_SEEN = Gauge(
    name="LastSeen",
    alias="seen",
    signal="endpoint-health",
    feature="last seen",
    breached_when="above",
    unit="times",
    default=2.0,
    source="time since it was last seen, in its own intervals",
)


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


def cost_result(
    found: Cost, *, limit: float | None, currency: str = ""
) -> FeatureResult:
    """Return a day's cost against its limit, idle capacity in words."""
    idle = f"{found.idle:.0%} of the capacity was idle"
    result = held(PER_DAY, found.per_day, limit, count=1, reason=idle)
    return replace(result, unit=currency)


def report(
    found: Cost,
    *,
    limits: Mapping[str, float],
    requests: float | None,
    currency: str = "",
    window: tuple[datetime, datetime] | None = None,
    name: str = "",
    loaded: bool = True,
) -> Report:
    """Return what a day costs as one report: a day, 1,000 requests, idle capacity.

    Args:
        limits: by metric name; the gauge's own where it has one.
        requests: of the day; None: not known, then so is the cost of a thousand.
        loaded: whether the load of an instance is known; else idleness is not.

    >>> day = Cost(per_day=24.0, per_thousand=0.5, idle=0.75)
    >>> report(day, limits={"CostPerDay": 20}, requests=48_000, currency="EUR").sentence
    'Cost a day is 24.00 EUR, over the limit of 20.00 EUR; 75% of the capacity was idle.'
    """
    each = (
        (PER_DAY, found.per_day, ""),
        (PER_THOUSAND, found.per_thousand, _no_requests(requests)),
        (IDLE, found.idle if loaded else None, "no figure of the load"),
    )
    results = []
    for gauge, value, why in each:
        limit = limits.get(gauge.name, gauge.default)
        result = held(gauge, value, limit, reason=why if value is None else "", count=1)
        unit = result.unit.replace("money", currency)
        results.append(replace(result, unit=unit))
    ranked = sorted(results, key=lambda result: WORST_FIRST.index(result.verdict))
    return Report(
        signal="cost",
        mode="sound",
        verdict=overall(ranked),
        sentence=_sentence(ranked, found, loaded=loaded),
        results=tuple(ranked),
        reference_rows=0,
        production_rows=round(requests or 0),
        production_window=window,
        production_name=name,
    )


def unknown(
    why: str,
    *,
    limits: Mapping[str, float],
    window: tuple[datetime, datetime] | None = None,
    name: str = "",
) -> Report:
    """Return the report of a day whose cost cannot be computed, and why."""
    results = tuple(
        held(gauge, None, limits.get(gauge.name), verdict="cannot compute", reason=why)
        for gauge in (PER_DAY, PER_THOUSAND, IDLE)
    )
    return Report(
        signal="cost",
        mode="sound",
        verdict="cannot compute",
        sentence=f"What it costs cannot be computed: {why}.",
        results=tuple(replace(result, unit="") for result in results),
        reference_rows=0,
        production_rows=0,
        production_window=window,
        production_name=name,
    )


def _no_requests(requests: float | None) -> str:
    return "no request came" if requests == 0 else "the number of requests is not known"


def _sentence(ranked: Sequence[FeatureResult], found: Cost, *, loaded: bool) -> str:
    over = [r for r in ranked if r.verdict == "breached"]
    idle = f"; {found.idle:.0%} of the capacity was idle" if loaded else ""
    if over:
        more = f", and {len(over) - 1} more" if len(over) > 1 else ""
        return (
            f"{beyond(over[0])}{more}{'' if IDLE.feature in over[0].feature else idle}."
        )
    day = next(r for r in ranked if r.metric == PER_DAY.name)
    limit = "" if day.threshold is None else ", within the limit"
    return f"A day costs {told(found.per_day, day.unit)}{limit}{idle}."


def last_seen(
    what: str,
    seen: datetime | None,
    *,
    now: datetime,
    every: timedelta,
    limit: float | None = LAST_SEEN.default,
) -> FeatureResult:
    """Return how overdue something regular is, as a multiple of its interval.

    A monitor that failed, or was never started, raises no alert: that has to be one.

    Args:
        what: "the monitor's run", "collected data", "labels".
        seen: when it was last seen; None: never.
        every: how often it should be, more than nothing.
        limit: how many of those may pass.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    >>> late = last_seen("labels", datetime(2026, 11, 20, 12, tzinfo=UTC), now=noon,
    ...     every=timedelta(days=1))
    >>> late.verdict, late.value, late.unit, late.reason
    ('breached', 3.0, 'times', 'last seen 72 hours ago')
    """
    if seen is None:
        why = f"{what}: never seen"
        return held(
            LAST_SEEN, None, limit, verdict="breached", reason=why, feature=what
        )
    late = (now - seen) / every
    ago = f"last seen {(now - seen).total_seconds() / 3600:,.0f} hours ago"
    return held(LAST_SEEN, late, limit, reason=ago, feature=what, count=1)


# No rule names LAST_SEEN: what is regular, and how often, the watch list says apart.
GAUGES = (PER_DAY, PER_THOUSAND, IDLE)
