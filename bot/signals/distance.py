"""Distances between two sorted samples or two rows of counts. Exact, plain NumPy."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_LOOKS = (1_024, 128, 16, 1)  # values between two looks of the search for the distance
_PIECE = 1 << 16  # values worked on at once: half a megabyte stays in the cache


def jensen_shannon(reference: Counts, production: Counts) -> float:
    """Return the Jensen-Shannon distance (base 2) of two rows of counts.

    Args:
        reference, production: shape (k,), counts of the same bins.

    Returns:
        0 (same shares) to 1 (nothing in common); NaN when a side is empty.

    Source:
        Endres and Schindelin (2003); base 2 as in Azure ML.

    >>> jensen_shannon(np.array([5, 5, 0]), np.array([0, 0, 7]))
    1.0

    """
    if reference.size == 0:
        return 0.0
    n, m = reference.sum(), production.sum()
    if n == 0 or m == 0:
        return math.nan
    p, q = reference / n, production / m
    return math.sqrt(max(0.0, float(divergence_terms(p, q).sum())))


def jensen_shannon_unclipped(
    reference: Counts, production: Counts, rows: tuple[int, int]
) -> float:
    """Return the distance as SciPy 1.11 rounds it, operation by operation.

    Sides of equal shares that differ in their last bit give 1e-9, or NaN where the sum
    falls below zero; Azure ML then alerts.

    Args:
        reference, production: shape (k,), counts of the same bins.
        rows: what Azure ML divides them by first, rows it lost included.
    """
    if reference.size == 0:
        return 0.0
    if not reference.sum() or not production.sum():
        return math.nan
    p, q = reference / rows[0], production / rows[1]
    p, q = p / np.sum(p), q / np.sum(q)
    middle = (p + q) / 2.0
    divergence = float(np.sum(_entropy(p, middle)) + np.sum(_entropy(q, middle)))
    halved = divergence / math.log(2) / 2.0
    return math.nan if halved < 0 else math.sqrt(halved)


def _entropy(p: Floats, q: Floats) -> Floats:
    """Return p ln(p / q); the C library's logarithm, whose last bit is not NumPy's."""
    pairs = zip(p.tolist(), q.tolist(), strict=True)
    return np.array([x * math.log(x / y) if x > 0 else 0.0 for x, y in pairs])


def divergence_terms(p: Floats, q: Floats) -> Floats:
    """Return each bin's share of the Jensen-Shannon divergence, in bits."""
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(p > 0, p * np.log(p / middle), 0.0)
        right = np.where(q > 0, q * np.log(q / middle), 0.0)
    terms: Floats = (left + right) / (2 * math.log(2))
    return terms


def stability_index(
    reference: Counts, production: Counts, rows: tuple[int, int] | None = None
) -> float:
    """Return the population stability index, one count added to every bin, in nats.

    Args:
        reference, production: shape (k,), counts of the same bins.
        rows: what the shares are taken of; by default the counts' own sums.

    >>> round(stability_index(np.array([50, 50]), np.array([90, 10])), 3)
    0.829

    """
    n, m = rows or (None, None)
    p, q = smoothed(reference, n), smoothed(production, m)
    return float(np.sum((q - p) * np.log(q / p)))


def smoothed(counts: Counts, rows: int | None = None) -> Floats:
    """Return shares with one count added to every bin, as Azure ML adds it."""
    total = int(counts.sum()) if rows is None else rows
    shares: Floats = (counts + 1) / (total + len(counts))
    return shares


def wasserstein(x: Floats, y: Floats) -> float:
    """Return the first Wasserstein distance of two samples, in their unit.

    Args:
        x, y: shapes (n,) and (m,), sorted, at least one value each. An infinite value
            gives infinity, or NaN where both sides have one.

    >>> wasserstein(np.array([0.0, 1.0, 3.0]), np.array([5.0, 6.0, 8.0]))
    5.0

    """
    if not all(map(math.isfinite, (x[0], x[-1], y[0], y[-1]))):
        return _between_infinities(x, y)
    if len(x) == len(y):
        return _mean_gap(x, y)
    widths, i, j = _coupling(len(x), len(y))
    return float(np.dot(widths, np.abs(x[i] - y[j])))


def _mean_gap(x: Floats, y: Floats) -> float:
    room = np.empty(min(_PIECE, len(x)))
    total = 0.0
    for start in range(0, len(x), _PIECE):
        left, right = x[start : start + _PIECE], y[start : start + _PIECE]
        gap = np.subtract(left, right, out=room[: len(left)])
        total += float(np.abs(gap, out=gap).sum())
    if math.isinf(total):  # though the mean may be none
        return float((np.abs(x - y) / len(x)).sum())
    return total / len(x)


def deviation(x: Floats) -> float:
    """Return the sample standard deviation; NaN where a value is infinite.

    >>> deviation(np.array([1.0, 2.0, 3.0]))
    1.0
    """
    with np.errstate(invalid="ignore"):
        mean = float(x.mean())
        room = np.empty(min(_PIECE, len(x)))
        squares = drift = 0.0
        for start in range(0, len(x), _PIECE):
            piece = x[start : start + _PIECE]
            off = np.subtract(piece, mean, out=room[: len(piece)])
            drift += float(off.sum())  # by how much the mean was rounded
            squares += float(np.multiply(off, off, out=off).sum())
        if math.isfinite(squares):
            squares = max(0.0, squares - drift * drift / len(x))
        return math.sqrt(squares / (len(x) - 1))


def running_deviation(values: Floats) -> float:
    """Return the sample standard deviation as Spark rounds it, value after value.

    Args:
        values: shape (n,), finite, n at least 2, in the order of the rows: far from
            zero the figure depends on it.

    Source: Welford (1962), in the operations of Spark's CentralMomentAgg.

    >>> running_deviation(np.array([1.0, 2.0, 3.0]))
    1.0
    """
    if values.min() == values.max():
        return 0.0
    mean = squares = 0.0
    for count, value in enumerate(values.tolist(), start=1):
        off = value - mean
        step = off / count
        mean += step
        squares += off * (off - step)
    return math.sqrt(squares / (len(values) - 1))


@lru_cache(maxsize=2)
def _coupling(n: int, m: int) -> tuple[Floats, Counts, Counts]:
    """Return how n equal masses in order meet m equal masses in order.

    The same for every column of two tables, so it is worth keeping.
    """
    ends = np.concatenate(
        (np.arange(1, n + 1, dtype=np.int64) * m, np.arange(1, m, dtype=np.int64) * n)
    )
    ends.sort()
    widths = np.diff(ends, prepend=0) / (n * m)
    return widths, (ends - 1) // m, (ends - 1) // n


def _between_infinities(x: Floats, y: Floats) -> float:
    """Return what the plain sum over all steps gives, infinities and all."""
    both = np.sort(np.concatenate((x, y)))
    with np.errstate(invalid="ignore"):
        steps = np.diff(both)
        apart = np.abs(
            np.searchsorted(x, both[:-1], "right") / len(x)
            - np.searchsorted(y, both[:-1], "right") / len(y)
        )
        return float(np.sum(steps * apart))


def kolmogorov_smirnov(x: Floats | Counts, y: Floats | Counts) -> int:
    """Return the greatest distance of the two step functions times lcm(n, m).

    Looks at every 1,024th value of `x` first, then more closely, and only between looks
    whose ends allow a greater distance than the best so far. Exact: a whole number.

    Args:
        x, y: shapes (n,) and (m,), sorted, at least one value each; may be infinite.

    >>> kolmogorov_smirnov(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    1

    """
    n, m = len(x), len(y)
    g = math.gcd(n, m)
    a, b = m // g, n // g  # one value of x and of y, on the common grid
    index = np.append(np.arange(0, n - 1, _LOOKS[0]), n - 1)[None, :]
    best = 0
    for closer in (*_LOOKS[1:], 0):
        under, upto = _placed(y, x[index])
        best = max(
            best,
            int(((index + 1) * a - upto * b).max()),  # x leads, just after a value
            int((under * b - index * a).max()),  # y leads, just before one
        )
        ahead = (index[:, 1:] + 1) * a - upto[:, :-1] * b
        behind = under[:, 1:] * b - index[:, :-1] * a
        worth = (np.maximum(ahead, behind) > best) & (np.diff(index) > 1)
        if not closer or not worth.any():
            break
        starts, ends = index[:, :-1][worth], index[:, 1:][worth]
        steps = np.arange(0, _LOOKS[0] + closer, closer)
        steps = steps[: int((ends - starts).max()) // closer + 2]
        index = np.minimum(starts[:, None] + steps, ends[:, None])
    return best


def _placed(
    y: Floats | Counts, values: Floats | Counts
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return how many of sorted `y` are less than each of `values`, and at most it.

    Where `y` does not have the value the two are the same: half of the searches.
    """
    under = np.searchsorted(y, values, "left")
    tied = y[np.minimum(under, len(y) - 1)] == values
    if not tied.any():
        return under, under
    upto = under.copy()
    upto[tied] = np.searchsorted(y, values[tied], "right")
    return under, upto
