"""Distances between two sorted samples or two rows of counts. Exact, plain NumPy."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_BLOCK = 128  # values between two looks of the Kolmogorov-Smirnov search


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
        return float(np.abs(x - y).mean())
    widths, i, j = _coupling(len(x), len(y))
    return float(np.dot(widths, np.abs(x[i] - y[j])))


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


def kolmogorov_smirnov(x: Floats, y: Floats) -> int:
    """Return the greatest distance of the two step functions times lcm(n, m).

    Looks at every 128th value of `x` first; only blocks whose ends allow a greater
    distance than the best so far are looked at in full. Exact: a whole number.

    Args:
        x, y: shapes (n,) and (m,), sorted, at least one value each; may be infinite.

    >>> kolmogorov_smirnov(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    1

    """
    n, m = len(x), len(y)
    g = math.gcd(n, m)
    a, b = m // g, n // g  # one value of x and of y, on the common grid
    looks = np.unique(np.append(np.arange(0, n, _BLOCK), n - 1))
    under = np.searchsorted(y, x[looks], "left")
    upto = np.searchsorted(y, x[looks], "right")
    best = max(_leads(looks, under, upto, a, b))
    ahead = (looks[1:] + 1) * a - upto[:-1] * b
    behind = under[1:] * b - looks[:-1] * a
    for k in np.flatnonzero(np.maximum(ahead, behind) > best).tolist():
        if max(int(ahead[k]), int(behind[k])) <= best:
            continue
        block = np.arange(looks[k] + 1, looks[k + 1])
        low, high = int(under[k]), int(upto[k + 1])
        piece, keys = y[low:high], x[block]
        if len(block):
            best = max(
                best,
                *_leads(
                    block,
                    low + np.searchsorted(piece, keys, "left"),
                    low + np.searchsorted(piece, keys, "right"),
                    a,
                    b,
                ),
            )
    return best


def _leads(
    index: Counts, under: Counts, upto: Counts, a: int, b: int
) -> tuple[int, int]:
    """Return how far x leads y just after, and y leads x just before, each value."""
    return int(((index + 1) * a - upto * b).max()), int((under * b - index * a).max())
