"""A table's profile: every column's distribution, kept as bytes, merged, compared later.

Slices merge, so a daily run reads only new rows. Numbers are kept as `ranks` has them,
categories with their counts.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.signals.ranks import NumberProfile, merge_numbers

CATEGORIES = 10_000  # counted exactly; of more, the commonest


@dataclass(frozen=True, slots=True, eq=False)
class CategoryProfile:
    """One categorical column of one slice; `other` rows were too rare to keep."""

    rows: int
    missing: int
    counts: Mapping[str, int]
    other: int = 0


Profile = NumberProfile | CategoryProfile


def merge_categories(slices: Sequence[CategoryProfile]) -> CategoryProfile:
    """Return the profile of all slices' rows together."""
    counts: dict[str, int] = {}
    for one in slices:
        for label, count in one.counts.items():
            counts[label] = counts.get(label, 0) + count
    rows = sum(one.rows for one in slices)
    missing = sum(one.missing for one in slices)
    return of_categories(counts, rows, missing, sum(one.other for one in slices))


def of_categories(
    counts: Mapping[str, int], rows: int, missing: int, other: int = 0
) -> CategoryProfile:
    """Return the profile of counted values; of too many, the commonest are kept.

    In the order of their labels: which row came first says nothing of a window.
    """
    if len(counts) <= CATEGORIES:
        return CategoryProfile(rows, missing, dict(sorted(counts.items())), other)
    top = sorted(counts, key=lambda label: (-counts[label], label))[:CATEGORIES]
    kept = {label: counts[label] for label in sorted(top)}
    rest = sum(counts.values()) - sum(kept.values())
    return CategoryProfile(rows, missing, kept, other + rest)


@dataclass(frozen=True, slots=True, eq=False)
class TableProfile:
    """Every column of one slice of a table."""

    rows: int
    columns: Mapping[str, Profile]
    kinds: Mapping[str, str]  # Spark's names of the types

    def to_bytes(self) -> bytes:
        """Return the profile as bytes to store: a JSON line, then the numbers.

        Values as they are; ranks as packed differences, which are small and alike.
        """
        numbers = [p for p in self.columns.values() if isinstance(p, NumberProfile)]
        values = b"".join(p.values.astype("<f8").tobytes() for p in numbers)
        ranks = b"".join(_steps(p) for p in numbers)
        head = {
            "profile": 1,
            "rows": self.rows,
            "kinds": dict(self.kinds),
            "columns": {name: _head(p) for name, p in self.columns.items()},
        }
        line = json.dumps(head, ensure_ascii=False).encode()
        return line + b"\n" + values + zlib.compress(ranks)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the stored form, in hexadecimal: the profile's name."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def _steps(profile: NumberProfile) -> bytes:
    step = np.diff(profile.under, prepend=0.0)
    ties = profile.upto - profile.under
    return np.concatenate((step, ties)).astype("<i8").tobytes()


def _head(profile: Profile) -> dict[str, Any]:
    if isinstance(profile, CategoryProfile):
        return {
            "counts": dict(profile.counts),
            "rows": profile.rows,
            "missing": profile.missing,
            "other": profile.other,
        }
    names = ("rows", "missing", "lowest", "highest", "mean", "squares")
    about = {name: getattr(profile, name) for name in names}
    return {**about, "size": len(profile.values)}


def from_bytes(stored: bytes) -> TableProfile:
    """Return the profile that `to_bytes` wrote.

    Raises:
        ValueError: it did not, or the bytes are damaged.
    """
    line, _, body = stored.partition(b"\n")
    try:
        head = json.loads(line)
        if head["profile"] != 1:
            raise ValueError(f"profiles of version {head['profile']} are not known")
        columns = _columns(head["columns"], body)
        return TableProfile(head["rows"], columns, head["kinds"])
    except (KeyError, TypeError, zlib.error) as error:
        raise ValueError("these bytes are not a profile") from error


def _columns(told: Mapping[str, Any], body: bytes) -> dict[str, Profile]:
    total = sum(one.get("size", 0) for one in told.values())
    values = np.frombuffer(body[: 8 * total], dtype="<f8")
    packed = zlib.decompress(body[8 * total :])
    ranks = np.frombuffer(packed, dtype="<i8").astype(np.float64)
    columns: dict[str, Profile] = {}
    at = 0
    for name, about in told.items():
        if "counts" in about:
            columns[name] = CategoryProfile(**about)
            continue
        fields = dict(about)
        size = fields.pop("size")
        step, ties = ranks[2 * at : 2 * (at + size)].reshape(2, size)
        under = np.cumsum(step)
        columns[name] = NumberProfile(
            **fields, values=values[at : at + size], under=under, upto=under + ties
        )
        at += size
    return columns


def merge(slices: Sequence[TableProfile]) -> TableProfile:
    """Return the profile of all slices together; columns that all of them have."""
    if not slices:
        raise ValueError("nothing to merge")
    first = slices[0]
    columns: dict[str, Profile] = {}
    for name in first.columns:
        parts = [one.columns[name] for one in slices if name in one.columns]
        numbers = [p for p in parts if isinstance(p, NumberProfile)]
        texts = [p for p in parts if isinstance(p, CategoryProfile)]
        if len(numbers) == len(slices):
            columns[name] = merge_numbers(numbers)
        elif len(texts) == len(slices):
            columns[name] = merge_categories(texts)
    kinds = {name: first.kinds[name] for name in columns}
    return TableProfile(sum(one.rows for one in slices), columns, kinds)
