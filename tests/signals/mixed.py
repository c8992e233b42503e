"""A table with a column of every kind that has gone wrong somewhere."""

from decimal import Decimal

import numpy as np
import pyarrow as pa

from bot.signals import TableProfile
from bot.signals.ranks import NumberProfile
from bot.signals.sketch import CategoryProfile

_TEXTS = ("ä", "日本", "1", "01", "", " a", "None", "nan")


def mixed(n: int, seed: int = 1) -> pa.Table:
    """Return `n` rows: extremes, gaps, whole numbers past 2**53, decimals, text …"""
    rng = np.random.default_rng(seed)
    real = rng.normal(size=n)
    extremes = [np.inf, -np.inf, np.nan, -0.0, 0.0, 5e-324, -5e-324, 1e308, -1e308]
    real[: len(extremes)] = extremes[:n]
    cents = rng.integers(0, 10**6, n).tolist()
    return pa.table(
        {
            "real": real,
            "round": np.round(rng.normal(size=n), 1),  # has both zeros
            "gaps": pa.array([None if i % 7 == 0 else i % 13 / 4 for i in range(n)]),
            "huge": rng.integers(0, 2**62, n) | np.int64(1),
            "edge": pa.array([2**53 + 1 if i % 2 else -(2**63) for i in range(n)]),
            "few": pa.array([None if i % 5 == 0 else i % 4 for i in range(n)]),
            "dec": pa.array([Decimal(c).scaleb(-2) for c in cents], _CENTS),
            "float": rng.normal(size=n).astype(np.float32),
            "flag": pa.array([None if i % 9 == 0 else i % 2 == 0 for i in range(n)]),
            "text": pa.array(
                [None if i % 11 == 0 else _TEXTS[i % 8] for i in range(n)]
            ),
            "many": pa.array([f"c{v}" for v in rng.integers(0, max(1, n), n)]),
            "bytes": pa.array([b"\xff" + bytes([i % 3]) for i in range(n)]),
            "moment": pa.array([0] * n, pa.timestamp("us", "UTC")),
            "a.b `c`": rng.normal(size=n),
            "null": pa.array([None] * n, pa.float64()),
        }
    )


_CENTS = pa.decimal128(12, 2)


def unlike(ours: TableProfile, theirs: TableProfile) -> list[str]:
    """Return the columns in which two profiles differ by more than a rounding."""
    if (ours.rows, list(ours.columns)) != (theirs.rows, list(theirs.columns)):
        return ["the table itself"]
    return [
        name
        for name, one in ours.columns.items()
        if ours.kinds[name] != theirs.kinds[name]
        or not _alike(one, theirs.columns[name])
    ]


def _alike(one: object, other: object) -> bool:
    if not isinstance(one, NumberProfile) or not isinstance(other, NumberProfile):
        return _counts(one) == _counts(other)
    counts = ("rows", "missing", "lowest", "highest")
    arrays = ("values", "under", "upto")
    return (
        all(getattr(one, name) == getattr(other, name) for name in counts)
        and all(np.array_equal(getattr(one, a), getattr(other, a)) for a in arrays)
        and bool(np.isclose(one.squares, other.squares, rtol=1e-12))
        and abs(one.mean - other.mean) <= 1e-12 * max(map(abs, one.values), default=0.0)
    )


def _counts(one: object) -> tuple[object, ...]:
    assert isinstance(one, CategoryProfile)
    return one.rows, one.missing, list(one.counts.items()), one.other
