"""Which text Spark can read as another type; the rest becomes null, a type error.

Source: Spark 3.4's CAST with ANSI off, as Azure ML's data quality component runs it;
tests/fixtures/casts.json holds what Spark answered to some hundred texts.
"""

import re
from calendar import isleap
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import available_timezones

_DIGITS = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_HEX = r"0[xX](?:[0-9a-fA-F]+\.?|[0-9a-fA-F]*\.[0-9a-fA-F]+)[pP][+-]?\d+"
_REAL = re.compile(rf"[+-]?(?:(?:{_DIGITS}|{_HEX})[dDfF]?|NaN)", re.ASCII)
_SPECIAL = frozenset({"inf", "infinity", "nan"} | {f"{s}inf" for s in "+-"})
_SIGNED = frozenset({"+infinity", "-infinity"})
_WHOLE = re.compile(r"([+-]?\d*)(?:\.\d*)?", re.ASCII)
_DAY = r"([+-]?\d{4,%d})(?:-(\d{1,2})(?:-(\d{1,2})"
_DATE = re.compile(rf"{_DAY % 7}(?:[ T].*)?)?)?", re.ASCII | re.DOTALL)
_CLOCK = r"(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.\d*)?(\D.*)?)?)?"
_MOMENT = re.compile(rf"{_DAY % 6}(?:[ T]{_CLOCK})?)?)?", re.ASCII | re.DOTALL)
_TIME = re.compile(rf"(?:T(?=\d)|(?=\d+:)){_CLOCK}", re.ASCII | re.DOTALL)
_OFFSET = re.compile(r"[+-](\d{1,2}|\d\d:?\d\d|\d\d:\d\d:\d\d|\d{6})", re.ASCII)
_BOOLEAN = frozenset({"t", "true", "y", "yes", "1", "f", "false", "n", "no", "0"})
_BITS = {"bigint": 64, "int": 32, "smallint": 16, "tinyint": 8}
_LONGEST = (12, 31, 23, 59, 59)  # month, day, hour, minute, second
_SHORT = {4: 30, 6: 30, 9: 30, 11: 30}  # months of fewer than 31 days
_YEARS = range(-290_307, 294_248)  # in which microseconds since 1970 fit 64 bits
_LAST_OFFSET = 18 * 3600
_BLANK = "".join(map(chr, range(33)))  # what Java trims
_CONTROL = _BLANK + "\x7f"  # what Spark trims
# Java's short names of zones that are no names of the zone database.
_ZONES = re.compile(
    "ACT|AET|AGT|ART|AST|BET|BST|CAT|CNT|CST|CTT|EAT|ECT|IET|IST|JST|MIT|NET|NST|PLT|"
    "PNT|PRT|PST|SST|VST|Z|UT"
)


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
        return _real
    if kind == "boolean":
        return lambda text: text.strip(_CONTROL).lower() in _BOOLEAN
    if kind == "timestamp":
        return _timestamp
    if kind == "date":
        return lambda text: _moment(_DATE, text) is not None
    return lambda _: True


def _real(text: str) -> bool:
    plain = text.strip(_BLANK)
    return bool(_REAL.fullmatch(plain)) or plain.lower() in _SPECIAL | _SIGNED


def _whole(text: str, bits: int) -> bool:
    """Return whether it is a whole number; what follows a point is cut off."""
    plain = text.strip(_CONTROL)
    found = _WHOLE.fullmatch(plain)
    if found is None or plain in {"", "+", "-"}:
        return False
    digits = found[1].lstrip("+-")
    return not digits or -(1 << (bits - 1)) <= int(found[1]) < 1 << (bits - 1)


def _timestamp(text: str) -> bool:
    plain = text.strip(_CONTROL)
    if clock := _TIME.fullmatch(plain):  # of today
        *parts, zone = clock.groups()
        return _inside(parts, _LONGEST[2:]) and _is_zone(zone)
    found = _moment(_MOMENT, plain)
    return found is not None and int(found[1]) in _YEARS and _is_zone(found[7])


def _moment(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the match where its date is in the calendar and its time in a day."""
    found = pattern.fullmatch(text.strip(_CONTROL))
    if found is None:
        return None
    year, *rest = found.groups()[:6]
    named = [int(part) for part in rest[:2] if part]
    month, day = (*named, 1, 1)[:2]
    right = _inside(rest, _LONGEST) and all(named) and day <= _days(int(year), month)
    return found if right else None


def _inside(parts: "list[str | None]", most: tuple[int, ...]) -> bool:
    return all(int(p or 0) <= limit for p, limit in zip(parts, most, strict=False))


def _days(year: int, month: int) -> int:
    if month == 2:  # noqa: PLR2004 (February)
        return 28 + isleap(year)
    return _SHORT.get(month, 31)


def _is_zone(text: str | None) -> bool:
    """Return whether Java knows this zone, as an offset or by its name."""
    if text is None:
        return True
    name = re.sub(r"([+-])(\d):", r"\g<1>0\2:", text.strip(_BLANK), count=1)
    name = re.sub(r"([+-]\d\d):(\d)$", r"\1:0\2", name, count=1)
    for prefix in ("UTC", "GMT", "UT"):
        if name.startswith((f"{prefix}+", f"{prefix}-")):
            name = name.removeprefix(prefix)
    if name.startswith(("+", "-")):
        return _is_offset(name)
    return bool(_ZONES.fullmatch(name)) or name in _named_zones()


def _is_offset(name: str) -> bool:
    if not _OFFSET.fullmatch(name):
        return False
    digits = name[1:].replace(":", "")
    digits = digits.zfill(2) if len(digits) == 1 else digits
    hours, minutes, seconds = (int(digits[i : i + 2] or 0) for i in (0, 2, 4))
    whole = hours * 3600 + minutes * 60 + seconds
    return minutes <= _LONGEST[3] and seconds <= _LONGEST[4] and whole <= _LAST_OFFSET


@lru_cache(maxsize=1)
def _named_zones() -> frozenset[str]:
    return frozenset(available_timezones())
