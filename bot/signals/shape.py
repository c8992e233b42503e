"""What a feature looks like on both sides, in bins that a person can read."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.signals.report import Shape

if TYPE_CHECKING:
    from bot.signals.pair import Pair

_TINIEST = 1e-300  # a step below it cannot be rounded to digits
MOST = 12  # bins, "other" and "missing" included


def shape(pair: "Pair") -> Shape:
    """Return both distributions as shares of all rows that were compared."""
    if pair.feature.data_type == "Categorical":
        return _categories(pair)
    return _numbers(pair)


def _categories(pair: "Pair") -> Shape:
    c = pair.categories
    order = np.argsort(-np.maximum(_shares(c.reference), _shares(c.production)))
    top = order[: MOST - 2] if len(order) > MOST - 1 else order
    labels = [_short(c.labels[i]) for i in top]
    sides = []
    for counts, missing in zip((c.reference, c.production), c.missing, strict=True):
        rest = int(counts.sum() - counts[top].sum())
        sides.append([*counts[top].tolist(), rest, missing])
    return _without_empty([*labels, "other", "missing"], sides)


def _short(label: str) -> str:
    plain = label.strip() or "(blank)"
    return plain if len(plain) <= 40 else plain[:39] + "…"  # noqa: PLR2004


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = counts / max(1, counts.sum())
    return shares


def _numbers(pair: "Pair") -> Shape:
    sides = [side.finite for side in pair.numbers]
    whole = [v for v in sides if len(v)]
    edges = _round_edges(whole[0]) if whole else []
    labels = _labels(edges)
    counted = []
    for side in pair.numbers:
        cuts = np.searchsorted(side.ordered, edges, "left")
        inner = np.diff(np.concatenate(([0], cuts, [len(side.ordered)])))
        rows = inner * (side.count / max(1, len(side.finite)))
        counted.append([*rows.tolist(), side.missing])
    return _without_empty([*labels, "missing"], counted)


def _round_edges(values: NDArray[np.float64]) -> list[float]:
    """Return at most ten round numbers over the middle 96 % of sorted `values`."""
    n = len(values)
    low, high = float(values[int(0.02 * n)]), float(values[int(0.98 * (n - 1))])
    if not high > low:
        return [low, math.nextafter(low, math.inf)]
    raw = high / 8 - low / 8
    if not _TINIEST < raw < math.inf:
        return [low, math.nextafter(low, math.inf)]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 2.5, 5, 10) if f * power >= raw * 0.999)
    first = math.floor(low / step) + 1
    last = math.ceil(high / step) - 1
    edges = [float(f"{i * step:.12g}") for i in range(first, last + 1)]
    return edges or [float(f"{(low + high) / 2:.6g}")]


def _labels(edges: list[float]) -> list[str]:
    if not edges:
        return ["any value"]
    if len(edges) == 2 and edges[1] == math.nextafter(edges[0], math.inf):  # noqa: PLR2004
        at = readable(edges[0])
        return [f"under {at}", at, f"over {at}"]
    inner = [f"{readable(a)} to {readable(b)}" for a, b in pairwise(edges)]
    return [f"under {readable(edges[0])}", *inner, f"{readable(edges[-1])} or more"]


def readable(number: float) -> str:
    """Return a number as a person writes it.

    >>> readable(52000.0), readable(0.125), readable(1.5e-7)
    ('52,000', '0.125', '1.5e-07')
    """
    size = abs(number)
    if size >= 1e15 or 0 < size < 1e-4:  # noqa: PLR2004 (too long to read otherwise)
        return f"{number:.6g}"
    text = f"{number:,.6f}".rstrip("0").rstrip(".") if size < 1e6 else f"{number:,.0f}"  # noqa: PLR2004
    return "0" if text in {"-0", ""} else text


def _without_empty(labels: list[str], sides: Sequence[Sequence[float]]) -> Shape:
    totals = [sum(side) or 1 for side in sides]
    kept = [i for i in range(len(labels)) if sides[0][i] or sides[1][i]]
    reference, production = (
        tuple(side[i] / total for i in kept)
        for side, total in zip(sides, totals, strict=True)
    )
    return Shape(
        bins=tuple(labels[i] for i in kept),
        reference=reference,
        production=production,
    )
