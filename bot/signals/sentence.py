"""What a person reads first: one sentence."""

from collections.abc import Sequence

from bot.signals.report import FeatureResult, Verdict

WORST_FIRST: tuple[Verdict, ...] = (
    "breached",
    "not breached",
    "not enough data",
    "cannot compute",
)
_LIMIT = {
    "data-drift": "drift limit",
    "prediction-drift": "prediction drift limit",
    "data-quality": "data quality limit",
}


def overall(results: Sequence[FeatureResult]) -> Verdict:
    """Return the verdict on a whole signal: one breach is enough, one answer too."""
    verdicts = {result.verdict for result in results}
    return next((v for v in WORST_FIRST if v in verdicts), "cannot compute")


def sentence(signal: str, ranked: Sequence[FeatureResult]) -> str:
    """Return what happened, the worst feature by name.

    Args:
        ranked: the worst first; several metrics of one feature count as one feature.
    """
    if not ranked:
        return "There is nothing to compare: the two sides share no usable column."
    limit = _LIMIT.get(signal, "limit")
    features = {result.feature for result in ranked}
    over = {r.feature for r in ranked if r.verdict == "breached"}
    count = len(features)
    first = ranked[0]
    match overall(ranked):
        case "breached" if count == 1:
            return f"{first.feature} is over the {limit}."
        case "breached":
            verb = "is" if len(over) == 1 else "are"
            worst = "" if len(over) == 1 else f"; {first.feature} moved most"
            named = f": {first.feature}" if len(over) == 1 else ""
            return (
                f"{len(over)} of {count} features {verb} over the {limit}{named}"
                f"{worst}."
            )
        case "not breached":
            return _calm(first, count, limit)
        case "not enough data":
            return f"Not enough data to judge: {first.reason}."
        case _:
            return f"Nothing could be computed: {first.reason}."


def _calm(first: FeatureResult, count: int, limit: str) -> str:
    who = "The feature is" if count == 1 else f"None of {count} features is"
    if count == 1:
        return f"{first.feature} is within the {limit}."
    near = f"; {first.feature} moved most" if first.value else ""
    return f"{who} over the {limit}{near}."
