"""Parts of one table whose columns do not quite agree: one schema for all of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.signals.readers.files import Unreadable

if TYPE_CHECKING:
    import pyarrow as pa


def unified(
    schemas: "Sequence[pa.Schema]", parts: Sequence[str] = ()
) -> "tuple[pa.Schema, tuple[str, ...]]":
    """Return the schema that holds every part, and what of it is worth saying.

    Numbers of several widths become the widest, anything else that changes its type
    becomes text; a column that a part lacks is null there.

    Args:
        schemas: of the parts, at least one.
        parts: their names, if a person knows them by name.

    Raises:
        Unreadable: a part has two columns of one name.
    """
    import pyarrow as pa  # noqa: PLC0415

    for one in schemas:
        if twice := [name for name, n in Counter(one.names).items() if n > 1]:
            raise Unreadable(f"several columns are called {twice[0]!r}")

    names = list(dict.fromkeys(name for one in schemas for name in one.names))
    known = [dict(zip(one.names, one.types, strict=True)) for one in schemas]
    fields, findings = [], []
    for name in names:
        kinds = {one[name] for one in known if name in one}
        common = _common(kinds)
        fields.append(pa.field(name, common or pa.string()))
        if common is None:
            findings.append(became_text(name))
    if parts:
        findings = [*_by_part(known, parts, names), *findings]
    return pa.schema(fields), tuple(findings)


def became_text(name: str) -> str:
    return f"{name}: values of several types, read as text"


def _by_part(
    known: "Sequence[Mapping[str, pa.DataType]]",
    parts: Sequence[str],
    names: Sequence[str],
) -> list[str]:
    said = []
    for part, own in zip(parts, known, strict=True):
        said += [f"{part}: lacks {name}" for name in names if name not in own]
        said += [
            f"{part}: {name} has another type"
            for name in names
            if name in own and own[name] != known[0].get(name, own[name])
        ]
    return said


def _common(kinds: "Iterable[pa.DataType]") -> "pa.DataType | None":
    """Return the type that holds all of `kinds`, or None: only text does."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import types as t  # noqa: PLC0415

    some = [kind for kind in kinds if not t.is_null(kind)]
    if len(set(some)) <= 1:
        return some[0] if some else pa.null()
    if all(t.is_integer(kind) and not t.is_uint64(kind) for kind in some):
        return pa.int64()
    if all(t.is_integer(kind) or t.is_floating(kind) for kind in some):
        return pa.float64()
    plain = [k.value_type if t.is_dictionary(k) else k for k in some]
    if all(t.is_string(kind) or t.is_large_string(kind) for kind in plain):
        return pa.string()
    zones = {kind.tz if t.is_timestamp(kind) else 0 for kind in some}
    alike = len(zones) == 1 and 0 not in zones
    return pa.timestamp("us", zones.pop()) if alike else None


def cast(column: "pa.ChunkedArray", wanted: "pa.DataType") -> "pa.ChunkedArray":
    """Return the column in another type; null where that type cannot hold it."""
    import pyarrow as pa  # noqa: PLC0415

    if column.type == wanted:
        return column
    if pa.types.is_dictionary(wanted) and not pa.types.is_dictionary(column.type):
        return cast(cast(column, wanted.value_type).dictionary_encode(), wanted)
    try:
        return column.cast(wanted, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.chunked_array([pa.nulls(len(column), wanted)])
