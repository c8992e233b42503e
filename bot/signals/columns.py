"""A table, column by column: what a column is, and its values as NumPy has them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

REAL = frozenset({"float", "double"})
WHOLE = frozenset({"tinyint", "smallint", "int", "bigint"})
NUMBERS = REAL | WHOLE
CATEGORICAL = frozenset({"string", "boolean", "timestamp", "date", "binary"})
_DISTINCT_SHARE = 0.05  # below it Azure ML takes whole numbers for categories


class Frame(Protocol):
    """A table that hands out one column at a time; a Parquet file is one.

    It may also have `findings`, what was wrong with the data as it was read.
    """

    @property
    def rows(self) -> int: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    def kind(self, name: str) -> str:
        """Return Spark's name of the column's type ("double", "bigint" …)."""
        ...

    def column(self, name: str) -> "pa.ChunkedArray": ...


Data: TypeAlias = "Frame | pa.Table | Mapping[str, Any]"


@dataclass(frozen=True, slots=True)
class InMemory:
    """A frame over a table that is already in memory."""

    table: "pa.Table"

    @property
    def rows(self) -> int:
        return int(self.table.num_rows)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.table.column_names)

    def kind(self, name: str) -> str:
        return spark_type(self.table.schema.field(name).type)

    def column(self, name: str) -> "pa.ChunkedArray":
        return self.table.column(name)


def frame(data: Data) -> Frame:
    """Return `data` as a frame.

    Args:
        data: a frame, a `pyarrow.Table`, or a mapping of names to arrays of one length
            (NumPy arrays are taken over without a copy; NaN stays NaN).

    Raises:
        ValueError: two columns of one name, or arrays of several lengths or types.
    """
    import pyarrow as pa  # noqa: PLC0415 (most of the start-up time)

    if isinstance(data, pa.Table):
        if twice := [n for n, k in Counter(data.column_names).items() if k > 1]:
            raise ValueError(f"several columns are called {twice[0]!r}")
        return InMemory(data)
    if isinstance(data, Mapping):
        return InMemory(pa.table({name: pa.array(v) for name, v in data.items()}))
    return data


def spark_type(kind: "pa.DataType") -> str:
    """Return what Spark calls this type when it reads it from Parquet."""
    import pyarrow.types as t  # noqa: PLC0415

    if t.is_dictionary(kind):
        return spark_type(kind.value_type)
    named = {
        "halffloat": "float",
        "float": "float",
        "double": "double",
        "int8": "tinyint",
        "int16": "smallint",
        "uint8": "smallint",
        "int32": "int",
        "uint16": "int",
        "int64": "bigint",
        "uint32": "bigint",
        "string": "string",
        "large_string": "string",
        "string_view": "string",
        "uint64": "decimal(20,0)",
        "bool": "boolean",
        "date32[day]": "date",
        "date64[ms]": "date",
        "binary": "binary",
        "large_binary": "binary",
        "binary_view": "binary",
    }
    if t.is_timestamp(kind):
        return "timestamp_ntz" if kind.tz is None else "timestamp"
    return named.get(str(kind), str(kind))


def is_number(kind: str) -> bool:
    return kind in NUMBERS or kind.startswith("decimal")


def few_values(column: "pa.ChunkedArray") -> bool:
    """Return whether distinct / rows < 0.05; null counts as a value and as a row."""
    import pyarrow.compute as pc  # noqa: PLC0415

    if len(column) == 0:
        return False
    return are_few(pc.count_distinct(column, mode="all").as_py(), len(column))


def are_few(distinct: int, rows: int) -> bool:
    """Return whether so many distinct values, null among them, are categories."""
    return distinct / rows < _DISTINCT_SHARE


def present(column: "pa.ChunkedArray") -> Mask:
    """Return, per row, whether there is a value that is neither null nor NaN."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    if pa.types.is_floating(column.type):
        filled = pc.fill_null(column, float("nan")) if column.null_count else column
        there: Mask = ~np.isnan(_flat(filled))
        return there
    if not column.null_count:
        return np.ones(len(column), dtype=np.bool_)
    mask: Mask = _flat(pc.is_valid(column))
    return mask


def complete_rows(side: Frame, names: Sequence[str]) -> Mask | None:
    """Return which rows have every value, or None when all of them have."""
    keep: Mask | None = None
    for name in names:
        there = present(side.column(name))
        if not there.all():
            keep = there if keep is None else keep & there
    return keep


def values(column: "pa.ChunkedArray", kind: str) -> Floats:
    """Return the column's numbers without nulls, as float64; NaN stays.

    The array is the caller's own, to sort in place.
    """
    import pyarrow as pa  # noqa: PLC0415

    if kind == "boolean":
        column = column.cast(pa.float64(), safe=False)
    elif kind.startswith(
        "decimal"
    ):  # Arrow's own cast is a last bit off in one of five
        column = column.cast(pa.string()).cast(pa.float64())
    if column.null_count:
        column = column.drop_null()
    own = np.empty(len(column))
    start = 0
    for chunk in column.chunks:
        own[start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
        start += len(chunk)
    return own


def whole(column: "pa.ChunkedArray") -> NDArray[np.int64]:
    """Return the column's whole numbers without nulls, sorted and exact."""
    own: NDArray[np.int64] = _flat(column.drop_null().cast("int64")).astype(np.int64)
    own.sort()
    return own


def _flat(column: "pa.ChunkedArray") -> NDArray[Any]:
    chunks = [c.to_numpy(zero_copy_only=False) for c in column.chunks]
    if len(chunks) == 1:
        return np.asarray(chunks[0])
    return np.concatenate(chunks) if chunks else np.empty(0)
