"""Periods as people write them. Pure: who asks passes the time."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

Period: TypeAlias = tuple[datetime, datetime]  # from, up to and without

_LAST = re.compile(r"(\d{1,4})\s*(d|days?|w|weeks?)")
_QUARTER = re.compile(r"(?:(\d{4})\s*-?\s*q([1-4])|q([1-4])\s*(\d{4}))")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"\d{4}")
_DAYS = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:\s*(?:\.\.|to|until|-)\s*(\d{4}-\d{2}-\d{2}))?"
)
LONGEST = timedelta(days=1830)
_USAGE = "Write a period as 90d, 2026-Q3, 2026-09, 2026, or 2026-09-01 to 2026-09-30."


def whole_second(now: datetime) -> datetime:
    """Return the end of the second under way: what happened in it lies before.

    >>> f"{whole_second(datetime(2026, 11, 24, 9, 0, 0, 250_000)):%H:%M:%S.%f}"
    '09:00:01.000000'
    """
    return now.replace(microsecond=0) + timedelta(seconds=1)


def period(text: str, now: datetime) -> Period:
    """Return the period that `text` names, up to `now` at the latest.

    A last day counts whole. ValueError, in words for a person, when it names none.

    >>> now = datetime(2026, 11, 24, tzinfo=UTC)
    >>> [f"{moment:%Y-%m-%d}" for moment in period("2026-Q3", now)]
    ['2026-07-01', '2026-10-01']
    """
    try:
        start, end = _named(" ".join(text.lower().split()), now)
    except (ValueError, OverflowError):
        raise ValueError(_USAGE) from None
    end = min(end, now)
    if start >= end:
        raise ValueError("The period lies in the future, or ends before it begins.")
    if end - start > LONGEST:
        raise ValueError("A period is five years at most.")
    return start, end


def _named(text: str, now: datetime) -> Period:
    if found := _LAST.fullmatch(text):
        days = int(found[1]) * (7 if found[2].startswith("w") else 1)
        return now - timedelta(days=days), now
    if found := _QUARTER.fullmatch(text):
        year, quarter = int(found[1] or found[4]), int(found[2] or found[3])
        return _months(year, 3 * quarter - 2, 3)
    if found := _MONTH.fullmatch(text):
        return _months(int(found[1]), int(found[2]), 1)
    if _YEAR.fullmatch(text):
        return _months(int(text), 1, 12)
    if found := _DAYS.fullmatch(text):
        first = _midnight(date.fromisoformat(found[1]))
        last = _midnight(date.fromisoformat(found[2] or found[1]))
        return first, last + timedelta(days=1)
    raise ValueError(text)


def _months(year: int, month: int, count: int) -> Period:
    after = year * 12 + month - 1 + count
    return (
        _midnight(date(year, month, 1)),
        _midnight(date(after // 12, after % 12 + 1, 1)),
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
