"""From a figure to a verdict: Azure ML's rule, and ours."""

import math
from typing import TYPE_CHECKING

import numpy as np

from bot.signals.report import FeatureResult, Verdict

if TYPE_CHECKING:
    from bot.signals.metric import Direction, Metric

SMALLEST = 500  # rows a side below which we do not judge
_MARGIN = 1.1  # over the noise floor: it is an estimate, and 5 % is to be kept
SMALLEST_EFFECT = 0.05  # JS or normalised W1 below which a p-value is beside the point

AZURE_BELOW = frozenset(
    {
        "TwoSampleKolmogorovSmirnovTest",
        "PearsonsChiSquaredTest",
        "NormalizedDiscountedCumulativeGain",
    }
)


def azure_breached_when(metric: str) -> "Direction":
    """Return on which side of its threshold Azure ML alerts for this metric.

    Accuracy, precision and recall are missing from its list, so it alerts when they
    are above.

    >>> azure_breached_when("AverageCoherenceScore"), azure_breached_when("Accuracy")
    ('below', 'above')
    """
    scored = metric.startswith("Average") and metric.endswith("Score")
    passed = metric.endswith("PassRate")
    return "below" if metric in AZURE_BELOW or scored or passed else "above"


def azure_breached(metric: str, value: float | None, threshold: float | None) -> bool:
    """Return whether Azure ML calls this a breach, NaN included.

    Spark orders NaN above every number and equal to itself, and Azure ML keeps both
    figures as float32.

    >>> azure_breached("JensenShannonDistance", math.nan, 0.1)
    True
    """
    if value is None or threshold is None:
        return False
    below = azure_breached_when(metric) == "below"
    less, more = (value, threshold) if below else (threshold, value)
    if math.isnan(more):
        return not math.isnan(less)
    return bool(np.float32(less) < np.float32(more))


def judge(
    metric: "Metric",
    result: FeatureResult,
    *,
    effect: float | None = None,
    smallest: int = SMALLEST,
) -> tuple[Verdict, str]:
    """Return the sound verdict on `result`, and why it is not a plain yes or no.

    Args:
        result: with value, threshold, noise floor, counts, adjusted p; no verdict yet.
        effect: the effect size beside a p-value metric.
        smallest: values a side below which nothing is judged.
    """
    value, threshold = result.value, result.threshold
    if value is None or threshold is None:
        return "cannot compute", result.reason or "the figure is not a number"
    n, m = result.reference_count, result.production_count
    if min(n, m) < smallest:
        side = f"{n:,} reference" if n < m else f"{m:,} production"
        return "not enough data", f"{side} values; {smallest} are needed"
    if metric.is_p_value:
        return _by_evidence(
            value if result.adjusted_p is None else result.adjusted_p, threshold, effect
        )
    if metric.breached_when == "below":
        return ("breached" if value < threshold else "not breached"), ""
    return _by_effect(value, threshold, result.noise_floor)


def _by_evidence(
    p: float, threshold: float, effect: float | None
) -> tuple[Verdict, str]:
    if p >= threshold:
        return "not breached", ""
    if effect is not None and effect < SMALLEST_EFFECT:
        return "not breached", f"significant, but too small to matter ({effect:.3f})"
    return "breached", ""


def _by_effect(
    value: float, threshold: float, floor: float | None
) -> tuple[Verdict, str]:
    if value <= threshold:
        return "not breached", ""
    if floor is not None and value <= _MARGIN * floor:
        said = f"over the limit, but within chance (up to {floor:.3g})"
        return "not breached", said
    return "breached", ""
