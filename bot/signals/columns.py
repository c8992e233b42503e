"""Two tables, column by column: which can be compared, and as what."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

    from bot.signals.words import DataType, Mode

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

REAL = frozenset({"float", "double"})
WHOLE = frozenset({"tinyint", "smallint", "int", "bigint"})
NUMBERS = REAL | WHOLE
CATEGORICAL = frozenset({"string", "boolean", "timestamp", "date", "binary"})
_WORDS = frozenset({"string", "binary", "timestamp", "timestamp_ntz", "date"})
_MOMENTS = frozenset({"timestamp", "timestamp_ntz", "date"})
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


@dataclass(frozen=True, slots=True)
class Feature:
    """A column that both sides have, and how to read it."""

    name: str
    kind: str  # the type that both sides are read as
    data_type: "DataType"
    flags: tuple[str, ...] = ()
    told: "DataType | None" = None  # the type that a person gave it


@dataclass(frozen=True, slots=True)
class Selection:
    """What is compared, and what is not with the reason ("zip: not in production")."""

    features: tuple[Feature, ...]
    dropped: tuple[str, ...]


def select(
    reference: Frame,
    production: Frame,
    mode: "Mode",
    *,
    numerical: Iterable[str] = (),
    categorical: Iterable[str] = (),
) -> Selection:
    """Return the columns to compare, in the order of the reference.

    Args:
        numerical, categorical: names whose type we are told, whatever the rule says.

    Azure ML pairs equal types, float with double, and whole numbers with each other.
    The sound mode also compares whole with real numbers (a gap turns one into the
    other in pandas), and leaves moments out, which never repeat.
    """
    told = _told(numerical, categorical)
    features, dropped = [], []
    ours, theirs = dict.fromkeys(reference.names), dict.fromkeys(production.names)
    for name in ours:
        if name not in theirs:
            dropped.append(f"{name}: not in production")
            continue
        left, right = reference.kind(name), production.kind(name)
        kind = common(left, right, mode)
        if kind is None:
            dropped.append(f"{name}: {left} in the reference, {right} in production")
            continue
        if told.get(name) == "Numerical" and kind in _WORDS:
            dropped.append(f"{name}: {kind} cannot be compared as a number")
            continue
        usable = is_number(kind) or kind in _WORDS | {"boolean"}
        data_type = told.get(name) if usable else None
        data_type = data_type or _data_type(reference, name, kind, mode)
        if data_type is None:
            dropped.append(f"{name}: {kind} is not compared")
            continue
        same = left == right or mode == "azureml"
        flags = () if same else (f"type changed from {left} to {right}",)
        features.append(Feature(name, kind, data_type, flags, told.get(name)))
    new = [name for name in theirs if name not in ours]
    dropped += [f"{name}: not in the reference" for name in new]
    return Selection(tuple(features), tuple(dropped))


def _told(
    numerical: Iterable[str], categorical: Iterable[str]
) -> "dict[str, DataType]":
    told: dict[str, DataType] = dict.fromkeys(categorical, "Categorical")
    told.update(dict.fromkeys(numerical, "Numerical"))  # said twice, it is a number
    return told


def select_all(
    reference: Frame,
    production: Frame,
    *,
    numerical: Iterable[str] = (),
    categorical: Iterable[str] = (),
) -> Selection:
    """Return every column that both sides have, whatever its types: for data quality."""
    kinds = {name: reference.kind(name) for name in reference.names}
    told = _told(numerical, categorical)
    features = tuple(
        Feature(
            name,
            kind,
            told.get(name) or _quality_type(reference, name, kind),
            told=told.get(name),
        )
        for name, kind in kinds.items()
        if name in production.names
    )
    missing = [f"{n}: not in production" for n in kinds if n not in production.names]
    new = [f"{n}: not in the reference" for n in production.names if n not in kinds]
    return Selection(features, (*missing, *new))


def _quality_type(reference: Frame, name: str, kind: str) -> "DataType":
    few = kind in WHOLE and few_values(reference.column(name))
    return "Numerical" if kind in NUMBERS and not few else "Categorical"


def common(left: str, right: str, mode: "Mode") -> str | None:
    """Return the type that both sides can be read as; None: there is none."""
    if left == right:
        return left
    kinds = {left, right}
    if kinds <= REAL:
        return "double"
    if kinds <= WHOLE:
        return "bigint"
    if mode == "sound" and kinds <= REAL | WHOLE:
        return "double"
    return None


def _data_type(
    reference: Frame, name: str, kind: str, mode: "Mode"
) -> "DataType | None":
    if mode == "sound" and kind in _MOMENTS:
        return None
    if kind in CATEGORICAL:
        return "Categorical"
    if kind in REAL or (mode == "sound" and kind.startswith("decimal")):
        return "Numerical"
    if kind in WHOLE:
        return "Categorical" if few_values(reference.column(name)) else "Numerical"
    return None


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
