"""Beyond the figure: where the shift sits, who carries it, since when, with what."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.signals import distance
from bot.signals.report import Report, Shape

_MOST = 0.5  # of the divergence that the named bins carry together
_SHIFT = 3.0  # spreads between the days before and after a change
_TOGETHER = 0.8  # correlation from which features move together


def where(shape: Shape) -> str:
    """Return the bins that carry most of the shift, at most two.

    >>> where(Shape(bins=("a", "b"), reference=(0.5, 0.5), production=(0.9, 0.1)))
    'b 50% to 10%'
    """
    p, q = np.array(shape.reference), np.array(shape.production)
    if not len(p):
        return ""
    parts = distance.divergence_terms(p, q)
    total = float(parts.sum())
    if total <= 0:
        return ""
    said, carried = [], 0.0
    for i in np.argsort(-parts)[:2].tolist():
        if carried > _MOST * total:
            break
        said.append(f"{shape.bins[i]} {p[i]:.0%} to {q[i]:.0%}")
        carried += float(parts[i])
    return ", ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment's part in a feature's shift."""

    column: str
    value: str
    share: float  # of the rows of production
    change: float  # of the metric inside the segment
    carried: float  # share times change, over the sum of that


def segments(
    column: str, reports: Mapping[str, Report], feature: str
) -> tuple[Segment, ...]:
    """Return which segments carry a feature's shift, the heaviest first.

    Args:
        column: what the data was split by.
        reports: by the column's value; each compares the rows of that value only.
        feature: whose shift is asked for.
    """
    found = {
        value: result.value
        for value, report in reports.items()
        for result in report.results
        if result.feature == feature and result.value is not None
    }
    rows = {value: reports[value].production_rows for value in found}
    total = sum(rows.values()) or 1
    weight = sum(found[v] * rows[v] for v in found) or 1.0
    return tuple(
        sorted(
            (
                Segment(
                    column=column,
                    value=value,
                    share=rows[value] / total,
                    change=change,
                    carried=change * rows[value] / weight,
                )
                for value, change in found.items()
            ),
            key=lambda segment: -segment.carried,
        )
    )


def since(values: Sequence[float]) -> int | None:
    """Return the index of the first day after a lasting change, or None.

    The split that leaves the least spread on both sides, if the two sides' medians are
    three spreads apart.

    Args:
        values: a metric a day, against one reference, oldest first; at least six.

    >>> since([0.02, 0.03, 0.02, 0.03, 0.21, 0.22, 0.2])
    4
    """
    x = np.asarray(values, dtype=np.float64)
    best, split = math.inf, None
    for i in range(2, len(x) - 1):
        left, right = x[:i], x[i:]
        spread = float(np.abs(left - np.median(left)).sum())
        spread += float(np.abs(right - np.median(right)).sum())
        if spread < best:
            best, split = spread, i
    if split is None or len(x) < 6:  # noqa: PLR2004
        return None
    gap = abs(float(np.median(x[split:]) - np.median(x[:split])))
    noise = best / len(x) * 1.4826
    return split if gap > _SHIFT * max(noise, 1e-12) else None


def together(series: Mapping[str, Sequence[float]]) -> tuple[tuple[str, ...], ...]:
    """Return groups of features whose daily figures rise and fall together.

    Args:
        series: a metric a day by feature, all of one length of at least five.
    """
    names = [name for name, values in series.items() if np.std(values) > 0]
    if len(names) < 2 or len(series[names[0]]) < 5:  # noqa: PLR2004
        return ()
    related = np.corrcoef([series[name] for name in names]) > _TOGETHER
    groups, seen = [], set()
    for i, name in enumerate(names):
        if name in seen:
            continue
        group = [names[j] for j in np.flatnonzero(related[i]) if names[j] not in seen]
        seen |= set(group)
        if len(group) > 1:
            groups.append(tuple(group))
    return tuple(groups)


def with_predictions(features: Report, predictions: Report) -> str:
    """Return one sentence: did the model's output move with its input?"""
    moved = predictions.verdict == "breached"
    unknown = predictions.verdict in {"not enough data", "cannot compute"}
    if features.verdict != "breached":
        alone = "the predictions moved although no feature did"
        return f"{features.sentence[:-1]}; {alone}." if moved else features.sentence
    if unknown:
        return f"{features.sentence[:-1]}; whether the predictions moved is unknown."
    said = "the predictions moved too" if moved else "the predictions have not moved"
    return f"{features.sentence[:-1]}; {said}."
