"""Both sides of one feature, prepared once and used by every metric."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.signals import columns, distance, histogram
from bot.signals.categories import Categories, aligned, counted
from bot.signals.words import CannotCompute

if TYPE_CHECKING:
    import pyarrow as pa

    from bot.signals.columns import Mask
    from bot.signals.selection import Feature
    from bot.signals.words import Mode

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_EXACT = 2.0**53  # whole numbers up to here are doubles
_LEAST_NORM = 0.001  # Azure ML divides a distance by no less
_FAR = 1e5  # deviations from zero at which Spark's running sums begin to round


@dataclass(frozen=True, slots=True)
class Numbers:
    """One side of a numerical feature: sorted, NaN and null taken out and counted."""

    ordered: Floats  # shape (n,); may begin with -inf and end with +inf
    missing: int
    stands_for: int = 0  # finite rows, where the values are only quantiles of them

    @property
    def lowest(self) -> int:
        """Return how many are -inf."""
        return int(np.searchsorted(self.ordered, -np.inf, "right"))

    @property
    def highest(self) -> int:
        """Return how many are +inf."""
        return len(self.ordered) - int(np.searchsorted(self.ordered, np.inf, "left"))

    @property
    def count(self) -> int:
        """Return how many finite rows there are."""
        return self.stands_for or len(self.finite)

    @property
    def finite(self) -> Floats:
        return self.ordered[self.lowest : len(self.ordered) - self.highest]


@dataclass(frozen=True)
class Pair:
    """One feature on both sides. Everything is worked out when first asked for."""

    feature: "Feature"
    mode: "Mode"
    raw: tuple["pa.ChunkedArray", "pa.ChunkedArray"]
    keep: tuple["Mask | None", "Mask | None"] = (None, None)  # rows left after listwise
    rows: tuple[int, int] = (0, 0)  # of the tables, before anything is dropped

    @cached_property
    def numbers(self) -> tuple[Numbers, Numbers]:
        left, right = (self._numbers(side) for side in (0, 1))
        return left, right

    def _in_order(self, side: int) -> Floats:
        """Return the rows' numbers, in the order of the rows."""
        return columns.values(self._kept(side), self.feature.kind)

    def _numbers(self, side: int) -> Numbers:
        column = self.raw[side]
        ordered = self._in_order(side)
        ordered.sort()
        ordered = ordered[: np.searchsorted(ordered, np.nan, "left")]
        return Numbers(ordered, len(column) - len(ordered))

    def _kept(self, side: int) -> "pa.ChunkedArray":
        import pyarrow as pa  # noqa: PLC0415

        mask = self.keep[side]
        return self.raw[side] if mask is None else self.raw[side].filter(pa.array(mask))

    @cached_property
    def categories(self) -> Categories:
        kept = self._kept(0), self._kept(1)
        kind = self.feature.kind if kept[0].type != kept[1].type else ""
        sides = [counted(column, kind) for column in kept]
        return aligned(sides[0], sides[1])

    @cached_property
    def counts(self) -> tuple[Counts, Counts]:
        """Return what JS and PSI compare: counts of the same bins or categories."""
        if self.feature.data_type == "Categorical":
            return self.categories.reference, self.categories.production
        return self._binned()

    @cached_property
    def large(self) -> tuple[Counts, Counts] | None:
        """Return both sides as sorted whole numbers, where doubles would round them."""
        if self.mode == "sound" or self.feature.kind not in columns.WHOLE:
            return None
        if not any(
            len(side.ordered) and max(-side.ordered[0], side.ordered[-1]) >= _EXACT
            for side in self.numbers
        ):
            return None
        left, right = (columns.whole(self._kept(side)) for side in (0, 1))
        return left, right

    def _binned(self) -> tuple[Counts, Counts]:
        left, right = self.numbers
        if self.large and min(self.sizes):
            return histogram.whole_counts(*self.large)
        if self.mode == "azureml":
            x, y = left.ordered, right.ordered
            at = self._edges(x, y)
            return histogram.counts(x, at), histogram.counts(y, at)
        x, y = left.finite, right.finite
        if not len(x) or not len(y):
            one_bin = (np.array([len(side)], dtype=np.int64) for side in (x, y))
            ours, theirs = one_bin
            return _with_tails(left, ours), _with_tails(right, theirs)
        at = self._edges(x, y)
        return (
            _with_tails(left, _allcounted(x, at)),
            _with_tails(right, _allcounted(y, at)),
        )

    def _edges(self, x: Floats, y: Floats) -> Floats:
        bins = histogram.bin_count(min(len(x), len(y)))
        with np.errstate(invalid="ignore", over="ignore"):
            edges = histogram.edges if self.mode == "azureml" else histogram.sound_edges
            return edges(x, y, bins)

    @cached_property
    def sizes(self) -> tuple[int, int]:
        """Return how many values each side has once missing ones are out."""
        if self.feature.data_type == "Categorical":
            c = self.categories
            return int(c.reference.sum()), int(c.production.sum())
        return len(self.numbers[0].ordered), len(self.numbers[1].ordered)

    @cached_property
    def missing(self) -> tuple[int, int]:
        if self.feature.data_type == "Categorical":
            return self.categories.missing
        return self.numbers[0].missing, self.numbers[1].missing

    @cached_property
    def nulls(self) -> tuple[int, int]:
        """Return how many rows are null (NaN is not), before any is dropped."""
        return self.raw[0].null_count, self.raw[1].null_count

    @cached_property
    def nans(self) -> tuple[int, int]:
        """Return how many rows are NaN, before any is dropped."""
        n, m = (
            len(column) - int(columns.present(column).sum()) - column.null_count
            for column in self.raw
        )
        return n, m

    @cached_property
    def deviation(self) -> float:
        """Return the sample standard deviation of the reference; 0.001 for one row."""
        x = self.numbers[0]
        finite = x.ordered if self.mode == "azureml" else x.finite
        if len(finite) <= 1:
            return _LEAST_NORM
        if self.mode == "azureml" and _lost_by_spark(finite):
            return math.nan
        plain = distance.deviation(finite)
        if self.mode == "azureml" and abs(finite[len(finite) // 2]) > _FAR * plain:
            plain = distance.running_deviation(self._in_order(0))
        # In this order NaN stays NaN.
        return max(plain, _LEAST_NORM)

    @cached_property
    def travelled(self) -> float:
        """Return W1 over the deviation; every side has a value (finite, if sound)."""
        left, right = self.numbers
        if self.mode == "azureml":
            return distance.wasserstein(left.ordered, right.ordered) / self.deviation
        return distance.wasserstein(left.finite, right.finite) / self.deviation

    @cached_property
    def lattice(self) -> int:
        """Return the Kolmogorov-Smirnov distance times lcm of the sizes."""
        if self.large:
            return distance.kolmogorov_smirnov(*self.large)
        left, right = self.numbers
        return distance.kolmogorov_smirnov(left.ordered, right.ordered)

    def require_values(self) -> None:
        """Raise CannotCompute when a side has nothing to compare."""
        for size, where in zip(self.sizes, ("reference", "production"), strict=True):
            if not size:
                raise CannotCompute(f"no value in the {where}")


def _lost_by_spark(ordered: Floats) -> bool:
    """Return whether Spark's deviation is NaN: a step of its running sums overflows.

    Those are from value to value, and the square of the mean (times no rows).
    """
    mean = float(ordered.mean())
    step = float(ordered[-1]) - float(ordered[0])
    return not (math.isfinite(step) and math.isfinite(mean * (mean / len(ordered))))


def _with_tails(side: Numbers, inner: Counts) -> Counts:
    return np.concatenate(([side.lowest], inner, [side.highest])).astype(np.int64)


def _allcounted(values: Floats, at: Floats) -> Counts:
    """Return the counts with the rows that Azure ML loses past the last edge."""
    counted = histogram.counts(values, at)
    counted[-1] += len(values) - counted.sum()
    return counted
