"""One feature measured by every metric asked of it; then all of them judged."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.signals import catalogue, columns, defects, drift, shape
from bot.signals.catalogue import Asked
from bot.signals.explanation import where
from bot.signals.metric import CannotCompute, Metric, NotApplicable
from bot.signals.pair import Pair
from bot.signals.report import FeatureResult, Shape
from bot.signals.sentence import WORST_FIRST
from bot.signals.significance import benjamini_hochberg
from bot.signals.verdict import azure_breached, azure_breached_when, judge


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured of one feature, not judged yet in sound mode."""

    name: str
    results: tuple[FeatureResult, ...]
    shape: Shape | None
    p_value: float | None
    effect: float | None


def measure(pair: Pair, asked: Sequence[Asked]) -> Found:
    """Return every figure asked of `pair`, the p-value beside it and its shape."""
    with np.errstate(all="ignore"):  # what overflows is inf or NaN, and said to be
        return _measured(pair, asked)


def _measured(pair: Pair, asked: Sequence[Asked]) -> Found:
    one = _measure_azureml if pair.mode == "azureml" else _measure
    tried = (one(a.metric, a.threshold, pair) for a in asked)
    results = tuple(result for result in tried if result)
    if all(a.metric.of_rows for a in asked):
        return Found(pair.feature.name, results, None, None, None)
    sound = pair.mode == "sound" and min(pair.sizes) > 0
    tested = sound and any(a.metric.is_p_value for a in asked)
    return Found(
        pair.feature.name,
        results,
        shape.shape(pair),
        _evidence(pair) if sound else None,
        _effect(pair) if tested else None,
    )


def _blank(metric: Metric, threshold: float, pair: Pair) -> FeatureResult:
    n, m = pair.rows if metric.of_rows else pair.sizes
    return FeatureResult(
        feature=pair.feature.name,
        data_type=pair.feature.data_type,
        metric=metric.name,
        value=None,
        threshold=threshold,
        breached_when=metric.breached_when,
        verdict="cannot compute",
        reference_count=n,
        production_count=m,
        flags=pair.feature.flags,
    )


def _limit(metric: Metric, threshold: float, pair: Pair) -> float:
    return threshold if metric.baseline is None else metric.baseline(pair) + threshold


def _measure(metric: Metric, threshold: float, pair: Pair) -> FeatureResult | None:
    """Return the sound figure, not judged yet."""
    result = _blank(metric, threshold, pair)
    try:
        value = metric.sound(pair)
        limit = _limit(metric, threshold, pair)
    except NotApplicable:
        return None
    except CannotCompute as error:
        return replace(result, reason=error.reason)
    if not math.isfinite(limit):
        return replace(result, threshold=None, reason="no value in the reference")
    if not math.isfinite(value):
        return replace(result, reason="the figure is not a number")
    floor = metric.floor(pair) if metric.floor else math.nan
    interval = metric.interval(pair, value) if metric.interval else (math.nan, math.nan)
    return replace(
        result,
        value=value,
        threshold=limit,
        noise_floor=floor if math.isfinite(floor) else None,
        interval=interval if all(map(math.isfinite, interval)) else None,
    )


def _measure_azureml(
    metric: Metric, threshold: float, pair: Pair
) -> FeatureResult | None:
    """Return Azure ML's figure and its verdict, defects flagged."""
    result = replace(
        _blank(metric, threshold, pair),
        breached_when=azure_breached_when(metric.name),
        flags=defects.found(metric, pair),
    )
    try:
        _refuse_typing(pair)
        value = metric.azureml(pair)
        limit = _limit(metric, threshold, pair)
    except NotApplicable:
        return None
    except CannotCompute as error:
        flags = (*result.flags, defects.refusal(error))
        return replace(result, reason=error.reason, flags=flags)
    breached = azure_breached(metric.name, value, limit)
    finite = math.isfinite(value)
    if math.isnan(value):
        effect = "alerts" if breached else "stays silent"
        result = replace(result, flags=(*result.flags, f"NaN: Azure ML {effect}"))
    return replace(
        result,
        value=value if finite else None,
        not_finite="" if finite else _spelled(value),
        threshold=None if math.isnan(limit) else limit,
        verdict="breached" if breached else "not breached",
    )


def _refuse_typing(pair: Pair) -> None:
    """Raise as Azure ML does when it asks of no rows how many values differ."""
    feature = pair.feature
    if not pair.rows[0] and feature.kind in columns.WHOLE and not feature.told:
        raise CannotCompute("division by zero", kind="ZeroDivisionError")


def row_count(n: int, m: int, threshold: float) -> FeatureResult:
    """Return Azure ML's row count, whose threshold makes one row more a breach."""
    limit = n + threshold
    return FeatureResult(
        feature="",
        data_type="Numerical",
        metric="RowCount",
        value=float(m),
        threshold=limit,
        breached_when="above",
        verdict="breached" if m > limit else "not breached",
        reference_count=n,
        production_count=m,
        flags=("Azure ML limits the row count too: one row more alerts",),
    )


def _spelled(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _evidence(pair: Pair) -> float:
    """Return the p-value that supports, and never decides."""
    if pair.feature.data_type == "Categorical":
        return drift.chi_squared(pair)
    return drift.kolmogorov_smirnov(pair)


def _effect(pair: Pair) -> float | None:
    try:
        if pair.feature.data_type == "Numerical":
            return drift.normalized_wasserstein(pair)
        return drift.jensen_shannon_distance(pair)
    except CannotCompute:
        return None


def collected(found: Sequence[Found]) -> list[FeatureResult]:
    return [result for one in found for result in one.results]


def judged(found: Sequence[Found], smallest: int) -> list[FeatureResult]:
    tested = [one for one in found if one.p_value is not None]
    adjusted = benjamini_hochberg([one.p_value or 0.0 for one in tested])
    by_name = {one.name: p for one, p in zip(tested, adjusted, strict=True)}
    judged = []
    for one in found:
        for plain in one.results:
            metric = catalogue.METRICS[plain.metric]
            result = plain
            if not metric.of_rows:
                p = by_name.get(one.name)
                result = replace(plain, p_value=one.p_value, adjusted_p=p)
            verdict, reason = judge(
                metric, result, effect=one.effect, smallest=smallest
            )
            judged.append(replace(result, verdict=verdict, reason=reason))
    return judged


def ranked(
    results: Sequence[FeatureResult], found: Sequence[Found], top: int
) -> tuple[FeatureResult, ...]:
    """Return the worst first; the first `top` features with their distributions."""
    ordered = sorted(results, key=_rank)
    kept = list(dict.fromkeys(result.feature for result in ordered))[:top]
    shapes = {one.name: one.shape for one in found if one.name in kept and one.shape}
    return tuple(
        replace(r, shape=shapes[r.feature], where=where(shapes[r.feature]))
        if r.feature in shapes
        else r
        for r in ordered
    )


def _rank(result: FeatureResult) -> tuple[int, float]:
    place = WORST_FIRST.index(result.verdict)
    value, limit = result.value, result.threshold
    if value is None or limit is None:
        return place, -math.inf if result.verdict == "breached" else 0.0
    if result.breached_when == "below":
        value, limit = limit, value
    return place, -value / limit if limit > 0 else -math.inf * (value > 0)
