"""Which text Spark can read as another type; the rest becomes null, a type error.

Source: Spark 3.4's CAST with ANSI off, as Azure ML's data quality component runs it.
"""

import re
from calendar import isleap
from collections.abc import Callable

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?"
_REAL = re.compile(rf"{_NUMBER}|[+-]?inf(?:inity)?|nan", re.IGNORECASE)
_WHOLE = re.compile(r"([+-]?\d*)(?:\.\d*)?")
_ZONE = r"(?:Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]+/[A-Za-z_]+)"
_DAY = r"([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})"
_DATE = re.compile(rf"{_DAY}(?:[ T].*)?)?)?")
_CLOCK = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d*)?)?"
_MOMENT = re.compile(rf"{_DAY}(?:[ T](?:{_CLOCK})?\s*{_ZONE}?)?)?)?")
_BOOLEAN = frozenset({"t", "true", "y", "yes", "1", "f", "false", "n", "no", "0"})
_BITS = {"bigint": 64, "int": 32, "smallint": 16, "tinyint": 8}
_LONGEST = (12, 31, 23, 59, 59)  # month, day, hour, minute, second
_SHORT = {4: 30, 6: 30, 9: 30, 11: 30}  # months of fewer than 31 days


def readable_as(kind: str) -> Callable[[str], bool]:
    """Return whether Spark reads a text as this type.

    >>> [readable_as("bigint")(text) for text in (" 12 ", "12.7", "1e3", "")]
    [True, True, False, False]
    >>> readable_as("timestamp")("2026-11-23 13:05"), readable_as("date")("soon")
    (True, False)
    """
    if kind in _BITS:
        return lambda text: _whole(text, _BITS[kind])
    if kind in {"double", "float"}:
        return lambda text: _REAL.fullmatch(text.strip()) is not None
    if kind == "boolean":
        return lambda text: text.strip().lower() in _BOOLEAN
    if kind == "timestamp":
        return lambda text: _moment(_MOMENT, text)
    if kind == "date":
        return lambda text: _moment(_DATE, text)
    return lambda _: True


def _whole(text: str, bits: int) -> bool:
    stripped = text.strip()
    found = _WHOLE.fullmatch(stripped)
    if found is None or not any(c.isdigit() for c in stripped):
        return False
    digits = found[1].lstrip("+-")
    return not digits or -(1 << (bits - 1)) <= int(found[1]) < 1 << (bits - 1)


def _moment(pattern: re.Pattern[str], text: str) -> bool:
    found = pattern.fullmatch(text.strip())
    if found is None:
        return False
    year, *rest = found.groups()
    parts = [int(part) if part else 0 for part in rest]
    inside = all(part <= most for part, most in zip(parts, _LONGEST, strict=False))
    named = [int(part) for part in rest[:2] if part]
    return inside and all(named) and parts[1] <= _days(int(year), parts[0])


def _days(year: int, month: int) -> int:
    if month == 2:  # noqa: PLR2004 (February)
        return 28 + isleap(year)
    return _SHORT.get(month, 31)
