"""Data quality: how much of a column is missing, of another type, or out of bounds.

In `azureml` mode the figures are Azure ML's, in its order: nulls are counted, then
filled (numbers by the median, text by the commonest), then types and bounds checked. In
`sound` mode a rate is of the values that are there, and nothing is filled in.

Source: Azure/azureml-assets at 4b41f8cc, components/src/data_quality_*, read and run.
"""

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from bot.signals import bounds, columns
from bot.signals.metric import CannotCompute, Metric, NotApplicable

if TYPE_CHECKING:
    from bot.signals.pair import Pair

_Z = 1.959963984540054
_Z_ONE_SIDED = 1.6448536269514722
_DIGITS = Decimal("0.00001")  # Azure ML rounds rates to these
_CHECKED = columns.REAL | columns.WHOLE | columns.CATEGORICAL


def _rate(count: int, rows: int) -> float:
    return count / rows if rows else math.nan


def _rounded(count: int, rows: int) -> float:
    rate = _rate(count, rows)
    if math.isnan(rate):
        return rate
    return float(Decimal(repr(rate)).quantize(_DIGITS, ROUND_HALF_UP))


def _nulls(pair: "Pair", side: int) -> float:
    if pair.mode == "azureml":
        bounds.refuse_empty(pair, side)
        return _rounded(pair.nulls[side], pair.rows[side])
    return _rate(pair.nulls[side] + pair.nans[side], pair.rows[side])


def null_value_rate(pair: "Pair") -> float:
    """Return the share of production rows without a value.

    NaN is a missing value, though not to Azure ML.
    """
    return _nulls(pair, 1)


def _type_errors(pair: "Pair", side: int) -> float:
    if pair.feature.kind not in _CHECKED:
        raise NotApplicable(f"{pair.feature.kind} is not checked")
    if pair.mode == "azureml":
        bounds.refuse_empty(pair, side)
        count = bounds.type_errors(pair, side, filled=True)
        return _rounded(count, pair.rows[side])
    there = _there(pair, side)
    return _rate(bounds.type_errors(pair, side, filled=False), there)


def data_type_error_rate(pair: "Pair") -> float:
    """Return the share of production values that the reference's type cannot hold."""
    return _type_errors(pair, 1)


def _out_of_bounds(pair: "Pair", side: int) -> float:
    if pair.mode == "azureml":
        bounds.refuse_empty(pair, side)
        count = bounds.outside_azureml(pair, side)
        if count is None:
            raise CannotCompute("null: not a number in production")
        return _rounded(count, pair.rows[side])
    return _rate(bounds.outside(pair, side), _there(pair, side))


def out_of_bounds_rate(pair: "Pair") -> float:
    """Return the share of production values that the reference never saw the like of.

    Numbers outside its range; text that is none of its values.
    """
    return _out_of_bounds(pair, 1)


def _there(pair: "Pair", side: int) -> int:
    there = pair.rows[side] - pair.nulls[side] - pair.nans[side]
    if not there and pair.mode == "sound":
        raise CannotCompute(f"no value in the {('reference', 'production')[side]}")
    return there


def rate_floor(reference: float, production: float, n: int, m: int) -> float:
    """Return the rate that 95 % of undrifted production windows stay below."""
    pooled = (reference * n + production * m) / (n + m)
    chance = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return reference + _Z_ONE_SIDED * chance


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


def _metric(
    name: str, alias: str, rate: "bounds.Rate", baseline: "bounds.SideRate"
) -> Metric:
    def floor(pair: "Pair") -> float:
        return rate_floor(baseline(pair, 0), rate(pair), *pair.rows)

    return Metric(
        name=name,
        alias=alias,
        signal="data-quality",
        applies_to=frozenset({"Numerical", "Categorical"}),
        breached_when="above",
        unit="share",
        default=0.01,
        azure_default=0.5,
        source="Azure/azureml-assets@4b41f8cc, data_quality_compute_metrics",
        azureml=rate,
        sound=rate,
        floor=floor,
        interval=lambda pair, value: wilson(value, pair.rows[1]),
        baseline=lambda pair: baseline(pair, 0),
        of_rows=True,
    )


METRICS = (
    _metric("NullValueRate", "nulls", null_value_rate, _nulls),
    _metric("DataTypeErrorRate", "types", data_type_error_rate, _type_errors),
    _metric("OutOfBoundsRate", "bounds", out_of_bounds_rate, _out_of_bounds),
)
