"""Compare a production window with its reference window: one call, one report."""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from bot.signals import catalogue, columns, defects, drift, shape
from bot.signals.catalogue import Asked
from bot.signals.columns import Data, Feature, Frame, Mask
from bot.signals.metric import CannotCompute, Metric, Mode, NotApplicable, RuleLike
from bot.signals.pair import Pair
from bot.signals.report import FeatureResult, Report, Shape
from bot.signals.sentence import WORST_FIRST, overall, sentence
from bot.signals.significance import benjamini_hochberg
from bot.signals.verdict import SMALLEST, azure_breached, azure_breached_when, judge

Window: TypeAlias = tuple[datetime, datetime]
_TOP = 5  # features whose distributions go into the report


def evaluate(
    reference: Data,
    production: Data,
    rules: Iterable[RuleLike] = (),
    *,
    mode: Mode = "sound",
    signal: str = "data-drift",
    reference_name: str = "",
    production_name: str = "",
    reference_window: Window | None = None,
    production_window: Window | None = None,
    numerical: Iterable[str] = (),
    categorical: Iterable[str] = (),
    smallest: int = SMALLEST,
    top: int = _TOP,
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Return what has changed between the two sides, the worst feature first.

    Args:
        reference, production: a `pyarrow.Table`, a mapping of names to arrays of one
            length, or any `Frame`; columns are read one at a time.
        rules: metric, threshold, columns; none means Azure ML's choice for the signal:
            Wasserstein for numbers, Jensen-Shannon for categories; all quality rates.
        mode: "sound" (what we alert on) or "azureml" (the same figure as Azure ML).
        numerical, categorical: columns whose type you know better.
        smallest: values a side below which the sound mode does not judge.
        top: for how many features the report keeps both distributions.
        threads: columns worked on at once; None: one a processor.
        progress: called with each column's name when it is done.

    Raises:
        ValueError: a rule names a metric that does not exist.

    >>> import numpy as np
    >>> week = np.arange(1_000.0)
    >>> report = evaluate({"age": week}, {"age": week + 300})
    >>> report.sentence, round(report.results[0].value, 2)
    ('age is over the drift limit.', 1.04)
    """
    wanted = catalogue.asked(rules, signal, mode)
    left, right = columns.frame(reference), columns.frame(production)
    quality = signal == "data-quality"
    chosen = (
        columns.select_all(left, right)
        if quality
        else columns.select(
            left, right, mode, numerical=numerical, categorical=categorical
        )
    )
    work = _Work(
        left, right, mode, wanted, _complete(left, right, chosen, mode, quality=quality)
    )
    found = _each(work, chosen.features, threads, progress)
    results = [result for one in found for result in one.results]
    if quality and mode == "azureml":
        results.append(_row_count(left.rows, right.rows, wanted[0].threshold))
    if mode == "sound":
        results = _judged(found, smallest)
    ranked = sorted(results, key=_rank)
    kept = list(dict.fromkeys(result.feature for result in ranked))[:top]
    shapes = {one.name: one.shape for one in found if one.name in kept}
    n, m = work.rows
    empty = (
        "" if left.rows and right.rows else "reference" if right.rows else "production"
    )
    return Report(
        signal=signal,
        mode=mode,
        verdict=overall(ranked, empty=empty),
        sentence=sentence(signal, ranked, empty=empty),
        results=tuple(replace(r, shape=shapes.get(r.feature)) for r in ranked),
        reference_rows=n,
        production_rows=m,
        reference_window=reference_window,
        production_window=production_window,
        reference_name=reference_name,
        production_name=production_name,
        dropped=(*chosen.dropped, *_unknown(wanted, chosen.features)),
        findings=(*_findings("reference", left), *_findings("production", right)),
    )


def _findings(side: str, read: Frame) -> list[str]:
    return [f"{side}: {what}" for what in getattr(read, "findings", ())]


def _unknown(wanted: Sequence[Asked], features: Sequence[Feature]) -> list[str]:
    names = {feature.name for feature in features}
    asked = dict.fromkeys(name for one in wanted for name in one.columns)
    return [
        f"{name}: asked for, but not compared" for name in asked if name not in names
    ]


def _complete(
    left: Frame, right: Frame, chosen: columns.Selection, mode: Mode, *, quality: bool
) -> tuple[Mask | None, Mask | None]:
    """Return which rows Azure ML looks at; the sound mode looks at all of them."""
    if mode == "sound" or quality:
        return None, None
    names = [feature.name for feature in chosen.features]
    return columns.complete_rows(left, names), columns.complete_rows(right, names)


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    results: tuple[FeatureResult, ...]
    shape: Shape | None
    p_value: float | None
    effect: float | None


@dataclass(frozen=True, slots=True)
class _Work:
    left: Frame
    right: Frame
    mode: Mode
    wanted: tuple[Asked, ...]
    keep: tuple[Mask | None, Mask | None]

    @property
    def rows(self) -> tuple[int, int]:
        """Return how many rows a side are compared."""
        whole = (self.left.rows, self.right.rows)
        n, m = (
            rows if mask is None else int(mask.sum())
            for rows, mask in zip(whole, self.keep, strict=True)
        )
        return n, m

    def feature(self, feature: Feature) -> _Found | None:
        asked = [a for a in self.wanted if a.of(feature.name, feature.data_type)]
        if not asked:
            return None
        pair = Pair(
            feature,
            self.mode,
            (self.left.column(feature.name), self.right.column(feature.name)),
            self.keep,
            (self.left.rows, self.right.rows),
        )
        one = _measure_azureml if self.mode == "azureml" else _measure
        tried = (one(a.metric, a.threshold, pair) for a in asked)
        results = tuple(result for result in tried if result)
        if all(a.metric.of_rows for a in asked):
            return _Found(feature.name, results, None, None, None)
        sound = self.mode == "sound" and min(pair.sizes) > 0
        return _Found(
            feature.name,
            results,
            shape.shape(pair),
            _evidence(pair) if sound else None,
            _effect(pair)
            if sound and any(a.metric.is_p_value for a in asked)
            else None,
        )


def _each(
    work: _Work,
    features: Sequence[Feature],
    threads: int | None,
    progress: Callable[[str], None] | None,
) -> list[_Found]:
    def one(feature: Feature) -> _Found | None:
        found = work.feature(feature)
        if progress is not None:
            progress(feature.name)
        return found

    workers = threads or len(os.sched_getaffinity(0))
    if workers == 1 or len(features) == 1:
        return [found for found in map(one, features) if found]
    with ThreadPoolExecutor(workers) as pool:
        return [found for found in pool.map(one, features) if found]


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
    if not math.isfinite(value):
        return replace(result, reason="the figure is not a number")
    return replace(
        result,
        value=value,
        threshold=limit,
        noise_floor=metric.floor(pair) if metric.floor else None,
        interval=metric.interval(pair, value) if metric.interval else None,
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
        threshold=limit,
        verdict="breached" if breached else "not breached",
    )


def _row_count(n: int, m: int, threshold: float) -> FeatureResult:
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


def _judged(found: Sequence[_Found], smallest: int) -> list[FeatureResult]:
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


def _rank(result: FeatureResult) -> tuple[int, float]:
    place = WORST_FIRST.index(result.verdict)
    value, limit = result.value, result.threshold
    if value is None or limit is None:
        return place, -math.inf if result.verdict == "breached" else 0.0
    if result.breached_when == "below":
        value, limit = limit, value
    return place, -value / limit if limit > 0 else -math.inf * (value > 0)
