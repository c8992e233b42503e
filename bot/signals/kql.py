"""A profile made by Log Analytics or Azure Data Explorer, so that no row has to travel.

The queries are constant text; what differs is a quoted name, a time or a number, never a
piece of query. `profile` asks them of whoever can answer (`bot.azure.tables` does, over
HTTP). Counts, values and ranks are exact, as `profiling.profile` keeps them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from bot.signals import columns
from bot.signals.ranks import (
    QUANTILES,
    TAIL,
    WHOLE,
    About,
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

Ask: TypeAlias = Callable[[str], Sequence[Mapping[str, Any]]]  # query -> rows by name

_ROWS = """\
{table}
| where {time} >= datetime({start}) and {time} < datetime({end})"""

_SCHEMA = """\
{table}
| getschema
| project ColumnName, ColumnType"""

_COUNT = """{rows}
| summarize Rows = count()"""

_DIFFERENT = """{rows}
| summarize Count = count() by Value = {column}
| summarize Different = count()"""

_LOOK = """{rows}
| project Value = todouble({column})
| summarize Lowest = countif(isinf(Value) and Value < 0),
    Highest = countif(isinf(Value) and Value > 0), Finite = countif(isfinite(Value)),
    Mean = avgif(Value, isfinite(Value)), Variance = varianceif(Value, isfinite(Value))"""

_FINITE = """{rows}
| project Value = todouble({column})
| where isfinite(Value)"""

_TALLY = """{finite}
| summarize Count = count() by Value = Value + 0.0
| order by Value asc
| take {limit}"""

_RANKS = """{finite}
| order by Value asc
| extend Rank = row_number(0)
| where Rank < {tail} or Rank >= {top}
    or abs(round(Rank / {step}) * {step} - Rank) < 0.51
| project Rank, Value"""

_COMMON = """{rows}
| project Value = {column}
| where isnotempty(Value)
| summarize Count = count() by Value
| extend Label = tostring(Value)
| order by Count desc, Label asc
| take {limit}
| project Value, Count"""

_THERE = """{rows}
| project Value = {column}
| where isnotempty(Value)
| summarize Rows = count()"""

_SPARK = {  # Kusto's types by Spark's names; others, such as moments, are left out
    "real": "double",
    "decimal": "decimal128(34, 17)",
    "long": "bigint",
    "int": "int",
    "string": "string",
    "guid": "string",
    "bool": "boolean",
    "boolean": "boolean",
}
# Azure's own columns of every table, which are about the row and no feature.
_ABOUT_ROWS = frozenset({"TenantId", "SourceSystem", "Type", "MG", "IdentityData"})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def literal(text: str) -> str:
    r"""Return `text` as a KQL string, whatever is in it.

    Raises:
        ValueError: it holds a control character, which no name does.

    >>> print(literal('a" | union *'))
    "a\" | union *"
    """
    if any(ord(c) < 32 or ord(c) == 127 for c in text):  # noqa: PLR2004 (ASCII control)
        raise ValueError("a name cannot hold a control character")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which rows are profiled: those of `table` from `start` until before `end`.

    Raises:
        ValueError: a table cannot be called so, or a time is none (ISO 8601, with a
            zone).

    >>> print(Rows(table="Loans", start="2026-11-23T00:00:00Z", end="2026-11-24T00:00:00Z"))
    Loans
    | where ["TimeGenerated"] >= datetime(2026-11-23T00:00:00Z) and \
["TimeGenerated"] < datetime(2026-11-24T00:00:00Z)
    """

    table: str
    start: str
    end: str
    time: str = "TimeGenerated"  # the column of their moment

    def __post_init__(self) -> None:
        if not _TABLE.fullmatch(self.table):
            raise ValueError(f"no table can be called {self.table!r}")
        for moment in (self.start, self.end):
            if not _MOMENT.fullmatch(moment):
                raise ValueError(f"{moment!r} is not a time with a zone")

    def __str__(self) -> str:
        return _ROWS.format(
            table=self.table, time=_column(self.time), start=self.start, end=self.end
        )


def _column(name: str) -> str:
    return f"[{literal(name)}]"


def profile(
    ask: Ask,
    rows: Rows,
    *,
    like: TableProfile | None = None,
    only: Iterable[str] = (),
    numerical: Iterable[str] = (),
    categorical: Iterable[str] = (),
) -> TableProfile:
    """Return the profile of an inference table: two or three queries a column.

    Kusto's strings are never null; an empty one counts as missing.

    Args:
        ask: sends a query and returns its rows; dynamic and real values as JSON has them.
        like: take each column as this profile has it, number or category.
        only: columns; () = all that are numbers, text or truth values, less Azure's own.
        numerical, categorical: columns whose type you know better.

    Raises:
        ValueError: a column that was asked for is not there, or an answer is none.
    """
    try:
        return _profile(ask, rows, like, (tuple(only), (*numerical,), (*categorical,)))
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"not an answer to the profile's query: {error}") from error


def _profile(
    ask: Ask,
    rows: Rows,
    like: TableProfile | None,
    told: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
) -> TableProfile:
    only, numerical, categorical = told
    schema = ask(_SCHEMA.format(table=rows.table))
    kinds = {str(one["ColumnName"]): str(one["ColumnType"]) for one in schema}
    if missing := [name for name in only if name not in kinds]:
        raise ValueError(f"{missing[0]}: not in {rows.table}")
    names = only or tuple(n for n in kinds if n not in _ABOUT_ROWS and n[0] != "_")
    spark = {
        n: _SPARK[kinds[n]] for n in names if kinds[n] in _SPARK and n != rows.time
    }
    count = int(ask(_COUNT.format(rows=rows))[0]["Rows"])
    made: dict[str, Profile] = {}
    for name, kind in spark.items():
        known = None if like is None else like.columns.get(name)
        number = columns.is_number(kind) and name not in categorical
        if known is not None:
            number = columns.is_number(kind) and isinstance(known, NumberProfile)
        elif kind in columns.WHOLE and number and name not in numerical and count:
            different = _DIFFERENT.format(rows=rows, column=_column(name))
            found = int(ask(different)[0]["Different"])
            number = not columns.are_few(found, count)
        of = _numbers if number else _categories
        made[name] = of(ask, rows, name, count)
    return TableProfile(count, made, spark)


def _numbers(ask: Ask, rows: Rows, name: str, count: int) -> NumberProfile:
    asked = {"rows": rows, "column": _column(name)}
    row = ask(_LOOK.format(**asked))[0]
    n, low, high = (int(row[key] or 0) for key in ("Finite", "Lowest", "Highest"))
    about = About(count, count - n - low - high, low, high)
    if not n:
        return of_counted(about, np.zeros(0), np.zeros(0))
    finite = _FINITE.format(**asked)
    tally = ask(_TALLY.format(finite=finite, limit=WHOLE + 1))
    if len(tally) <= WHOLE:
        return of_counted(about, _floats(tally, "Value"), _floats(tally, "Count"))
    step = (n - 1) / QUANTILES
    ranks = _RANKS.format(finite=finite, tail=TAIL, top=n - TAIL, step=repr(step))
    ranked = ask(ranks)
    exact = np.isin(_floats(ranked, "Rank"), places(n))  # halves round as ours do
    values = _floats(ranked, "Value")[exact]
    if len(values) != len(places(n)):
        raise ValueError(f"{len(values)} values where {len(places(n))} were asked for")
    squares = float(row["Variance"]) * (n - 1)
    return of_places(about, n, values, float(row["Mean"]), squares)


def _categories(ask: Ask, rows: Rows, name: str, count: int) -> CategoryProfile:
    asked = {"rows": rows, "column": _column(name)}
    found = ask(_COMMON.format(**asked, limit=CATEGORIES))
    counts = {str(one["Value"]): int(one["Count"]) for one in found}
    kept = total = sum(counts.values())
    if len(found) == CATEGORIES:
        total = int(ask(_THERE.format(**asked))[0]["Rows"])
    return of_categories(counts, count, count - total, total - kept)


def _floats(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray[Any, Any]:
    return np.array([float(row[name]) for row in rows])
