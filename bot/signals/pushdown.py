"""The same profile, made where the data is: by Ibis on DuckDB or Spark (an extra).

Only the aggregate travels: counts, moments, and the quantiles of each column.
"""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.signals.sketch import (
    CATEGORIES,
    QUANTILES,
    CategoryProfile,
    NumberProfile,
    Profile,
    TableProfile,
    of_categories,
)

if TYPE_CHECKING:
    import ibis

_GREATEST = sys.float_info.max
_KINDS = {
    "float64": "double",
    "float32": "float",
    "int64": "bigint",
    "int32": "int",
    "int16": "smallint",
    "int8": "tinyint",
    "string": "string",
    "boolean": "boolean",
}


def profile(
    table: "ibis.Table", *, categorical: frozenset[str] = frozenset()
) -> TableProfile:
    """Return the profile of an Ibis table: one query a column, nothing but it travels.

    Args:
        table: of any backend that has exact quantiles; real, whole, text and truth
            columns are profiled, others left out.
        categorical: whole-number columns that are categories. (Azure's rule would take
            another pass over the data.)
    """
    rows = _number(table.count())
    columns: dict[str, Profile] = {}
    kinds = {}
    for name, kind in table.schema().items():
        known = _KINDS.get(str(kind).removeprefix("!"))
        if known is None:
            continue
        text = known in {"string", "boolean"} or name in categorical
        columns[name] = (
            _categories(table, name, rows) if text else _numbers(table, name)
        )
        kinds[name] = known
    return TableProfile(rows, columns, kinds)


def _number(count: "ibis.Value") -> int:
    return int(count.to_pyarrow().as_py())  # execute() would want pandas


def _categories(table: "ibis.Table", name: str, rows: int) -> CategoryProfile:
    present = table.filter(table[name].notnull())
    tally = present.group_by(label=present[name].cast("string")).aggregate(
        n=lambda t: t.count()
    )
    total = _number(present.count())
    top = tally.order_by(tally.n.desc(), tally.label).limit(CATEGORIES).to_pyarrow()
    counts = dict(zip(top["label"].to_pylist(), top["n"].to_pylist(), strict=True))
    return of_categories(counts, rows, rows - total, total - sum(counts.values()))


def _numbers(table: "ibis.Table", name: str) -> NumberProfile:
    column = table[name].cast("float64")
    finite = column.abs() <= _GREATEST  # Ibis takes isinf() for false on Spark
    levels = np.linspace(0, 1, QUANTILES + 1)
    found: dict[str, Any] = (
        table.aggregate(
            rows=table.count(),
            lowest=table.count(where=column < -_GREATEST),
            highest=table.count(where=(column > _GREATEST) & ~column.isnan()),
            n=column.count(where=finite),
            mean=column.mean(where=finite),
            variance=column.var(how="pop", where=finite),
            quantiles=column.quantile(levels.tolist(), where=finite),
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    # A count over no row is null on Spark, where Ibis counts by a sum.
    n, lowest, highest = (int(found[key] or 0) for key in ("n", "lowest", "highest"))
    about = (
        int(found["rows"]),
        int(found["rows"]) - n - lowest - highest,
        lowest,
        highest,
        float(found["mean"] or 0.0),
        float(found["variance"] or 0.0) * n,
    )
    if not n:
        none = np.zeros(0)
        return NumberProfile(*about, none, none, none)
    values = np.array(found["quantiles"], dtype=np.float64)
    ranks = np.rint(levels * (n - 1))
    x, first, sizes = np.unique(values, return_index=True, return_counts=True)
    return NumberProfile(*about, x, ranks[first], ranks[first + sizes - 1] + 1)
