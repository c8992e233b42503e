"""Labels that came in late, put beside the predictions they belong to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bot.signals.columns import NUMBERS, Frame
from bot.signals.scores import Task

if TYPE_CHECKING:
    import pyarrow as pa

_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The predictions whose label is there, shape (n,) each, and how late it came."""

    truth: NDArray[Any]
    predicted: NDArray[Any]
    predictions: int  # all of the window, labelled or not
    task: Task
    age: str = ""  # in words, where the times are known


def labelled(
    predictions: Frame,
    *,
    truth: str,
    predicted: str,
    labels: Frame | None = None,
    on: str = "",
    times: tuple[str, str] = ("", ""),
    task: Task | None = None,
) -> Labelled:
    """Return labels and predictions row by row.

    Args:
        truth, predicted: columns of the label and of the prediction.
        labels: a table of its own for the labels; `on` is the column that both have.
            Of several labels for a row the last one counts.
        times: columns of the moments of prediction and of label.
        task: regression where both are real numbers, unless said.

    Raises:
        ValueError: a column is missing.
    """
    import pyarrow.compute as pc  # noqa: PLC0415

    named = [predicted, times[0], on if labels is not None else truth]
    left = _table(predictions, named, "the predictions")
    if labels is None:
        late = _table(predictions, [truth, times[1]], "the predictions")
        both = left
        for name in late.column_names:
            if name not in left.column_names:
                both = both.append_column(name, late[name])
    else:
        late = _table(labels, [on, truth, times[1]], "the labels")
        both = _joined(left, late, on)
    kept = both.filter(pc.and_(pc.is_valid(both[truth]), pc.is_valid(both[predicted])))
    real = {predictions.kind(predicted), (labels or predictions).kind(truth)}
    guess: Task = (
        "regression"
        if real <= NUMBERS and real & {"double", "float"}
        else "classification"
    )
    # A truth value beside 0 and 1 is a number too.
    numbers = (task or guess) == "regression" or real <= NUMBERS | {"boolean"}
    return Labelled(
        truth=_values(kept[truth], numbers=numbers),
        predicted=_values(kept[predicted], numbers=numbers),
        predictions=predictions.rows,
        task=task or guess,
        age=_age(kept, *times) if all(times) else "",
    )


def _table(frame: Frame, names: list[str], side: str) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415

    wanted = [name for name in dict.fromkeys(names) if name]
    for name in wanted:
        if name not in frame.names:
            raise ValueError(f"{name}: not in {side}")
    columns = {name: frame.column(name) for name in wanted}
    plain = {
        name: c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c
        for name, c in columns.items()
    }
    return pa.table(plain)


def _joined(left: "pa.Table", late: "pa.Table", on: str) -> "pa.Table":
    """Return the left rows with their last label."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    ids = late[on].cast("string").combine_chunks()
    backwards = pc.take(ids, pa.array(np.arange(len(ids))[::-1]))
    place = pc.index_in(left[on].cast("string"), value_set=backwards)
    found = pc.subtract(len(ids) - 1, place)
    names = [name for name in late.column_names if name not in left.column_names]
    for name in names:
        left = left.append_column(name, late[name].take(found))
    return left


def _values(column: "pa.ChunkedArray", *, numbers: bool) -> NDArray[Any]:
    plain = column.cast("double" if numbers else "string")
    values: NDArray[Any] = plain.to_numpy(zero_copy_only=False)
    return values if numbers else values.astype(str)


def _age(kept: "pa.Table", predicted_at: str, labelled_at: str) -> str:
    """Return how long labels took; moments, or milliseconds since 1970."""
    start, end = (_hours(kept[name]) for name in (predicted_at, labelled_at))
    taken = end - start
    taken = taken[np.isfinite(taken)]
    if not len(taken):
        return ""
    middle, most = np.quantile(taken, [0.5, 0.95])
    return (
        f"labels came {_long(middle)} after their prediction "
        f"(median; 95% within {_long(most)})"
    )


def _hours(column: "pa.ChunkedArray") -> NDArray[np.float64]:
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = column.cast(pa.timestamp("us", "UTC"))
    if pa.types.is_temporal(column.type):
        zone = getattr(column.type, "tz", None)
        micros = column.cast(pa.timestamp("us", zone), safe=False).cast("int64")
        return _floats(micros) / _HOUR_US
    return _floats(column) / (_HOUR_US / 1_000)


def _floats(column: "pa.ChunkedArray") -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.cast("double").to_numpy(zero_copy_only=False)
    return values


def _long(hours: float) -> str:
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004
