"""Drift of one feature: how far production has moved from its reference window.

Both modes give Azure ML's metric under Azure ML's name. `azureml` is its figure to the
last digit, refusals included; `sound` handles missing and infinite values per column
and compares two samples as two samples.

Source: Azure/azureml-assets at 4b41f8cc, components/src/data_drift_compute_metrics,
read and run; tests/fixtures/oracles holds what it computed.
"""

import math
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from bot.signals import distance, noise, significance
from bot.signals.metric import CannotCompute, DataType, Metric

if TYPE_CHECKING:
    from bot.signals.pair import Pair

_KS_LIMIT = 10_000  # rows at which Azure ML refuses the test
_EXACT_LIMIT = 500  # rows up to which the sound mode takes the exact probability


def jensen_shannon_distance(pair: "Pair") -> float:
    """Return the Jensen-Shannon distance, base 2: 0 the same, 1 nothing in common.

    Raises:
        CannotCompute: a side has no value.
    """
    pair.require_values()
    return distance.jensen_shannon(*pair.counts)


def jensen_shannon_azureml(pair: "Pair") -> float:
    """Return the same as Azure ML has it; NaN where a side has no category.

    Raises:
        CannotCompute: a side has no number, or an infinite one.
    """
    return distance.jensen_shannon_unclipped(*pair.counts, pair.sizes)


def population_stability_index(pair: "Pair") -> float:
    """Return the population stability index in nats, one count added to every bin.

    Raises:
        CannotCompute: a side has no value, or (Azure ML) an infinite one.
    """
    if pair.mode == "sound":
        pair.require_values()
    return distance.stability_index(*pair.counts, pair.sizes)


def normalized_wasserstein(pair: "Pair") -> float:
    """Return W1 over the reference's standard deviation (at least 0.001).

    About how many standard deviations a value has to travel from one side to the other.

    Raises:
        CannotCompute: a side has no (finite, in sound mode) value.
    """
    left, right = pair.numbers
    sound = pair.mode == "sound"
    x, y = (left.finite, right.finite) if sound else (left.ordered, right.ordered)
    if not len(x) or not len(y):
        if sound:
            pair.require_values()
            raise CannotCompute("no finite value on one side")
        raise CannotCompute("Distribution can't be empty.", kind="ValueError")
    return pair.travelled


def kolmogorov_smirnov_azureml(pair: "Pair") -> float:
    """Return the exact p-value of the two-sample test, below 10,000 rows.

    Raises:
        CannotCompute: a side is empty, or has 10,000 rows or more.
    """
    n, m = pair.sizes
    if max(n, m) >= _KS_LIMIT:
        raise CannotCompute(
            "Cannot calculate two-sample Kolmogorov-Smirnov test on dataset with "
            "more than 10000 entries",
            kind="Exception",
        )
    if not n or not m:
        raise CannotCompute(
            "Data passed to ks_2samp must not be empty", kind="ValueError"
        )
    return significance.kolmogorov_scipy_p(n, m, pair.lattice)


def kolmogorov_smirnov(pair: "Pair") -> float:
    """Return the p-value of the two-sample test, at any size."""
    pair.require_values()
    n, m = pair.sizes
    if max(n, m) <= _EXACT_LIMIT:
        return significance.kolmogorov_exact_p(n, m, pair.lattice)
    return significance.kolmogorov_p(n, m, pair.lattice)


def chi_squared_azureml(pair: "Pair") -> float:
    """Return the p-value of production against the reference taken as known.

    A category that the reference lacks gives 0; a single one gives NaN.
    """
    ours, theirs = pair.counts
    n, m = pair.sizes
    if not n and m:
        raise CannotCompute("division by zero", kind="ZeroDivisionError")
    if not n:
        return math.nan
    expected = ours / n * m
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = float(np.sum((theirs - expected) ** 2 / expected))
    return significance.chi_squared_sf(statistic, len(ours) - 1)


def chi_squared(pair: "Pair") -> float:
    """Return the p-value of the two-sample chi-squared test of homogeneity.

    Both sides are samples here. Taking the reference as known instead raises a false
    alarm in nearly half of all undrifted pairs of equal size, at p < 0.05.
    """
    pair.require_values()
    ours, theirs = pair.counts
    n, m = ours.sum(), theirs.sum()
    both = ours + theirs
    if len(both) == 1:
        return 1.0
    statistic = np.sum(
        (ours * math.sqrt(m / n) - theirs * math.sqrt(n / m)) ** 2 / both
    )
    return significance.chi_squared_sf(float(statistic), len(both) - 1)


_SOURCE = "Azure/azureml-assets@4b41f8cc, data_drift_compute_metrics"

_ANY: frozenset[DataType] = frozenset(get_args(DataType))


def _distance(
    name: str, alias: str, unit: str, kinds: frozenset[DataType], **functions: Any
) -> Metric:
    """Return the record of a distance: more is further, and its size decides."""
    return Metric(
        name=name,
        alias=alias,
        signal="data-drift",
        applies_to=kinds,
        breached_when="above",
        unit=unit,
        default=0.1,
        azure_default=0.5,
        source=_SOURCE,
        **functions,
    )


def _test(name: str, alias: str, kind: DataType, **functions: Any) -> Metric:
    """Return the record of a test: its p-value supports a distance."""
    return Metric(
        name=name,
        alias=alias,
        signal="data-drift",
        applies_to=frozenset({kind}),
        breached_when="below",
        unit="probability",
        default=0.05,
        azure_default=0.5,
        source=_SOURCE,
        is_p_value=True,
        **functions,
    )


METRICS = (
    _distance(
        "JensenShannonDistance",
        "js",
        "distance, 0 to 1",
        _ANY,
        azureml=jensen_shannon_azureml,
        sound=jensen_shannon_distance,
        floor=noise.jensen_shannon_floor,
        interval=noise.jensen_shannon_interval,
    ),
    _distance(
        "PopulationStabilityIndex",
        "psi",
        "nats",
        _ANY,
        azureml=population_stability_index,
        sound=population_stability_index,
        floor=noise.stability_index_floor,
        interval=noise.stability_index_interval,
    ),
    _distance(
        "NormalizedWassersteinDistance",
        "nwd",
        "standard deviations of the reference",
        frozenset({"Numerical"}),
        azureml=normalized_wasserstein,
        sound=normalized_wasserstein,
        floor=noise.wasserstein_floor,
        interval=noise.wasserstein_interval,
    ),
    _test(
        "TwoSampleKolmogorovSmirnovTest",
        "ks",
        "Numerical",
        azureml=kolmogorov_smirnov_azureml,
        sound=kolmogorov_smirnov,
    ),
    _test(
        "PearsonsChiSquaredTest",
        "chi2",
        "Categorical",
        azureml=chi_squared_azureml,
        sound=chi_squared,
    ),
)
