"""The same profile, made where the data is: by Ibis on DuckDB or Spark (an extra).

Only the aggregate travels: counts, moments, a column's distinct values where they are
few, and its rows at the ranks that a profile keeps. All are exact, on every backend:
what `profiling.profile` makes of the same rows differs in the last digits of mean and
variance, and where a column's values are few in nothing at all.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.signals import columns, selection
from bot.signals.profiling import taken_as
from bot.signals.ranks import (
    QUANTILES,
    TAIL,
    WHOLE,
    About,
    Floats,
    NumberProfile,
    of_counted,
    of_places,
    places,
)
from bot.signals.sketch import (
    CATEGORIES,
    CategoryProfile,
    Profile,
    TableProfile,
    of_categories,
)

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

_GREATEST = sys.float_info.max
_FAR = 1e150  # beyond it a square may be infinite, which DuckDB refuses
_PARTS = 32  # in which a long column is sorted, so that none has to fit one machine
_LONG = 100_000  # finite rows
_AT_ONCE = 50  # columns that one query looks at


def profile(
    table: "ibis.Table",
    *,
    like: TableProfile | None = None,
    numerical: Iterable[str] = (),
    categorical: Iterable[str] = (),
) -> TableProfile:
    """Return the profile of an Ibis table: a few queries a column, no row travels.

    Args:
        table: of a backend with window functions and approximate quantiles; DuckDB and
            PySpark are tested. What `profiling.profile` leaves out, such as moments,
            is left out here too.
        like: take each column as this profile has it, number or category.
        numerical, categorical: columns whose type you know better.

    >>> import ibis, pyarrow
    >>> ages = pyarrow.table({"age": [31.0, 47.0, 47.0, None]})
    >>> made = profile(ibis.memtable(ages))
    >>> made.rows, made.columns["age"].upto.tolist(), made.columns["age"].missing
    (4, [1.0, 3.0], 1)
    """
    rows = _number(table.count())
    kinds = {
        name: columns.spark_type(kind.to_pyarrow())
        for name, kind in table.schema().items()
    }
    known = {*(numerical := tuple(numerical)), *(categorical := tuple(categorical))}
    whole = [n for n, kind in kinds.items() if kind in columns.WHOLE and n not in known]
    few = _few(table, whole, rows)
    chosen = selection.select(
        frame := _Described(rows, kinds),
        frame,
        "sound",
        numerical=(*numerical, *(name for name in whole if name not in few)),
        categorical=(*categorical, *few),
    ).features
    if like is not None:
        chosen = tuple(taken_as(feature, like) for feature in chosen)
    numbers = [f.name for f in chosen if f.data_type == "Numerical"]
    made: dict[str, Profile] = dict(_numbers(table, numbers, rows))
    for feature in chosen:
        if feature.data_type == "Categorical":
            made[feature.name] = _categories(table[feature.name], rows)
    named = {feature.name: made[feature.name] for feature in chosen}
    return TableProfile(rows, named, {f.name: f.kind for f in chosen})


@dataclass(frozen=True, slots=True)
class _Described:
    """A table's size and types, which are enough to choose columns by."""

    rows: int
    kinds: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.kinds)

    def kind(self, name: str) -> str:
        return self.kinds[name]

    def column(self, name: str) -> "pa.ChunkedArray":
        raise AssertionError(f"{name} stays where it is")


def _few(table: "ibis.Table", names: Collection[str], rows: int) -> list[str]:
    """Return the columns of so few whole numbers that Azure ML calls them categories."""
    if not rows:
        return []
    found = _together(table, names, _different)
    return [
        name
        for name, one in found.items()
        if columns.are_few(one["distinct"] + bool(one["null"]), rows)
    ]


def _different(column: "ibis.Column") -> "dict[str, ibis.Value]":
    return {"distinct": column.nunique(), "null": column.isnull().any()}


def _together(
    table: "ibis.Table",
    names: Collection[str],
    of: "Callable[[ibis.Column], dict[str, ibis.Value]]",
) -> dict[str, dict[str, Any]]:
    """Return what `of` asks of each column, some columns a query."""
    found: dict[str, dict[str, Any]] = {}
    each = list(names)
    for some in (each[at : at + _AT_ONCE] for at in range(0, len(each), _AT_ONCE)):
        asked = {name: of(table[name]) for name in some}
        flat = [value for one in asked.values() for value in one.values()]
        row = table.aggregate(**{f"c{i}": one for i, one in enumerate(flat)})
        values = iter(row.to_pyarrow().to_pylist()[0].values())
        found |= {name: {key: next(values) for key in asked[name]} for name in some}
    return found


def _number(count: "ibis.Value") -> int:
    return int(count.to_pyarrow().as_py())  # execute() would want pandas


def _categories(value: "ibis.Column", rows: int) -> CategoryProfile:
    column = value.name("value").as_table()
    there = column.filter(column.value.notnull())
    if value.type().is_floating():
        there = there.filter(~there.value.isnan())
        there = there.select(value=there.value + 0.0)  # -0.0 is 0.0
    tally = there.group_by("value").aggregate(n=lambda t: t.count())
    top = tally.order_by(tally.n.desc(), tally.value.cast("string")).limit(CATEGORIES)
    found = top.to_pyarrow()
    labels = [str(value) for value in found["value"].to_pylist()]
    counts = dict(zip(labels, found["n"].to_pylist(), strict=True))
    kept = sum(counts.values())
    total = kept if len(counts) < CATEGORIES else _number(there.count())
    return of_categories(counts, rows, rows - total, total - kept)


def _numbers(
    table: "ibis.Table", names: Collection[str], rows: int
) -> Iterator[tuple[str, NumberProfile]]:
    looked = _together(table, names, _looked)
    long = {}
    for name, seen in looked.items():
        # A count over no row is null on Spark, where Ibis counts by a sum.
        low, high, n = (int(seen[key] or 0) for key in ("lowest", "highest", "n"))
        about = About(rows, rows - n - low - high, low, high)
        if not n:
            yield name, of_counted(about, np.zeros(0), np.zeros(0))
        elif (told := _tallied(table[name], seen["distinct"])) is not None:
            yield name, of_counted(about, *told)
        else:
            far = max(-seen["least"], seen["most"]) > _FAR
            long[name] = about, n, 2.0**-600 if far else 1.0
    moments = _together(
        table, long, lambda column: _moments(column, long[column.get_name()][2])
    )
    for name, (about, n, scale) in long.items():
        with np.errstate(over="ignore"):
            squares = float(np.float64(moments[name]["spread"]) * n / scale / scale)
        kept = _at_ranks(_finite(table[name]), n)
        yield name, of_places(about, n, kept, moments[name]["mean"] / scale, squares)


def _double(column: "ibis.Column") -> "ibis.FloatingValue":
    if column.type().is_decimal():  # by its digits, as we read it: the nearest double
        column = column.cast("string")
    return column.cast("float64")


def _is_finite(value: "ibis.FloatingValue") -> "ibis.BooleanValue":
    return value.abs() <= _GREATEST  # Spark's isinf() is false


def _finite(column: "ibis.Column") -> "ibis.Table":
    """Return the finite values as the column `value`; -0.0 is 0.0."""
    value = _double(column)
    every = value.name("value").as_table()
    return every.filter(_is_finite(every.value)).select(value=every.value + 0.0)


def _looked(column: "ibis.Column") -> "dict[str, ibis.Value]":
    value = _double(column)
    finite = _is_finite(value)
    return {
        "lowest": value.count(where=value < -_GREATEST),
        "highest": value.count(where=(value > _GREATEST) & ~value.isnan()),
        "n": value.count(where=finite),
        "least": value.min(where=finite),
        "most": value.max(where=finite),
        "distinct": value.approx_nunique(where=finite),
    }


def _tallied(column: "ibis.Column", about: int) -> tuple[Floats, Floats] | None:
    """Return the distinct finite values and their counts; None: they are too many."""
    if about > 2 * WHOLE:  # an estimate
        return None
    tally = _finite(column).group_by("value").aggregate(count=lambda t: t.count())
    found = tally.order_by("value").limit(WHOLE + 1).to_pyarrow()
    if len(found) > WHOLE:
        return None
    return _floats(found["value"]), _floats(found["count"])


def _moments(column: "ibis.Column", scale: float) -> "dict[str, ibis.Value]":
    value = _double(column)
    finite, scaled = _is_finite(value), value * scale
    mean, spread = scaled.mean(where=finite), scaled.var(how="pop", where=finite)
    return {"mean": mean, "spread": spread}


def _at_ranks(finite: "ibis.Table", n: int) -> Floats:
    """Return the values at the ranks that a profile keeps.

    A long column is cut into parts of about one size, each sorted by itself: a rank in
    its part and the sizes of the parts below are a rank of the whole.
    """
    import ibis  # noqa: PLC0415 (the extra)

    if n <= _LONG:
        ranked = finite.mutate(rank=ibis.row_number().over(order_by=finite.value))
    else:
        above = [(finite.value >= cut).cast("int32") for cut in _cuts(finite)]
        parted = finite.mutate(part=reduce(add, above))
        inside = ibis.row_number().over(group_by=parted.part, order_by=parted.value)
        starts = _starts(parted, len(above))
        cases = [(parted.part == part, start) for part, start in starts.items()]
        ranked = parted.mutate(rank=inside + ibis.cases(*cases))
    step = (n - 1) / QUANTILES
    off = ((ranked.rank / step).round() * step - ranked.rank).abs()
    near = (ranked.rank < TAIL) | (ranked.rank >= n - TAIL) | (off < 0.51)  # noqa: PLR2004
    found = ranked.filter(near).select("rank", "value").order_by("rank").to_pyarrow()
    exact = np.isin(found["rank"].to_numpy(), places(n))  # halves round as ours do
    return _floats(found["value"])[exact]


def _starts(parted: "ibis.Table", parts: int) -> dict[int, int]:
    """Return how many rows lie below each part."""
    sizes = np.zeros(parts + 1, dtype=np.int64)
    counted = parted.group_by("part").aggregate(count=lambda t: t.count()).to_pyarrow()
    sizes[counted["part"].to_numpy()] = counted["count"].to_numpy()
    return dict(enumerate((np.cumsum(sizes) - sizes).tolist()))


def _cuts(finite: "ibis.Table") -> list[float]:
    levels = [i / _PARTS for i in range(1, _PARTS)]
    asked = finite.aggregate(cuts=finite.value.approx_quantile(levels))
    return sorted(set(asked.to_pyarrow()["cuts"][0].as_py()))


def _floats(column: "pa.ChunkedArray") -> Floats:
    numbers: Floats = column.to_numpy().astype(np.float64)
    return numbers
