"""Azure ML's known defects, said of a result where they touch it."""

from typing import TYPE_CHECKING

from bot.signals.metric import CannotCompute

if TYPE_CHECKING:
    from bot.signals.metric import Metric
    from bot.signals.pair import Pair

_CROWDED = 0.99  # share of the rows in one bin


def refusal(error: CannotCompute) -> str:
    """Return the flag of a figure that Azure ML fails to compute; its job fails."""
    if not error.kind:
        return f"Azure ML's figure is {error.reason}"
    return f"Azure ML raises {error.kind}: {error.reason}"


def found(metric: "Metric", pair: "Pair") -> tuple[str, ...]:
    """Return what is wrong with Azure ML's figure of this metric on this data."""
    return (*_listwise(metric, pair), *_of_bins(metric, pair), *_of_chi_squared(metric))


def _listwise(metric: "Metric", pair: "Pair") -> tuple[str, ...]:
    if metric.of_rows:
        return ()
    lost = sum(0 if mask is None else len(mask) - int(mask.sum()) for mask in pair.keep)
    own = sum(pair.nulls) + sum(pair.nans)
    if lost <= own:
        return ()
    return (f"{lost - own:,} rows left out because another column was empty there",)


def _of_bins(metric: "Metric", pair: "Pair") -> tuple[str, ...]:
    binned = metric.name in {"JensenShannonDistance", "PopulationStabilityIndex"}
    if not binned or pair.feature.data_type != "Numerical":
        return ()
    try:
        ours, theirs = pair.counts
    except CannotCompute:
        return ()
    flags = []
    if lost := sum(pair.sizes) - int(ours.sum() + theirs.sum()):
        flags.append(f"{lost:,} rows lost past the last bin by rounding")
    crowd = float((ours + theirs).max()) / sum(pair.sizes)
    if len(ours) > 1 and crowd > _CROWDED:
        flags.append(f"equal-width bins: {crowd:.1%} of the rows are in one")
    return tuple(flags)


def _of_chi_squared(metric: "Metric") -> tuple[str, ...]:
    if metric.name != "PearsonsChiSquaredTest":
        return ()
    return ("the reference is taken as known: many false alarms at equal sizes",)
