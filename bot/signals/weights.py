"""Windows of which only a part was collected: each slice counts for what it stands for.

A deployment whose collector samples a tenth of its requests stands for ten times its
rows. The merged window has those shares, and the size of the sample that is as sure
(Kish 1965): weights make no evidence.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.signals.ranks import NumberProfile
from bot.signals.sketch import CategoryProfile, Profile, TableProfile, merge


def merge_sampled(
    slices: Sequence[TableProfile], rates: Sequence[float]
) -> TableProfile:
    """Return the profile of all slices, each weighed by one over its sampling rate.

    Args:
        slices: of one window, one a deployment or a period of one rate.
        rates: share of the requests that was collected, above 0 and at most 1.

    Raises:
        ValueError: a rate is not a share, or there is not one for each slice.
    """
    if len(rates) != len(slices):
        raise ValueError(f"{len(rates)} sampling rates for {len(slices)} slices")
    if not all(0 < rate <= 1 for rate in rates):
        raise ValueError("a sampling rate is above 0 and at most 1")
    weights = [1 / rate for rate in rates]
    stands_for = sum(w * one.rows for w, one in zip(weights, slices, strict=True))
    squares = sum(w * w * one.rows for w, one in zip(weights, slices, strict=True))
    unit = stands_for / squares if squares else 1.0
    return merge(
        [_scaled(one, w * unit) for w, one in zip(weights, slices, strict=True)]
    )


def _scaled(table: TableProfile, factor: float) -> TableProfile:
    columns = {name: _column(one, factor) for name, one in table.columns.items()}
    return TableProfile(round(table.rows * factor), columns, table.kinds)


def _column(one: Profile, factor: float) -> Profile:
    missing = round(one.missing * factor)
    if isinstance(one, CategoryProfile):
        counts = {label: round(n * factor) for label, n in one.counts.items()}
        other = round(one.other * factor)
        rows = sum(counts.values()) + other + missing
        return CategoryProfile(rows, missing, counts, other)
    return _numbers(one, factor, missing)


def _numbers(one: NumberProfile, factor: float, missing: int) -> NumberProfile:
    low, high = round(one.lowest * factor), round(one.highest * factor)
    count = round(one.count * factor)
    exact = count / one.count if one.count else factor
    return replace(
        one,
        rows=count + low + high + missing,
        missing=missing,
        lowest=low,
        highest=high,
        squares=one.squares * exact,
        under=one.under * exact,
        upto=one.upto * exact,
    )
