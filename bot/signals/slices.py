"""Profiles of hours that make up a window: joined, and then read as the rows would be.

A slice does not know what the others hold. So its whole numbers are kept as numbers, and
whether they are categories is decided over the whole window, as it is for rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.signals import columns, selection
from bot.signals.columns import Data
from bot.signals.profiling import profile, without_values
from bot.signals.ranks import NumberProfile
from bot.signals.sketch import (
    CategoryProfile,
    Profile,
    TableProfile,
    merge,
    of_categories,
)

_EXACT = 2.0**53  # whole numbers beyond it are not known to the last digit


class Uneven(ValueError):
    """The slices do not say what their rows together would: those have to be read."""


def of_slice(data: Data) -> TableProfile:
    """Return the profile of some rows of a window, which may be few.

    Raises:
        ValueError: as `profile` does.
    """
    read = columns.frame(data)
    whole = [name for name in read.names if read.kind(name) in columns.WHOLE]
    return profile(read, numerical=whole)


def different(data: Data) -> dict[str, int]:
    """Return how many different whole numbers each column of them has, null as one."""
    import pyarrow.compute as pc  # noqa: PLC0415

    read = columns.frame(data)
    return {
        name: int(pc.count_distinct(read.column(name), mode="all").as_py())
        for name in read.names
        if read.kind(name) in columns.WHOLE
    }


def joined(slices: Sequence[TableProfile]) -> TableProfile:
    """Return the profile of all slices' rows together, of every column that any has.

    Where a slice lacks a column its rows lack the value, as when files are read at once.

    Raises:
        Uneven: a column holds numbers in one slice and text in another.
        ValueError: there is no slice.
    """
    if len(slices) == 1:
        return slices[0]
    known: dict[str, Profile] = {}
    kinds: dict[str, str] = {}
    for one in slices:
        for name, column in one.columns.items():
            if column.missing == column.rows and name in known:
                continue
            before = known.get(name)
            if before is None or before.missing == before.rows:
                known[name], kinds[name] = column, one.kinds[name]
            elif (kind := _together(kinds[name], one.kinds[name])) is None:
                words = (
                    f"{name}: {kinds[name]} in one slice, {one.kinds[name]} in another"
                )
                raise Uneven(words)
            else:
                kinds[name] = kind
    even = [_padded(one, known, kinds) for one in slices]
    return merge(even)


def _together(left: str, right: str) -> str | None:
    return selection.common(left, right, "sound")


def _padded(
    one: TableProfile, known: Mapping[str, Profile], kinds: Mapping[str, str]
) -> TableProfile:
    made = dict[str, Profile]()
    for name, like in known.items():
        column = one.columns.get(name)
        empty = column is None or column.missing == column.rows
        made[name] = (
            without_values(like, one.rows) if column is None or empty else column
        )
    return TableProfile(one.rows, made, kinds)


def typed(
    reference: TableProfile,
    production: TableProfile,
    least: Mapping[str, int] | None = None,
) -> tuple[TableProfile, TableProfile]:
    """Return both with those whole numbers as categories that rows would be taken for.

    Args:
        least: of a column of the reference, at least so many values differ; the profile
            of a long one shows fewer.

    Raises:
        Uneven: too many different numbers to tell, or too large to be named.
    """
    few = [
        name
        for name in reference.columns
        if _is_category(reference, production, name, (least or {}).get(name, 0))
    ]
    ours = _as_categories(reference, few)
    return ours, alike(production, ours)


def alike(one: TableProfile, reference: TableProfile) -> TableProfile:
    """Return a slice with those whole numbers as categories that `reference` has so.

    Raises:
        Uneven: they are too many, or too large, to be named.
    """
    known = reference.columns.items()
    return _as_categories(
        one, [name for name, c in known if isinstance(c, CategoryProfile)]
    )


def _is_category(
    reference: TableProfile, production: TableProfile, name: str, told: int
) -> bool:
    column, other = reference.columns[name], production.columns.get(name)
    if not isinstance(column, NumberProfile) or other is None:
        return False
    kinds = {reference.kinds[name], production.kinds[name]}
    if not kinds <= columns.WHOLE or not column.rows:
        return False
    seen = max(told, len(column.values) + bool(column.missing))
    few = columns.are_few(seen, column.rows)
    if few and not column.whole:
        raise Uneven(f"{name}: how many different numbers there are is not known")
    return few


def _as_categories(table: TableProfile, names: Sequence[str]) -> TableProfile:
    if not names:
        return table
    made = dict(table.columns)
    for name in names:
        column = made.get(name)
        if isinstance(column, NumberProfile) and table.kinds[name] in columns.WHOLE:
            made[name] = _counted(name, column)
    return replace(table, columns=made)


def _counted(name: str, column: NumberProfile) -> CategoryProfile:
    large = len(column.values) and abs(column.values).max() >= _EXACT
    if large or not column.whole:
        raise Uneven(f"{name}: its whole numbers are not all known one by one")
    times = (column.upto - column.under).tolist()
    pairs = zip(column.values.tolist(), times, strict=True)
    counts = {str(int(value)): int(n) for value, n in pairs}
    return of_categories(counts, column.rows, column.missing)


def some(table: TableProfile, names: Sequence[str]) -> TableProfile:
    """Return the profile of these columns alone, in the table's order."""
    kept = {n: c for n, c in table.columns.items() if n in frozenset(names)}
    return replace(table, columns=kept, kinds={n: table.kinds[n] for n in kept})
