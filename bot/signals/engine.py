"""Compare a production window with its reference window: one call, one report."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from bot.signals import catalogue, columns, selection
from bot.signals.catalogue import Asked
from bot.signals.columns import Data, Frame, Mask
from bot.signals.measure import Found, collected, judged, measure, ranked, row_count
from bot.signals.metric import Mode, RuleLike
from bot.signals.pair import Pair
from bot.signals.report import FeatureResult, Report
from bot.signals.selection import Feature
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
        ValueError: a rule names a metric that does not exist, or a side is no table.

    >>> import numpy as np
    >>> week = np.arange(1_000.0)
    >>> report = evaluate({"age": week}, {"age": week + 300})
    >>> report.sentence, round(report.results[0].value, 2)
    ('age is over the drift limit.', 1.04)
    """
    wanted = catalogue.asked(rules, signal, mode)
    sides = columns.frame(reference), columns.frame(production)
    work = _prepared(*sides, mode, signal, wanted, (numerical, categorical))
    found = _each(work, threads, progress)
    results = judged(found, smallest) if mode == "sound" else collected(found)
    if signal == "data-quality" and mode == "azureml":
        results.append(row_count(*work.whole, wanted[0].threshold))
    return work.report(
        ranked(results, found, top),
        signal=signal,
        reference_window=reference_window,
        production_window=production_window,
        reference_name=reference_name,
        production_name=production_name,
    )


def _prepared(
    left: Frame,
    right: Frame,
    mode: Mode,
    signal: str,
    wanted: tuple[Asked, ...],
    told: tuple[Iterable[str], Iterable[str]],
) -> "_Work":
    numerical, categorical = told
    if signal == "data-quality":
        chosen = selection.select_all(
            left, right, numerical=numerical, categorical=categorical
        )
        return _Work(left, right, mode, wanted, chosen, (None, None))
    chosen = selection.select(
        left, right, mode, numerical=numerical, categorical=categorical
    )
    return _Work(
        left, right, mode, wanted, chosen, _complete(left, right, chosen, mode)
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
    left: Frame, right: Frame, chosen: selection.Selection, mode: Mode
) -> tuple[Mask | None, Mask | None]:
    """Return which rows Azure ML looks at; the sound mode looks at all of them."""
    if mode == "sound":
        return None, None
    names = [feature.name for feature in chosen.features]
    return columns.complete_rows(left, names), columns.complete_rows(right, names)


@dataclass(frozen=True, slots=True)
class _Work:
    left: Frame
    right: Frame
    mode: Mode
    wanted: tuple[Asked, ...]
    chosen: selection.Selection
    keep: tuple[Mask | None, Mask | None]

    @property
    def whole(self) -> tuple[int, int]:
        return self.left.rows, self.right.rows

    @property
    def rows(self) -> tuple[int, int]:
        """Return how many rows a side are compared."""
        n, m = (
            rows if mask is None else int(mask.sum())
            for rows, mask in zip(self.whole, self.keep, strict=True)
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
            self.whole,
        )
        return measure(pair, asked)

    def report(
        self, results: tuple[FeatureResult, ...], *, signal: str, **told: Any
    ) -> Report:
        """Return judged results as a report; `told` are its names and windows."""
        n, m = self.rows
        sides = {"reference": self.left, "production": self.right}
        none = [name for name, side in sides.items() if not side.rows]
        empty = none[-1] if none else ""
        unknown = _unknown(self.wanted, self.chosen.features)
        return Report(
            signal=signal,
            mode=self.mode,
            verdict=overall(results, empty=empty),
            sentence=sentence(signal, results, empty=empty),
            results=results,
            reference_rows=n,
            production_rows=m,
            dropped=(*self.chosen.dropped, *unknown),
            findings=tuple(f for name, s in sides.items() for f in _findings(name, s)),
            **told,
        )


def workers(threads: int | None) -> int:
    """Return how many columns to work on at once."""
    if hasattr(os, "sched_getaffinity"):
        return threads or len(os.sched_getaffinity(0))
    return threads or os.cpu_count() or 1


def _each(
    work: _Work,
    threads: int | None,
    progress: Callable[[str], None] | None,
) -> list[Found]:
    def one(feature: Feature) -> Found | None:
        found = work.feature(feature)
        if progress is not None:
            progress(feature.name)
        return found

    features = work.chosen.features
    if workers(threads) == 1 or len(features) == 1:
        return [found for found in map(one, features) if found]
    with ThreadPoolExecutor(workers(threads)) as pool:
        return [found for found in pool.map(one, features) if found]
