"""A signal that was asked for and cannot be computed: said, never left out."""

from collections.abc import Mapping
from typing import Literal

from bot.signals.report import FeatureResult, Report

_BELOW = ("Accuracy", "Precision", "Recall", "NormalizedDiscountedCumulativeGain")


def cannot(signal: str, why: str, limits: Mapping[str, float], *, what: str) -> Report:
    """Return the report that says why there is no figure.

    Args:
        limits: of the metrics that were asked for, by name.
        what: in a sentence, "The model's performance".
    """

    def result(metric: str, limit: float) -> FeatureResult:
        when: Literal["above", "below"] = "below" if metric in _BELOW else "above"
        return FeatureResult(
            feature="model",
            data_type="Numerical",
            metric=metric,
            value=None,
            threshold=limit,
            breached_when=when,
            verdict="cannot compute",
            reason=why,
        )

    return Report(
        signal=signal,
        mode="sound",
        verdict="cannot compute",
        sentence=f"{what} cannot be computed: {why}.",
        results=tuple(result(metric, limit) for metric, limit in limits.items()),
        reference_rows=0,
        production_rows=0,
    )
