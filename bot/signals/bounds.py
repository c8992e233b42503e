"""What one side of a column holds that the reference's type and values do not allow."""

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bot.signals import columns
from bot.signals.casts import readable_as
from bot.signals.metric import CannotCompute, NotApplicable

if TYPE_CHECKING:
    from bot.signals.pair import Pair

Rate: TypeAlias = Callable[["Pair"], float]
SideRate: TypeAlias = Callable[["Pair", int], float]

_NUMBERS = columns.REAL | columns.WHOLE


def is_number(pair: "Pair", side: int) -> bool:
    """Return whether Azure ML takes this side for numbers, going by this side alone."""
    if pair.feature.told:
        return pair.feature.told == "Numerical"
    kind = columns.spark_type(pair.raw[side].type)
    if kind in columns.WHOLE:
        return not columns.few_values(pair.raw[side])
    return kind in columns.REAL


def refuse_empty(pair: "Pair", side: int) -> None:
    """Raise CannotCompute where Spark's imputer does: numbers, and not one there."""
    missing = pair.nulls[side] + pair.nans[side]
    if pair.rows[side] and missing == pair.rows[side] and is_number(pair, side):
        raise CannotCompute(
            ": org.apache.spark.SparkException: surrogate cannot be computed. All the "
            f"values in {pair.feature.name} are Null, Nan or missingValue(NaN)",
            kind="Py4JJavaError",
        )


def type_errors(pair: "Pair", side: int, *, filled: bool) -> int:
    """Return how many rows the reference's type cannot hold.

    Args:
        filled: missing rows count as Azure ML has filled them in; else they do not.
    """
    kind = columns.spark_type(pair.raw[side].type)
    if kind == "string":
        return _unreadable(pair, side, filled=filled)
    lost = kind == "date" and pair.feature.kind in _NUMBERS
    if not filled:
        there = pair.rows[side] - pair.nulls[side] - pair.nans[side]
        return there if lost else 0
    if lost:
        return pair.rows[side]
    return 0 if is_number(pair, side) else pair.nulls[side]


def _unreadable(pair: "Pair", side: int, *, filled: bool) -> int:
    counts = _texts(pair, side)
    nulls = pair.nulls[side]
    readable = readable_as(pair.feature.kind)
    wrong = sum(count for text, count in counts.items() if not readable(text))
    if not filled or not nulls:
        return wrong
    common = max(counts, key=lambda text: counts[text], default=None)
    if common is None or counts[common] < nulls:
        return wrong + nulls  # the commonest value is null: nothing is filled in
    return wrong if readable(common) else wrong + nulls


def _texts(pair: "Pair", side: int) -> dict[str, int]:
    import pyarrow.compute as pc  # noqa: PLC0415

    column = pair.raw[side].drop_null()
    if pair.mode == "sound" and columns.spark_type(column.type) in columns.REAL:
        column = column.filter(pc.invert(pc.is_nan(column)))
    if columns.spark_type(column.type) != "binary":  # which may be no text at all
        column = column.cast("large_string")
    pairs = pc.value_counts(column)
    counts: dict[str, int] = {}
    for value, count in zip(
        pairs.field("values").to_pylist(),
        pairs.field("counts").to_pylist(),
        strict=True,
    ):
        text = (
            value if isinstance(value, str) else bytes(value).decode(errors="replace")
        )
        counts[text] = counts.get(text, 0) + count
    return counts


def outside(pair: "Pair", side: int) -> int:
    """Return how many values lie outside the reference's range, or are none of its."""
    if pair.feature.kind in _NUMBERS:
        known = _finite_range(pair)
        values = _read_numbers(pair, side)
        return int(((values < known[0]) | (values > known[1])).sum())
    if pair.feature.kind != "string":
        raise NotApplicable(f"{pair.feature.kind} has no bounds")
    seen = _texts(pair, 0)
    return sum(n for text, n in _texts(pair, side).items() if text not in seen)


def _finite_range(pair: "Pair") -> tuple[float, float]:
    values = columns.values(pair.raw[0], pair.feature.kind)
    values = values[~np.isnan(values)]
    if not len(values):
        raise CannotCompute("no value in the reference")
    return float(values.min()), float(values.max())


def _read_numbers(pair: "Pair", side: int) -> columns.Floats:
    """Return the values there are, text read as numbers where it can be."""
    kind = columns.spark_type(pair.raw[side].type)
    if kind in _NUMBERS or kind == "boolean" or kind.startswith("decimal"):
        values = columns.values(pair.raw[side], kind)
        return values[~np.isnan(values)]
    if kind != "string":
        return np.empty(0)
    read = [(_number(text), count) for text, count in _texts(pair, side).items()]
    known = [(v, count) for v, count in read if not math.isnan(v)]
    return np.repeat([v for v, _ in known], [count for _, count in known])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def outside_azureml(pair: "Pair", side: int) -> int | None:
    """Return what Azure ML counts as out of bounds; None where its figure is null."""
    if is_number(pair, 0):
        return _outside_range(pair, side)
    if pair.feature.kind == "string":
        return _outside_set(pair, side)
    raise NotApplicable(f"{pair.feature.kind} has no bounds")


def _outside_range(pair: "Pair", side: int) -> int | None:
    """Count as Spark compares: NaN is above every number and equal to itself."""
    if columns.spark_type(pair.raw[side].type) not in _NUMBERS:
        return None
    known = columns.values(pair.raw[0], pair.feature.kind)
    if not len(known):
        raise NotApplicable("the reference has no values")
    numbers = known[~np.isnan(known)]
    high = math.nan if len(numbers) < len(known) else float(numbers.max())
    low = float(numbers.min()) if len(numbers) else math.nan
    values = columns.values(pair.raw[side], pair.feature.kind)
    there = np.sort(values[~np.isnan(values)])
    count = int((there > high).sum() + (there < low).sum())
    nans, nulls = len(values) - len(there), pair.nulls[side]
    if is_number(pair, side) and len(there):
        middle = float(there[math.ceil(len(there) / 2) - 1])
        return count + (nans + nulls) * int(middle > high or middle < low)
    return count + (0 if math.isnan(high) else nans)


def _outside_set(pair: "Pair", side: int) -> int:
    """Count as Azure ML does, whose set of values has been a text "[a, b]" between."""
    if columns.spark_type(pair.raw[side].type) in {"boolean", "binary"}:
        raise CannotCompute(
            "[DATATYPE_MISMATCH.DATA_DIFF_TYPES] Cannot resolve "
            f'"({pair.feature.name} IN (...))" due to data type mismatch',
            kind="AnalysisException",
        )
    written = [*_texts(pair, 0), *(["null"] if pair.nulls[0] else [])]
    text = re.sub(r"[\[\]]", "", ", ".join(written))
    known = {part.rstrip(" ") for part in re.split(", ?", text)}
    counts = _texts(pair, side)
    outside = sum(count for text, count in counts.items() if text not in known)
    nulls = pair.nulls[side]
    common = max(counts, key=lambda text: counts[text], default=None)
    if nulls and common is not None and counts[common] >= nulls and common not in known:
        return outside + nulls
    return outside
