"""Compare a production window with its reference window: one call, one report."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.signals import catalogue, columns
from bot.signals.catalogue import Asked
from bot.signals.columns import Data, Feature, Frame, Mask
from bot.signals.measure import Found, collected, judged, measure, ranked, row_count
from bot.signals.metric import Mode, RuleLike
from bot.signals.pair import Pair
from bot.signals.report import Report
from bot.signals.sentence import overall, sentence
from bot.signals.verdict import SMALLEST

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
        columns.select_all(left, right, numerical=numerical, categorical=categorical)
        if quality
        else columns.select(
            left, right, mode, numerical=numerical, categorical=categorical
        )
    )
    work = _Work(
        left, right, mode, wanted, _complete(left, right, chosen, mode, quality=quality)
    )
    found = _each(work, chosen.features, threads, progress)
    results = judged(found, smallest) if mode == "sound" else collected(found)
    if quality and mode == "azureml":
        results.append(row_count(left.rows, right.rows, wanted[0].threshold))
    ordered = ranked(results, found, top)
    n, m = work.rows
    empty = (
        "" if left.rows and right.rows else "reference" if right.rows else "production"
    )
    return Report(
        signal=signal,
        mode=mode,
        verdict=overall(ordered, empty=empty),
        sentence=sentence(signal, ordered, empty=empty),
        results=ordered,
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

    def feature(self, feature: Feature) -> Found | None:
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
        return measure(pair, asked)


def workers(threads: int | None) -> int:
    """Return how many columns to work on at once."""
    if hasattr(os, "sched_getaffinity"):
        return threads or len(os.sched_getaffinity(0))
    return threads or os.cpu_count() or 1


def _each(
    work: _Work,
    features: Sequence[Feature],
    threads: int | None,
    progress: Callable[[str], None] | None,
) -> list[Found]:
    def one(feature: Feature) -> Found | None:
        found = work.feature(feature)
        if progress is not None:
            progress(feature.name)
        return found

    if workers(threads) == 1 or len(features) == 1:
        return [found for found in map(one, features) if found]
    with ThreadPoolExecutor(workers(threads)) as pool:
        return [found for found in pool.map(one, features) if found]
