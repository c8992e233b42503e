"""Reading until when: "2h", "1d 4h", "until tomorrow 9:00", "until fri", "2026-12-01"."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.commands import Command

MORNING = time(9)  # of a day that is named without a time
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"w": 10080, "d": 1440, "h": 60, "m": 1}  # in minutes, by the first letter
_UNIT = r"w|wks?|weeks?|d|days?|h|hrs?|hours?|m|mins?|minutes?"  # but no months
_SPAN = re.compile(
    rf"\s*(\d{{1,4}}(?:[.,]\d{{1,2}})?)\s*({_UNIT})(?![a-z])", re.IGNORECASE
)
_FOR = re.compile(r"\s*for\b", re.IGNORECASE)
_UNTIL = re.compile(r"\s*(?:until|till|til)\b", re.IGNORECASE)
_DAY = re.compile(
    r"\s*(?:on\s+)?(?:(today|tomorrow)|(\d{4})-(\d\d)-(\d\d)"
    r"|(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)(?![\w-])",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\s*(?:at\s+)?(?:(noon)|(\d{1,2})(?:[:.](\d\d))?\s*(am|pm|h|o'clock)?)(?![\w:])",
    re.IGNORECASE,
)


def until(text: str, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, str]:
    """Return the moment (UTC) that `text` begins with, and what follows it.

    None when it begins with none. A time of day is in `zone`; one that has passed
    today means tomorrow.

    >>> at = datetime(2026, 11, 23, 8, 14, tzinfo=UTC)
    >>> until("2h feed is late", at, ZoneInfo("Europe/Berlin"))
    (datetime.datetime(2026, 11, 23, 10, 14, tzinfo=datetime.timezone.utc), 'feed is late')
    >>> until("until tomorrow 9:00 fixed by then", at, ZoneInfo("Europe/Berlin"))[0].hour
    8
    """
    try:
        return _length(text, now) or _moment(text, now, zone) or (None, text.strip())
    except (ValueError, OverflowError):  # the 31st of November, or the year 9999
        return None, text.strip()


def _length(text: str, now: datetime) -> tuple[datetime, str] | None:
    rest = _FOR.sub("", text, count=1)
    minutes, last = 0.0, float("inf")
    while found := _SPAN.match(rest):
        size = _UNITS[found[2][0].lower()]
        if size >= last:  # "2h 3h": the second is not part of it
            break
        minutes += float(found[1].replace(",", ".")) * size
        last, rest = size, rest[found.end() :]
    if last == float("inf"):
        return None
    return now + timedelta(minutes=minutes), _reason(rest)


def _moment(text: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, str] | None:
    said = _UNTIL.match(text)
    rest = text[said.end() :] if said else text
    day = _DAY.match(rest)
    rest = rest[day.end() :] if day else rest
    clock = _TIME.match(rest) if day or said else None
    hour = _clock(clock) if clock else None
    if day is None and hour is None:
        return None
    rest = rest[clock.end() :] if clock and hour is not None else rest
    local = now.astimezone(zone)
    at = _combined(local, day, hour or MORNING, zone)
    return at.astimezone(UTC), _reason(rest)


def _combined(
    local: datetime, day: re.Match[str] | None, hour: time, zone: ZoneInfo
) -> datetime:
    date, again = local.date(), 1
    if day and day[2]:
        date, again = date.replace(int(day[2]), int(day[3]), int(day[4])), 0
    elif day and day[1] and day[1].lower() == "tomorrow":
        date, again = date + timedelta(days=1), 0
    elif day and day[1]:
        again = 0
    elif day:
        ahead = _DAYS.index(day[5][:3].lower()) - date.weekday()
        date, again = date + timedelta(days=ahead % 7), 7
    at = datetime.combine(date, hour, zone)
    if again and at <= local:
        at = datetime.combine(date + timedelta(days=again), hour, zone)
    return at


def _clock(found: re.Match[str]) -> time | None:
    if found[1]:
        return time(12)
    hour, minute = int(found[2]), int(found[3] or 0)
    half = (found[4] or "").lower()
    if half in ("am", "pm"):
        hour = hour % 12 + 12 * (half == "pm") if 1 <= hour <= 12 else 99  # noqa: PLR2004
    return time(hour, minute) if hour < 24 and minute < 60 else None  # noqa: PLR2004


def _reason(text: str) -> str:
    """Return the text behind, without the comma or dash that leads to it."""
    return re.sub(r"^[\s,;:\u2013\u2014-]+", "", text).strip()


COMMANDS: tuple[Command, ...] = ()
