"""Equal-width bins over both sides, as Azure ML lays and counts them.

All arrays of values here are sorted, so a count is a binary search.
"""

import math
from bisect import bisect_left
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.signals.words import CannotCompute

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Whole = NDArray[np.int64]

_EVEN = 1e-10  # Spark's limit for "all bins are equally wide"


def bin_count(smaller: int) -> int:
    """Return Sturges' number of bins for `smaller` rows.

    >>> bin_count(1_000)
    11
    """
    if smaller <= 0:
        raise CannotCompute("math domain error", kind="ValueError")
    return math.ceil(math.log2(smaller) + 1)


def edges(reference: Floats, production: Floats, bins: int) -> Floats:
    """Return `bins` + 1 edges from the least to the greatest value of both sides.

    The last edge may fall a rounding short of the maximum; Azure ML loses those rows.

    >>> edges(np.array([0.0, 4.0]), np.array([1.0, 8.0]), 4).tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0]
    >>> edges(np.array([2.0]), np.array([2.0]), 4).tolist()
    [1.99, 2.01]
    """
    low = min(float(reference[0]), float(production[0]))
    high = max(float(reference[-1]), float(production[-1]))
    if low == high:
        around = 0.005 if low == 0 else abs(low * 0.005)
        return np.array([low - around, low + around])
    width = (high - low) / bins
    return np.array([low, *(low + i * width for i in range(1, bins + 1))])


def sound_edges(reference: Floats, production: Floats, bins: int) -> Floats:
    """Return the same, and one bin where doubles are too coarse for several.

    Values a few last bits apart are one value to any question about drift; a range
    wider than the greatest double still has bins.

    >>> sound_edges(np.array([0.3]), np.array([0.1 + 0.2]), 4).tolist()
    [0.3, 0.30000000000000004]
    """
    at = edges(reference, production, bins)
    low, high = min(reference[0], production[0]), max(reference[-1], production[-1])
    if not np.isfinite(at).all():
        parts = np.arange(bins + 1) / bins
        at = low * (1 - parts) + high * parts
    if len(at) > 2 and not (np.diff(at) > 0).all():  # noqa: PLR2004 (one bin)
        return np.array([low, high])
    return at


def counts(values: Floats, at: Floats) -> Counts:
    """Return how many sorted `values` fall into each bin, as Spark's RDD.histogram.

    Values outside the edges are not counted; the last bin is closed.

    Raises:
        CannotCompute: as Spark refuses edges that infinite values have spoilt.
    """
    _refuse(at.tolist())
    first, last = float(at[0]), float(at[-1])
    inside = values[
        np.searchsorted(values, first, "left") : np.searchsorted(values, last, "right")
    ]
    steps = np.diff(at)
    bins = len(steps)
    even = float(steps.max()) - float(steps.min()) < _EVEN
    if even and math.isfinite(last - first):
        cuts = _even_cuts(inside, first, (last - first) / bins, bins)
    else:
        cuts = np.searchsorted(inside, at[1:-1], "left")
    return np.diff(np.concatenate(([0], cuts, [len(inside)])))


def whole_counts(reference: Whole, production: Whole) -> tuple[Counts, Counts]:
    """Return the counts of both sides where a double cannot hold the numbers.

    Spark's histogram runs in Python, whose whole numbers have no limit: the differences
    are exact, only the edges are doubles.

    Args:
        reference, production: shapes (n,) and (m,), sorted, at least one value each.
    """
    low = min(int(reference[0]), int(production[0]))
    high = max(int(reference[-1]), int(production[-1]))
    if low == high:
        return np.array([len(reference)]), np.array([len(production)])
    bins = bin_count(min(len(reference), len(production)))
    width = (high - low) / bins
    at = [low, *(low + i * width for i in range(1, bins + 1))]
    _refuse(at)
    ours, theirs = (_whole_counts(side, at) for side in (reference, production))
    return ours, theirs


def _whole_counts(values: Whole, at: list[float]) -> Counts:
    bins, low = len(at) - 1, int(at[0])
    inside = values[: _below(values, at[-1], closed=True)]
    steps = [b - a for a, b in pairwise(at)]
    if max(steps) - min(steps) >= _EVEN:
        cuts = [_below(inside, edge) for edge in at[1:-1]]
    else:
        width = (at[-1] - low) / bins

        def bin_of(place: int) -> int:
            return int((int(inside[place]) - low) / width)

        places = range(len(inside))
        cuts = [bisect_left(places, i, key=bin_of) for i in range(1, bins)]
    ends: Counts = np.array([*cuts, len(inside)], dtype=np.int64)
    return ends - np.array([0, *cuts], dtype=np.int64)


def _below(values: Whole, edge: float, *, closed: bool = False) -> int:
    """Return how many whole numbers are less than (closed: at most) `edge`."""
    first = math.floor(edge) + 1 if closed else math.ceil(edge)
    if first > np.iinfo(np.int64).max:
        return len(values)
    return int(np.searchsorted(values, np.int64(first), "left"))


def _refuse(at: list[float]) -> None:
    if any(math.isnan(edge) for edge in at):
        raise CannotCompute("can not have None or NaN in buckets", kind="ValueError")
    if sorted(at) != at:
        raise CannotCompute("buckets should be sorted", kind="ValueError")
    if len(set(at)) != len(at):
        raise CannotCompute(
            "buckets should not contain duplicated values", kind="ValueError"
        )


def _even_cuts(values: Floats, first: float, width: float, bins: int) -> Counts:
    """Return where int((value - first) / width) reaches 1, 2, … `bins` - 1.

    That rounds differently from comparing with the edge, so each cut is looked for
    near the edge and then moved over the few values that round to the other side.
    """
    cuts = np.searchsorted(values, first + np.arange(1, bins) * width, "left")
    for i, guess in enumerate(cuts.tolist()):
        at, wanted = guess, i + 1
        while at > 0 and int((values[at - 1] - first) / width) >= wanted:
            at = int(np.searchsorted(values, values[at - 1], "left"))
        while at < len(values) and int((values[at] - first) / width) < wanted:
            at = int(np.searchsorted(values, values[at], "right"))
        cuts[i] = at
    return cuts
