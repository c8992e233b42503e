"""Make profiles of tables, and compare them as `evaluate` compares tables."""

import math
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bot.signals import catalogue, columns, selection
from bot.signals.categories import Categories, Counts, counted
from bot.signals.columns import Data, Frame
from bot.signals.engine import workers
from bot.signals.histogram import bin_count, sound_edges
from bot.signals.measure import judged, measure, ranked
from bot.signals.metric import DataType, RuleLike
from bot.signals.pair import Floats, Numbers, Pair
from bot.signals.ranks import NumberProfile, of_numbers
from bot.signals.report import Report
from bot.signals.selection import Feature
from bot.signals.sentence import overall, sentence
from bot.signals.sketch import CategoryProfile, Profile, TableProfile, of_categories
from bot.signals.verdict import SMALLEST

_NEEDS_ROWS = frozenset({"DataTypeErrorRate", "OutOfBoundsRate"})
_STANDS_FOR = 4_097  # evenly spaced ranks where a metric needs values


def profile(
    data: Data,
    *,
    like: TableProfile | None = None,
    numerical: Iterable[str] = (),
    categorical: Iterable[str] = (),
    threads: int | None = None,
) -> TableProfile:
    """Return the profile of a table, read one column at a time.

    Args:
        like: take each column as this profile has it (number or category); so that a
            day with few different whole numbers still merges with the others.
        numerical, categorical: columns whose type you know better.
    """
    read = columns.frame(data)
    chosen = selection.select(
        read, read, "sound", numerical=numerical, categorical=categorical
    ).features
    if like is not None:
        chosen = tuple(taken_as(feature, like) for feature in chosen)

    def one(feature: Feature) -> Profile:
        return _of_column(read, feature)

    with ThreadPoolExecutor(workers(threads)) as pool:
        made = dict(zip((f.name for f in chosen), pool.map(one, chosen), strict=True))
    kinds = {f.name: f.kind for f in chosen}
    if like is not None:
        for name in read.names:
            known = like.columns.get(name)
            if known is not None and _holds_nothing(read, name, made.get(name)):
                made[name] = without_values(known, read.rows)
                kinds[name] = like.kinds[name]
    return TableProfile(read.rows, made, kinds)


def _holds_nothing(read: Frame, name: str, made: Profile | None) -> bool:
    """Return whether a column has no value, so that its type says nothing."""
    if made is None:
        return bool(read.column(name).null_count == read.rows)
    return made.missing == made.rows


def without_values(known: Profile, rows: int) -> Profile:
    """Return the profile, of the kind of `known`, of rows that all lack a value."""
    if isinstance(known, NumberProfile):
        return of_numbers(np.zeros(0), rows)
    return of_categories({}, rows, rows)


def taken_as(feature: Feature, like: TableProfile) -> Feature:
    """Return the column as the other profile has it, a number or a category."""
    known = like.columns.get(feature.name)
    if known is None:
        return feature
    number = isinstance(known, NumberProfile) and columns.is_number(feature.kind)
    kind: DataType = "Numerical" if number else "Categorical"
    return Feature(feature.name, feature.kind, kind)


def _of_column(read: Frame, feature: Feature) -> Profile:
    column = read.column(feature.name)
    if feature.data_type == "Categorical":
        labels, counts, missing = counted(column, "")
        named = zip((str(v) for v in labels.to_pylist()), counts.tolist(), strict=True)
        return of_categories(dict(named), len(column), missing)
    ordered = columns.values(column, feature.kind)
    ordered.sort()
    ordered = ordered[: np.searchsorted(ordered, np.nan, "left")]
    return of_numbers(ordered, len(column) - len(ordered))


def compare(
    reference: TableProfile,
    production: TableProfile,
    rules: Iterable[RuleLike] = (),
    *,
    signal: str = "data-drift",
    smallest: int = SMALLEST,
    top: int = 5,
    reference_name: str = "",
    production_name: str = "",
) -> Report:
    """Return what `evaluate` would say of the profiled tables, in sound mode."""
    wanted = catalogue.asked(rules, signal, "sound")
    found, dropped = [], []
    for name, ours in reference.columns.items():
        theirs = production.columns.get(name)
        if theirs is None or type(theirs) is not type(ours):
            dropped.append(f"{name}: not in production as it is in the reference")
            continue
        left, right = reference.kinds[name], production.kinds[name]
        if selection.common(left, right, "sound") is None:
            dropped.append(f"{name}: {left} in the reference, {right} in production")
            continue
        kind: DataType = (
            "Numerical" if isinstance(ours, NumberProfile) else "Categorical"
        )
        asked = [
            a for a in wanted if a.of(name, kind) and a.metric.name not in _NEEDS_ROWS
        ]
        if asked:
            feature = Feature(name, reference.kinds[name], kind)
            found.append(measure(ProfilePair.of(feature, ours, theirs), asked))
    dropped += [
        f"{name}: not in the reference"
        for name in production.columns
        if name not in reference.columns
    ]
    ordered = ranked(judged(found, smallest), found, top)
    sides = {"reference": reference.rows, "production": production.rows}
    empty = next((side for side, rows in sides.items() if not rows), "")
    return Report(
        signal=signal,
        mode="sound",
        verdict=overall(ordered, empty=empty),
        sentence=sentence(signal, ordered, empty=empty),
        results=ordered,
        reference_rows=reference.rows,
        production_rows=production.rows,
        reference_name=reference_name,
        production_name=production_name,
        dropped=tuple(dropped),
    )


@dataclass(frozen=True)
class ProfilePair(Pair):
    """A pair of which only the profiles are left."""

    sides: tuple[Profile, Profile] = field(kw_only=True)

    @classmethod
    def of(cls, feature: Feature, ours: Profile, theirs: Profile) -> "ProfilePair":
        rows = (ours.rows, theirs.rows)
        return cls(feature, "sound", (None, None), rows=rows, sides=(ours, theirs))

    @property
    def _cdfs(self) -> tuple[NumberProfile, NumberProfile]:
        x, y = self.sides
        assert isinstance(x, NumberProfile)
        assert isinstance(y, NumberProfile)
        return x, y

    @cached_property
    def numbers(self) -> tuple[Numbers, Numbers]:
        x, y = self._cdfs
        return _stand_in(x), _stand_in(y)

    @cached_property
    def categories(self) -> Categories:
        x, y = self.sides
        assert isinstance(x, CategoryProfile)
        assert isinstance(y, CategoryProfile)
        labels = list(dict.fromkeys((*x.counts, *y.counts)))
        both = [
            np.array([one.counts.get(label, 0) for label in labels], dtype=np.int64)
            for one in (x, y)
        ]
        if x.other or y.other:
            labels.append("other")
            both = [np.append(b, s.other) for b, s in zip(both, (x, y), strict=True)]
        return Categories(tuple(labels), both[0], both[1], (x.missing, y.missing))

    def _binned(self) -> tuple[Counts, Counts]:
        x, y = self._cdfs
        if not x.count or not y.count:
            one_bin = (np.array([side.count], dtype=np.int64) for side in (x, y))
            ours, theirs = one_bin
            return _tailed(x, ours), _tailed(y, theirs)
        with np.errstate(over="ignore", invalid="ignore"):
            at = sound_edges(x.values, y.values, bin_count(min(x.count, y.count)))
        return _tailed(x, _between(x, at)), _tailed(y, _between(y, at))

    @cached_property
    def sizes(self) -> tuple[int, int]:
        n, m = (side.rows - side.missing for side in self.sides)
        return n, m

    @cached_property
    def missing(self) -> tuple[int, int]:
        return self.sides[0].missing, self.sides[1].missing

    @cached_property
    def nulls(self) -> tuple[int, int]:
        return self.missing

    @cached_property
    def nans(self) -> tuple[int, int]:
        return 0, 0

    @cached_property
    def deviation(self) -> float:
        x = self._cdfs[0]
        spread = math.sqrt(x.squares / (x.count - 1)) if x.count > 1 else 0.0
        return max(spread, 0.001)

    @cached_property
    def travelled(self) -> float:
        x, y = self._cdfs
        at = np.unique(np.concatenate((x.values, y.values)))
        start = x.through(at) / x.count - y.through(at) / y.count
        end = x.below(at) / x.count - y.below(at) / y.count
        a, b = start[:-1], end[1:]
        whole = np.abs(a) + np.abs(b)
        crossed = np.where(
            a * b < 0, (a * a + b * b) / np.maximum(whole, 1e-300), whole
        )
        return float((crossed / 2 * np.diff(at)).sum()) / self.deviation

    @cached_property
    def lattice(self) -> int:
        x, y = self._cdfs
        n, m = self.sizes
        at = np.unique(np.concatenate((x.values, y.values)))
        if not len(at):
            return 0
        after = (x.lowest + x.through(at)) / n - (y.lowest + y.through(at)) / m
        before = (x.lowest + x.below(at)) / n - (y.lowest + y.below(at)) / m
        most = max(float(np.abs(after).max()), float(np.abs(before).max()))
        return round(most * math.lcm(n, m))


def _between(side: NumberProfile, at: Floats) -> Counts:
    inner = np.rint(side.below(at[1:-1])).astype(np.int64)
    return np.diff(np.concatenate(([0], inner, [side.count])))


def _tailed(side: NumberProfile, inner: Counts) -> Counts:
    return np.concatenate(([side.lowest], inner, [side.highest])).astype(np.int64)


def _stand_in(side: NumberProfile) -> Numbers:
    """Return a few thousand values that are spread as the column's are."""
    if not side.count:
        return Numbers(np.zeros(0), side.missing)
    size = min(_STANDS_FOR, side.count)
    values = side.quantiles(np.linspace(0, side.count - 1, size))
    return Numbers(values, side.missing, side.count)
