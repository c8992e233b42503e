"""What `watchkeeper drift` was asked for, and the report that answers it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from bot.signals import Report, Rule, TableProfile
    from bot.signals.columns import Frame
    from bot.signals.labels import Labelled

Mode: TypeAlias = Literal["sound", "azureml"]
Kind: TypeAlias = Literal["classification", "regression"]
Task: TypeAlias = Literal[
    "data-drift",
    "prediction-drift",
    "data-quality",
    "feature-attribution",
    "performance",
]
_LEAST_GAIN = 0.9  # of the ranking of features
_TOLERANCE = 0.1  # by which a model may be worse than in the reference
_STORED = "profile:"


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a comma-separated option."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the command, as they were typed."""

    reference: str
    production: str
    task: Task = "data-drift"
    metrics: str = ""
    mode: Mode = "sound"
    threshold: float | None = None
    columns: str = ""
    numerical: str = ""
    categorical: str = ""
    segment: str = ""
    target: str = ""
    predicted: str = ""
    labels: str = ""
    on: str = ""
    times: str = ""
    kind: Kind | None = None
    history: str = ""
    keep: Path = Path(".watchkeeper/profiles")

    def rules(self) -> "list[Rule]":
        from bot.signals import Rule  # noqa: PLC0415
        from bot.signals.catalogue import named, usual  # noqa: PLC0415

        names = dict.fromkeys(named(name).name for name in listed(self.metrics))
        asked = [Rule(name) for name in names] or list(usual(self.signal()))
        only = listed(self.columns)
        return [replace(r, threshold=self.threshold, columns=only) for r in asked]

    def signal(self) -> str:
        """Return the signal; metrics of data quality alone are enough to ask for it.

        Raises:
            ValueError: the metrics belong to another signal, or to several.
        """
        from bot.signals.catalogue import named  # noqa: PLC0415

        metrics = [named(name) for name in listed(self.metrics)]
        signals = {metric.signal for metric in metrics}
        if self.task == "data-drift" and signals == {"data-quality"}:
            return "data-quality"
        wanted = "data-quality" if self.task == "data-quality" else "data-drift"
        if stray := [m.name for m in metrics if m.signal != wanted]:
            raise ValueError(f"{stray[0]} is no metric of {self.task}")
        return self.task


def report(asked: Asked, done: Callable[[str], None] | None) -> "Report":
    """Return the answer.

    Raises:
        ValueError: the options do not fit together or the data; one line says how.
    """
    _refuse_no_number(asked.threshold)
    if asked.task == "performance":
        return _performance(asked)
    if asked.task == "feature-attribution":
        return _attribution(asked)
    left = _reference(asked, (asked.production,))
    found = _compared(asked, left, done)
    if asked.history or (
        asked.production.startswith(_STORED) and "@" in asked.production
    ):
        return replace(found, explained=(*_since(asked, left, found), *found.explained))
    return found


def _since(
    asked: Asked, left: "Frame | TableProfile", found: "Report"
) -> tuple[str, ...]:
    """Return since when, by the stored days, and which features moved together."""
    from bot.signals import TableProfile, profile, timeline  # noqa: PLC0415
    from bot.signals.shelf import Shelf  # noqa: PLC0415

    if found.verdict != "breached":
        return ()
    shelf, each = Shelf(asked.keep), _each_day(asked, asked.history or asked.production)
    known = left if isinstance(left, TableProfile) else profile(left)
    stored = []
    for where in each:
        series, at, day = where.removeprefix(_STORED).partition("@")
        if not at:
            raise ValueError("--history takes stored days: profile:loan@FIRST..LAST")
        start = datetime.combine(date.fromisoformat(day), time(), UTC)
        stored.append((start, shelf.window(series, _days(day))))
    return timeline.in_words(timeline.days(known, stored, found, asked.rules()))


def reports(asked: Asked, windows: Sequence[str]) -> "list[Report]":
    """Return the answer for each window; the reference is read once.

    Raises:
        ValueError: as `report`; also where a series has no day that was asked for.
    """
    _refuse_no_number(asked.threshold)
    each = [day for window in windows for day in _each_day(asked, window)]
    left = _reference(asked, each)
    return [_compared(replace(asked, production=window), left) for window in each]


def _refuse_no_number(threshold: float | None) -> None:
    if threshold is not None and not math.isfinite(threshold):
        raise ValueError("--threshold takes a number")


def _each_day(asked: Asked, window: str) -> list[str]:
    """Return the stored days of "profile:loan@2026-11-01..2026-11-23", one by one."""
    from bot.signals.shelf import Shelf  # noqa: PLC0415

    series, at, days = window.removeprefix(_STORED).partition("@")
    if not (window.startswith(_STORED) and at):
        return [window]
    known = Shelf(asked.keep).days(series)
    there = sorted(day for day in _days(days) if day in known)
    if not there:
        raise ValueError(f"the series {series} has none of these days")
    return [f"{_STORED}{series}@{day}" for day in there]


def _reference(asked: Asked, windows: Sequence[str]) -> "Frame | TableProfile":
    """Return the reference's rows, or a profile where one of the sides is one."""
    from bot.signals.readers import read  # noqa: PLC0415

    if any(where.startswith(_STORED) for where in (asked.reference, *windows)):
        if asked.mode == "azureml" or asked.segment or asked.signal() == "data-quality":
            what = "a stored profile has no rows: Azure ML's figures need them"
            raise ValueError(what)
        return _profile(asked, asked.reference, None)
    return read(asked.reference)


def _compared(
    asked: Asked,
    left: "Frame | TableProfile",
    done: Callable[[str], None] | None = None,
) -> "Report":
    from bot.signals import TableProfile  # noqa: PLC0415

    if isinstance(left, TableProfile):
        return _of_profiles(asked, left)
    return _of_rows(asked, left, done)


def _of_rows(
    asked: Asked, left: "Frame", done: Callable[[str], None] | None
) -> "Report":
    from bot.signals import evaluate  # noqa: PLC0415
    from bot.signals.readers import read  # noqa: PLC0415
    from bot.signals.split import carried, carriers, in_words  # noqa: PLC0415

    right, rules = read(asked.production), asked.rules()
    found = evaluate(
        left,
        right,
        rules,
        mode=asked.mode,
        signal=asked.signal(),
        reference_name=Path(asked.reference).name,
        production_name=Path(asked.production).name,
        numerical=listed(asked.numerical),
        categorical=listed(asked.categorical),
        progress=done,
    )
    if not asked.segment or not found.results:
        return found
    some = carriers(left, right, asked.segment, found, rules)
    worst = carried(found, asked.segment)
    return replace(found, explained=in_words(some, worst.feature) if worst else ())


def _of_profiles(asked: Asked, left: "TableProfile") -> "Report":
    from bot.signals import compare  # noqa: PLC0415

    return compare(
        left,
        _profile(asked, asked.production, left),
        asked.rules(),
        signal=asked.signal(),
        reference_name=asked.reference,
        production_name=Path(asked.production).name,
    )


def _profile(asked: Asked, where: str, like: "TableProfile | None") -> "TableProfile":
    """Return a stored profile, or the profile of the rows at `where`."""
    from bot.signals import profile  # noqa: PLC0415
    from bot.signals.readers import read  # noqa: PLC0415
    from bot.signals.shelf import Shelf  # noqa: PLC0415

    if not where.startswith(_STORED):
        return profile(
            read(where),
            like=like,
            numerical=listed(asked.numerical),
            categorical=listed(asked.categorical),
        )
    shelf, name = Shelf(asked.keep), where.removeprefix(_STORED)
    series, at, days = name.partition("@")
    return shelf.window(series, _days(days)) if at else shelf.read(name)


def _days(text: str) -> tuple[date, ...]:
    """Return the days of "2026-11-23", "2026-11-17..2026-11-23" or "weekday:…"."""
    from bot.signals.shelf import same_weekday  # noqa: PLC0415

    if text.startswith("weekday:"):
        return same_weekday(date.fromisoformat(text.removeprefix("weekday:")))
    first, _, last = text.partition("..")
    start = date.fromisoformat(first)
    length = (date.fromisoformat(last or first) - start).days + 1
    return tuple(start + timedelta(days=n) for n in range(length))


def _attribution(asked: Asked) -> "Report":
    from bot.signals.attribution import attribution  # noqa: PLC0415

    if not asked.target:
        raise ValueError("--target names the column that the model predicts")
    own = _LEAST_GAIN if asked.mode == "sound" else None  # Azure ML has no default
    (ours, n), (theirs, m) = (
        _importances(where, asked.target)
        for where in (asked.reference, asked.production)
    )
    found = attribution(
        ours,
        theirs,
        threshold=own if asked.threshold is None else asked.threshold,
        mode=asked.mode,
    )
    return replace(found, reference_rows=n, production_rows=m)


def _importances(where: str, target: str) -> tuple[dict[str, float], int]:
    import pyarrow as pa  # noqa: PLC0415

    from bot.signals.attribution import surrogate_importances  # noqa: PLC0415
    from bot.signals.readers import read  # noqa: PLC0415

    frame = read(where)
    if target not in frame.names:
        raise ValueError(f"{target}: not in {where}")
    table = pa.table({name: frame.column(name) for name in frame.names})
    try:
        return surrogate_importances(table, target), frame.rows
    except ModuleNotFoundError:
        extra = "pip install 'watchkeeper[attribution]'"
        raise ValueError(f"LightGBM is not installed: {extra}") from None


def _performance(asked: Asked) -> "Report":
    from bot.signals.performance import limits, performance  # noqa: PLC0415
    from bot.signals.scores import SCORES  # noqa: PLC0415

    if not asked.target or not asked.predicted:
        raise ValueError("--target and --predicted name the label and the prediction")
    past = _labelled(asked, asked.reference, "")
    now = _labelled(asked, asked.production, asked.labels)
    share = _TOLERANCE if asked.threshold is None else asked.threshold
    if asked.mode == "sound":
        allowed = limits(past.truth, past.predicted, task=past.task, tolerance=share)
    else:  # Azure ML has no limit of its own, and none that depends on the reference
        allowed = {} if asked.threshold is None else {s.name: share for s in SCORES}
    return performance(
        now.truth,
        now.predicted,
        task=past.task,
        thresholds=allowed,
        mode=asked.mode,
        predictions=now.predictions,
        reference_rows=len(past.truth),
        production_name=Path(asked.production).name,
        age=now.age,
        only=listed(asked.metrics),
    )


def _labelled(asked: Asked, where: str, labels: str) -> "Labelled":
    from bot.signals.labels import labelled  # noqa: PLC0415
    from bot.signals.readers import read  # noqa: PLC0415

    late: Frame | None = read(labels) if labels else None
    if late is not None and not asked.on:
        raise ValueError("--on names the column that predictions and labels share")
    times = listed(asked.times)
    if times and len(times) != 2:  # noqa: PLR2004 (predicted, labelled)
        raise ValueError("--times takes two columns: of the prediction, of the label")
    at = (times[0], times[1]) if times and (labels or not asked.labels) else ("", "")
    return labelled(
        read(where, row_ids=asked.on == "row_id"),
        truth=asked.target,
        predicted=asked.predicted,
        labels=late,
        on=asked.on,
        times=at,
        task=asked.kind,
    )
