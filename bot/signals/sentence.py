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


def overall(results: Sequence[FeatureResult], *, empty: str = "") -> Verdict:
    """Return the verdict on a whole signal: one breach is enough, one answer too.

    Beside an empty window only Azure ML finds a breach (of the row count), so that one
    stands, and no other answer does.
    """
    verdicts = {result.verdict for result in results}
    if empty and "breached" not in verdicts:
        return "not enough data"
    return next((v for v in WORST_FIRST if v in verdicts), "cannot compute")


def sentence(signal: str, ranked: Sequence[FeatureResult], *, empty: str = "") -> str:
    """Return what happened, the worst feature by name.

    Args:
        ranked: the worst first; several metrics of one feature count as one feature.
        empty: the side that has no rows at all, if one has none.
    """
    if empty and overall(ranked) != "breached":
        return f"Not enough data to judge: the {empty} window is empty."
    if not ranked:
        return "There is nothing to compare: the two sides share no usable column."
    limit = _LIMIT.get(signal, "limit")
    match overall(ranked):
        case "breached":
            return _alarmed(ranked, limit)
        case "not breached":
            return _calm(ranked, limit)
        case "not enough data":
            return f"Not enough data to judge: {ranked[0].reason}."
    return f"Nothing could be computed: {ranked[0].reason}."


def _alarmed(ranked: Sequence[FeatureResult], limit: str) -> str:
    count = _features(ranked)
    over = len({r.feature for r in ranked if r.verdict == "breached"})
    first = ranked[0].feature or "the row count"
    if count == 1:
        return f"{first} is over the {limit}."
    if over == 1:
        return f"1 of {count} features is over the {limit}: {first}."
    return f"{over} of {count} features are over the {limit}; {first} moved most."


def _features(ranked: Sequence[FeatureResult]) -> int:
    """Return how many features there are; a row count is none."""
    return len({result.feature for result in ranked if result.feature}) or 1


def _calm(ranked: Sequence[FeatureResult], limit: str) -> str:
    count = _features(ranked)
    first = next((r for r in ranked if r.feature), ranked[0])
    if count == 1:
        return f"{first.feature} is within the {limit}."
    near = f"; {first.feature} moved most" if first.value else ""
    return f"None of {count} features is over the {limit}{near}."


def visible(text: str) -> str:
    r"""Return a name from data as it may be shown: what moves other text is spelled out.

    Escape sequences would command a terminal, and marks of direction reorder a line.

    >>> visible("age" + chr(27) + "[2J" + chr(0x202E))
    'age\\x1b[2J\\u202e'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
