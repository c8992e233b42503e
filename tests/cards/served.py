"""Reports of the engine itself for the samples: how an endpoint serves, what it costs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from bot.signals import Course, Report, attribution, performance, upkeep
from bot.signals.serving import Served, judge

FIRED = datetime(2026, 11, 23, 8, 14, tzinfo=UTC)
WINDOW = (FIRED - timedelta(minutes=10), FIRED)
LIMITS = {"RequestLatency_P95": 250.0, "Availability": 0.999}
USUAL = (212.0, 205.0, 198.0, 220.0)


def serving(
    *,
    kind: str = "",
    p95: float = 182.0,
    rpm: float = 208.0,
    failed: float = 0.0004,
    cpu: float = 46.0,
    past: tuple[float, ...] | None = USUAL,
) -> Report:
    """Return ten minutes of the loan endpoint, by default healthy ones."""
    served = Served(
        window=WINDOW,
        latency={"RequestLatency_P95": [p95] * 10 if rpm else [None] * 10},
        requests=[rpm] * 10,
        answers={"2xx": rpm * 10 * (1 - failed), "5xx": rpm * 10 * failed},
        past=past,
        used={"CpuUtilizationPercentage": [cpu] * 10},
    )
    report = judge(served, LIMITS, first=kind, name="loan-screening")
    few = kind == "latency" and rpm < 1
    drawn = None if few else _COURSES.get(kind)
    return replace(report, course=drawn(p95, rpm, failed, cpu) if drawn else None)


def _course(
    feature: str,
    unit: str,
    limit: float,
    when: Literal["above", "below"],
    *now: float,
    wave: float = 0.04,
) -> Course:
    """Return an hour: as usual at first, and the last ten minutes as `now` says."""
    usual, late = now
    values = [*(usual * (1 + wave * (i % 3)) for i in range(10)), late, late]
    first = FIRED - timedelta(hours=1)
    points = tuple((first + timedelta(minutes=5 * i), v) for i, v in enumerate(values))
    return Course(
        feature=feature, unit=unit, limit=limit, breached_when=when,
        grain_s=300, points=points,
    )  # fmt: skip


_COURSES: dict[str, Callable[[float, float, float, float], Course]] = {
    "latency": lambda p95, *_: _course("latency P95", "ms", 250, "above", 178, p95),
    "errors": lambda _, __, bad, ___: _course(
        "5xx answers", "share", 0.01, "above", 0.0004, bad
    ),
    "availability": lambda _, __, bad, ___: _course(
        "availability", "share", 0.999, "below", 0.9995, 1 - bad, wave=-0.0001
    ),
    "traffic": lambda _, rpm, *__: _course(
        "requests a minute", "", 69.5, "below", 204, rpm
    ),
    "resource": lambda *all_: _course("CPU", "%", 90, "above", 61, all_[3]),
}


def cost(*, limit: float | None = 60.0) -> Report:
    day = upkeep.cost(
        {"blue": 6, "green": 3}, {"blue": 0.33, "green": 0.33}, requests=304_000,
        load={"blue": 21.0, "green": 3.0},
    )  # fmt: skip
    judged = upkeep.report(
        day,
        limits={} if limit is None else {"CostPerDay": limit},
        requests=304_000,
        currency="EUR",
        window=(FIRED - timedelta(days=1), FIRED),
        name="loan-screening",
    )
    first = FIRED - timedelta(days=1)
    grown = [(6 if hour < 15 else 9) * 0.33 * 24 for hour in range(24)]
    points = tuple((first + timedelta(hours=n), v) for n, v in enumerate(grown))
    course = Course(
        feature="cost a day", unit="EUR", limit=limit, breached_when="above",
        grain_s=3600, points=points,
    )  # fmt: skip
    return replace(judged, course=course)


def unpriced() -> Report:
    why = "the watch list names no price of Standard_DS3_v2 (blue)"
    return upkeep.unknown(why, limits={})


def accuracy() -> Report:
    truth = np.arange(2_000) % 2
    said = np.where(np.arange(2_000) % 5 == 0, 1 - truth, truth)
    return performance.performance(
        truth,
        said,
        task="classification",
        thresholds={"Accuracy": 0.9},
        predictions=12_004,
        only=("Accuracy",),
        age="labels came 9 days after their prediction (median; 95% within 14 days)",
    )


def importance() -> Report:
    return attribution.attribution(
        {"annual_income": 0.6, "loan_amount": 0.3, "age": 0.1},
        {"annual_income": 0.1, "loan_amount": 0.3, "age": 0.6},
    )


ANSWERS = {  # of the alerts that no rows can answer
    "errors": serving(kind="errors", failed=0.042),
    "availability": serving(kind="availability", failed=0.011),
    "traffic": serving(kind="traffic", rpm=0.0),
    "resource": serving(kind="resource", cpu=96.4),
    "silence": serving(kind="silence"),
    "cost": cost(),
    "performance": accuracy(),
    "attribution-drift": importance(),
}
