"""Values of a categorical column, and how often each occurs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bot.signals import columns

if TYPE_CHECKING:
    import pyarrow as pa

Counts = NDArray[np.int64]

_ARROW = {"string": "large_string", "bigint": "int64", "double": "float64"}


@dataclass(frozen=True, slots=True)
class Categories:
    """Both sides of a categorical feature, counted over the union of their values."""

    labels: tuple[str, ...]
    reference: Counts
    production: Counts
    missing: tuple[int, int]


def counted(column: "pa.ChunkedArray", kind: str) -> tuple[Any, Counts, int]:
    """Return distinct values, how often each occurs, and how many rows have none."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    total = len(column)
    if pa.types.is_dictionary(column.type):
        if column.num_chunks and not kind:
            return _counted_codes(column)
        column = column.cast(column.type.value_type)
    # A whole number past 2**53 becomes the double nearest to it.
    column = column.cast(_ARROW.get(kind, column.type), safe=kind != "double")
    if pa.types.is_floating(column.type):
        column = pa.chunked_array([columns.values(column, kind) + 0.0])
        column = column.filter(pc.invert(pc.is_nan(column)))
    if column.type in {pa.string(), pa.binary()}:
        return _counted_text(column)
    pairs = pc.value_counts(column.drop_null())
    counted = pairs.field("counts").to_numpy(zero_copy_only=False)
    return pairs.field("values"), counted, total - int(counted.sum())


def _counted_text(column: "pa.ChunkedArray") -> tuple[Any, Counts, int]:
    """Return the same of text; grouping takes half the time of `value_counts`."""
    import pyarrow as pa  # noqa: PLC0415

    plain = pa.table({"text": column}).group_by("text", use_threads=False)
    groups = plain.aggregate([([], "count_all")])
    there = groups.filter(groups["text"].is_valid())
    found = there["count_all"].to_numpy()
    return there["text"].combine_chunks(), found, len(column) - int(found.sum())


def _counted_codes(column: "pa.ChunkedArray") -> tuple[Any, Counts, int]:
    """Return the same of text that has been read as codes into a dictionary."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    unified = column.unify_dictionaries()
    codes = pa.chunked_array([chunk.indices for chunk in unified.chunks]).drop_null()
    pairs = pc.value_counts(codes)
    labels = unified.chunk(0).dictionary.take(pairs.field("values"))
    found = pairs.field("counts").to_numpy(zero_copy_only=False)
    return labels, found, len(column) - int(found.sum())


def aligned(
    left: tuple[Any, Counts, int], right: tuple[Any, Counts, int]
) -> Categories:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    known, ours, missing = left
    seen, theirs, absent = right
    place = pc.index_in(seen, value_set=known)
    new = place.is_null()
    labels = pa.concat_arrays([known, seen.filter(new)])
    is_new = new.to_numpy(zero_copy_only=False)
    reference = np.concatenate((ours, np.zeros(int(is_new.sum()), dtype=np.int64)))
    production = np.zeros(len(reference), dtype=np.int64)
    at = place.fill_null(0).to_numpy(zero_copy_only=False)
    production[at[~is_new]] = theirs[~is_new]
    production[len(ours) :] = theirs[is_new]
    return Categories(
        tuple(str(v) for v in labels.to_pylist()),
        reference,
        production,
        (missing, absent),
    )
