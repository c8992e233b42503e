"""Data quality: how much of a column is missing, of another type, or out of bounds.

Source: Azure/azureml-assets at 4b41f8cc, components/src/data_quality_*, read and run.
"""

import math
from typing import TYPE_CHECKING

from bot.signals.metric import Metric

if TYPE_CHECKING:
    from bot.signals.pair import Pair

_Z = 1.959963984540054
_Z_ONE_SIDED = 1.6448536269514722
_DIGITS = 5  # Azure ML rounds rates to so many


def null_value_rate_azureml(pair: "Pair") -> float:
    """Return nulls over rows of production; NaN is not null. Rounded to 5 digits."""
    return round(_rate(pair.nulls[1], pair.rows[1]), _DIGITS)


def null_value_rate(pair: "Pair") -> float:
    """Return the share of production rows with neither a value nor infinity."""
    return _rate(pair.missing[1], pair.rows[1])


def null_value_baseline(pair: "Pair") -> float:
    """Return the same rate of the reference, counted as the mode counts it."""
    if pair.mode == "azureml":
        return round(_rate(pair.nulls[0], pair.rows[0]), _DIGITS)
    return _rate(pair.missing[0], pair.rows[0])


def _rate(count: int, rows: int) -> float:
    return count / rows if rows else math.nan


def _null_floor(pair: "Pair") -> float:
    n, m = pair.rows
    return rate_floor(pair.missing[0] / n, sum(pair.missing) / (n + m), n, m)


def rate_floor(reference: float, pooled: float, n: int, m: int) -> float:
    """Return the rate that 95 % of undrifted production windows stay below."""
    chance = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return reference + _Z_ONE_SIDED * chance


def _null_interval(pair: "Pair", value: float) -> tuple[float, float]:
    return wilson(value, pair.rows[1])


def wilson(rate: float, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927); sound near 0 and 1 too.

    >>> [round(x, 3) for x in wilson(0.0, 100)]
    [0.0, 0.037]
    """
    weight = _Z**2 / rows
    middle = (rate + weight / 2) / (1 + weight)
    root = math.sqrt(rate * (1 - rate) / rows + weight / (4 * rows))
    spread = _Z * root / (1 + weight)
    return max(0.0, middle - spread), min(1.0, middle + spread)


METRICS = (
    Metric(
        name="NullValueRate",
        alias="nulls",
        signal="data-quality",
        applies_to=frozenset({"Numerical", "Categorical"}),
        breached_when="above",
        unit="share of rows",
        default=0.01,
        azure_default=0.5,
        source="Azure/azureml-assets@4b41f8cc, data_quality_compute_metrics",
        azureml=null_value_rate_azureml,
        sound=null_value_rate,
        floor=_null_floor,
        interval=_null_interval,
        baseline=null_value_baseline,
        of_rows=True,
    ),
)
