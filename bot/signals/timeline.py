"""When a shift came, and what moved with it: one profile an hour against one reference.

Profiles of slices (hours, days) are some kilobytes each; the rows are read once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bot.signals.columns import Data
from bot.signals.explanation import since, together
from bot.signals.metric import RuleLike
from bot.signals.profiling import compare, profile
from bot.signals.report import FeatureResult, Report
from bot.signals.sketch import TableProfile

Slice = tuple[datetime, Data]
_FEATURES = 4  # that are followed over time, the worst
_FEWEST = 50  # rows a slice
HOURS = 8  # slices of a window, at least
DAYS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One feature's metric, slice by slice, oldest first."""

    result: FeatureResult
    times: tuple[datetime, ...]
    values: tuple[float, ...]
    over: tuple[bool, ...]  # beyond the limit, and beyond chance at this size

    @property
    def began(self) -> datetime | None:
        """Return when a lasting change came; None: there was none in this time."""
        at = since(self.values)
        return None if at is None else self.times[at]


def courses(
    reference: Data,
    slices: Sequence[Slice],
    report: Report,
    rules: Sequence[RuleLike] = (),
) -> tuple[Course, ...]:
    """Return the course of the worst features that are over their limits.

    Args:
        reference: as `evaluate` takes it; only these features are read.
        slices: production in pieces, with the start of each, oldest first.
        report: of the reference and all slices together.
        rules: that the report was made with.
    """
    worst = _worst(report)
    if not worst or len(slices) < HOURS:
        return ()
    names = [r.feature for r in worst]
    known = profile(_only(reference, names))
    made = [(at, profile(_only(data, names), like=known)) for at, data in slices]
    return _followed(known, made, worst, report, rules, least=HOURS)


def days(
    reference: TableProfile,
    stored: Sequence[tuple[datetime, TableProfile]],
    report: Report,
    rules: Sequence[RuleLike] = (),
    *,
    least: int = DAYS,
) -> tuple[Course, ...]:
    """Return the same over stored profiles: a shift may be older than its window.

    Args:
        stored: a day's profile each, or an hour's, with its start, oldest first.
        report: of the reference and the window that is judged.
        least: fewer of them say nothing; hours should be `HOURS`.
    """
    worst = _worst(report)
    return _followed(reference, stored, worst, report, rules, least=least)


def _worst(report: Report) -> list[FeatureResult]:
    """Return the features that are followed: the worst that are over their limits."""
    over = {r.feature: r for r in report.results if r.verdict == "breached"}
    return [r for r in over.values() if r.feature][:_FEATURES]


def _followed(
    known: TableProfile,
    made: Sequence[tuple[datetime, TableProfile]],
    worst: Sequence[FeatureResult],
    report: Report,
    rules: Sequence[RuleLike],
    *,
    least: int,
) -> tuple[Course, ...]:
    kept = [(at, one) for at, one in made if one.rows >= _FEWEST] if worst else []
    found = [(at, _values(known, one, report, rules)) for at, one in kept]
    return tuple(
        Course(
            result=result,
            times=tuple(at for at, _ in found),
            values=tuple(values[key][0] for _, values in found),
            over=tuple(values[key][1] for _, values in found),
        )
        for result in worst
        if len(found) >= least
        for key in [(result.feature, result.metric)]
        if all(key in values for _, values in found)
    )


def _only(data: Data, names: Sequence[str]) -> Data:
    import pyarrow as pa  # noqa: PLC0415

    if isinstance(data, pa.Table):
        return data.select([name for name in names if name in data.column_names])
    return data


def _values(
    reference: TableProfile,
    one: TableProfile,
    report: Report,
    rules: Sequence[RuleLike],
) -> dict[tuple[str, str], tuple[float, bool]]:
    found = compare(reference, one, rules, signal=report.signal, smallest=1, top=0)
    return {
        (r.feature, r.metric): (r.value, r.verdict == "breached")
        for r in found.results
        if r.value is not None
    }


def in_words(found: Sequence[Course]) -> tuple[str, ...]:
    """Return since when a feature is as it is, and which moved with it."""
    if not found:
        return ()
    said = []
    changed = next((course for course in found if course.began is not None), None)
    if changed is not None and changed.began is not None:
        name = changed.result.feature
        said.append(f"{name} has been so since {_moment(changed.began, found)}")
    elif all(found[0].over):
        first, every = found[0].times[0], _step(found[0].times)
        name = found[0].result.feature
        said.append(
            f"{name} was over its limit in every {every} since {_moment(first, found)}"
        )
    groups = together({c.result.feature: c.values for c in found})
    said += [f"{_listed(group)} moved together" for group in groups[:2]]
    return tuple(said)


def _moment(at: datetime, found: Sequence[Course]) -> str:
    """Return a day without an hour where the slices are whole days."""
    if all(not (start.hour or start.minute) for start in found[0].times):
        return f"{at:%d %b %Y}"
    return f"{at:%d %b %H:%M} UTC"


def _step(times: Sequence[datetime]) -> str:
    step = min(later - at for at, later in pairwise(times))
    known = {
        timedelta(hours=1): "hour",
        timedelta(days=1): "day",
        timedelta(weeks=1): "week",
    }
    return known.get(step, "slice")


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
