"""How much of a distance is chance: noise floors and confidence intervals.

A distance between two samples of one distribution is never zero. With k bins, PSI is
about (k - 1)(1/n + 1/m) and JS about its root over 8 ln 2; a hundred rows a side make
nine in ten undrifted features pass 0.1. The floors here are what 95 % of undrifted
pairs of the same size and shape stay below; they hold for rare categories too, where
the rule of thumb does not.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.signals import distance
from bot.signals.significance import chi_squared_quantile

if TYPE_CHECKING:
    from bot.signals.pair import Pair

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
# One bin's part of a distance, given its counts (reference, production).
Part = Callable[[Floats, Floats], Floats]

_LEVEL = 0.95
_Z = 1.959963984540054  # of a two-sided 95 % interval
_RARE = 40  # up to here a bin's part is worked out for every way to split its rows
_PATHS = 600
_SEED = 20_261  # any; fixed, so that a report says the same thing twice


def jensen_shannon_floor(pair: "Pair") -> float:
    """Return the distance that 95 % of undrifted pairs of this size stay below."""
    n, m = pair.sizes

    def part(x: Floats, y: Floats) -> Floats:
        return distance.divergence_terms(x / n, y / m)

    mean, variance = _null(pair.counts, part, 1 / (8 * math.log(2)))
    return math.sqrt(_upper(mean, variance))


def stability_index_floor(pair: "Pair") -> float:
    """Return the index that 95 % of undrifted pairs of this size stay below."""
    n, m = pair.sizes
    k = len(pair.counts[0])

    def part(x: Floats, y: Floats) -> Floats:
        p, q = (x + 1) / (n + k), (y + 1) / (m + k)
        terms: Floats = (q - p) * np.log(q / p)
        return terms

    return _upper(*_null(pair.counts, part, 1.0))


def _null(
    counts: tuple[Counts, Counts], part: Part, scale: float
) -> tuple[float, float]:
    """Return mean and variance of a distance when nothing has drifted.

    A bin with few rows is split between the sides by chance, every split is weighed;
    a bin with many is one chi-squared term of size `scale` (1/n + 1/m).
    """
    ours, theirs = counts
    n, m = int(ours.sum()), int(theirs.sum())
    both = ours + theirs
    chance = n / (n + m)
    sizes, how_many = np.unique(both[both <= _RARE], return_counts=True)
    mean = variance = 0.0
    for size, times in zip(sizes.tolist(), how_many.tolist(), strict=True):
        x = np.arange(size + 1, dtype=np.float64)
        ways = np.array([math.comb(size, i) for i in range(size + 1)], dtype=np.float64)
        weight = ways * chance**x * (1 - chance) ** (size - x)
        parts = part(x, size - x)
        expected = float(np.dot(weight, parts))
        mean += times * expected
        variance += times * (float(np.dot(weight, parts**2)) - expected**2)
    step = scale * (1 / n + 1 / m)
    freedom = float((1 - both[both > _RARE] / (n + m)).sum())
    return mean + step * freedom, variance + 2 * step**2 * freedom


def _upper(mean: float, variance: float) -> float:
    """Return the 95 % point of a gamma variable with these moments."""
    if mean <= 0 or variance <= 0:
        return max(0.0, mean)
    df = 2 * mean**2 / variance
    return mean / df * chi_squared_quantile(_LEVEL, df)


def jensen_shannon_interval(pair: "Pair", value: float) -> tuple[float, float]:
    """Return where the distance lies with 95 % confidence (delta method)."""
    n, m = pair.sizes
    p, q = pair.counts[0] / n, pair.counts[1] / m
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        by_p = np.where(p > 0, np.log2(p / middle), 0.0) / 2
        by_q = np.where(q > 0, np.log2(q / middle), 0.0) / 2

    def part(x: Floats, y: Floats) -> Floats:
        return distance.divergence_terms(x / n, y / m)

    chance = _null(pair.counts, part, 1 / (8 * math.log(2)))[1]
    spread = _Z * math.sqrt(_variance(p, by_p) / n + _variance(q, by_q) / m + chance)
    low, high = max(0.0, value**2 - spread), min(1.0, value**2 + spread)
    return math.sqrt(low), math.sqrt(high)


def stability_index_interval(pair: "Pair", value: float) -> tuple[float, float]:
    """Return where the index lies with 95 % confidence (delta method)."""
    n, m = pair.sizes
    p, q = distance.smoothed(pair.counts[0]), distance.smoothed(pair.counts[1])
    ratio = q / p
    variance = (
        _variance(p, 1 - np.log(ratio) - ratio) / n
        + _variance(q, 1 + np.log(ratio) - 1 / ratio) / m
        + 2 * (len(p) - 1) * (1 / n + 1 / m) ** 2
    )
    spread = _Z * math.sqrt(variance)
    return max(0.0, value - spread), value + spread


def _variance(weights: Floats, values: Floats) -> float:
    off = values - np.dot(weights, values)
    return float(np.dot(weights, off * off))


def wasserstein_floor(pair: "Pair") -> float:
    """Return the normalised distance that 95 % of undrifted pairs stay below.

    The difference of two step functions of one distribution is a Brownian bridge run
    along its ranks; the distance is its area, each step as wide as the values are apart
    (half way between the two sides).
    """
    x, y = (side.finite for side in pair.numbers)
    n, m = (side.count for side in pair.numbers)
    ranks, bridges = _bridges()
    between = (_at(x, ranks) + _at(y, ranks)) / 2
    steps = np.diff(between)
    areas = (bridges * steps).sum(axis=1)  # BLAS would start threads for this
    area = float(np.quantile(areas, _LEVEL))
    return math.sqrt(1 / n + 1 / m) * area / pair.deviation


def _at(values: Floats, ranks: Floats) -> Floats:
    return values[(ranks * len(values)).astype(np.int64)]


@lru_cache(maxsize=1)
def _bridges() -> tuple[Floats, Floats]:
    """Return ranks, dense in the tails, and the height of bridges between them."""
    ranks = 1 / (1 + np.exp(-np.linspace(-16, 16, 257)))
    moves = np.random.default_rng(_SEED).normal(size=(_PATHS, len(ranks) + 1))
    spans = np.diff(np.concatenate(([0.0], ranks, [1.0])))
    walk = np.cumsum(moves * np.sqrt(spans), axis=1)
    heights = np.abs(walk[:, :-1] - ranks * walk[:, -1:])
    between: Floats = (heights[:, 1:] + heights[:, :-1]) / 2
    return ranks, between


def wasserstein_interval(pair: "Pair", value: float) -> tuple[float, float]:
    """Return where the normalised distance lies with 95 % confidence.

    One row moves the distance by the area, to the right of it, where its side is
    ahead, less that where it is behind; the variance of that over the rows is the
    variance of the distance.
    """
    x, y = (side.finite for side in pair.numbers)
    sizes = [side.count for side in pair.numbers]
    at = np.unique(np.concatenate((_thinned(x), _thinned(y))))
    ours = np.searchsorted(x, at, "right") / len(x)
    theirs = np.searchsorted(y, at, "right") / len(y)
    ahead = np.sign(ours - theirs)[:-1] * np.diff(at)
    pull = np.append(np.cumsum(ahead[::-1])[::-1], 0.0)
    variance = sum(
        _variance(np.diff(shares, prepend=0.0), pull) / size
        for shares, size in zip((ours, theirs), sizes, strict=True)
    )
    spread = _Z * math.sqrt(variance) / pair.deviation
    return max(0.0, value - spread), value + spread


def _thinned(values: Floats) -> Floats:
    return values[np.linspace(0, len(values) - 1, 512).astype(np.int64)]
