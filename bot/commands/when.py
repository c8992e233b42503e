"""Reading until when: "2h", "1d 4h", "until tomorrow 9:00", "until fri", "2026-12-01".

German is read too: "bis morgen 9 Uhr", "2 Std". What could mean two things ("12/01",
"10:00 EST" elsewhere) is no moment: it is asked back.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from bot.commands import Command

MORNING = time(9)  # of a day that is named without a time
TONIGHT = time(20)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GERMAN_DAYS = (
    *("montag", "dienstag", "mittwoch", "donnerstag"),
    *("freitag", "samstag", "sonntag"),
)
_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
# In minutes, by the first letter; "s" is for Stunden, "t" for Tage.
_UNITS = {"w": 10080, "d": 1440, "t": 1440, "h": 60, "s": 60, "m": 1}
_COUNTS = {
    "half": 0.5,
    **dict.fromkeys(("a", "an", "another"), 1.0),
    **{
        word: float(n)
        for n, word in enumerate(
            ("one", "two", "three", "four", "five", "six", "seven", "eight"), start=1
        )
    },
}
_UNIT = (  # but no months
    r"w|wks?|weeks?|wochen?|d|days?|tage?n?|h|hrs?|hours?|std|stunden?"
    r"|m|mins?|minutes?|minuten?"
)
_NUMBER = rf"\d{{1,4}}(?:[.,]\d{{1,2}})?|(?:{'|'.join(_COUNTS)})\b"
_SPAN = re.compile(
    rf"\s*(?:and\s+|,\s*)?({_NUMBER})(?:\s+an?\b)?\s*-?\s*({_UNIT})(?![a-z])\.?",
    re.IGNORECASE,
)
_BARE_MINUTES = re.compile(r"([0-5]\d)(?!\w)")  # "2h30"
_CLOCKED = re.compile(  # "2:30h"
    r"\s*(\d{1,3}):([0-5]\d)\s*(?:h|hrs?|hours?|std|stunden?)(?![a-z])\.?",
    re.IGNORECASE,
)
_HALF_MORE = re.compile(r"\s*and\s+a\s+half\b", re.IGNORECASE)  # "an hour and a half"
_RANGE = re.compile(r"\s*[-\u2013]\s?\d")  # "1h-2h": which?
_FOR = re.compile(
    r"\s*(?:(?:for|in|f\u00fcr)\b\s*)?(?:the\s+)?(?:next\b)?\s*"
    r"(?:about\b|~|ca\b\.?)?",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"\s*(?:until|till|til|bis)\b\s*[:=]?(?:\s*the\b)?", re.IGNORECASE)
_NAMES = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:,?\s+(?P<{}>20\d\d)(?![\w:]))?"
_NEAR_YEARS = 2  # ahead; "31 Jan 2030" may be half past eight
_DAY = re.compile(
    r"[\s,]*(?:on\s+)?(?:"
    r"(?P<year>\d{4})(?P<dash>[-/])(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
    r"(?:T(?=\d)|(?![\w/-]))"
    r"|(?P<german>\d{1,2})\.(?P<german_month>\d{1,2})\.(?P<german_year>\d{4})?(?!\w)"
    rf"|(?P<day_first>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+(?P<month_last>{_NAMES})"
    rf"{_YEAR.format('year_last')}"
    rf"|(?P<month_first>{_NAMES})\s+(?P<day_last>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:.])"
    rf"{_YEAR.format('year_behind')}"
    r"|(?P<near>today|tonight|tomorr?ow|tmrw?|heute|morgen)(?![\w-])"
    r"|(?P<after>next\s+week)(?![\w-])"
    r"|(?:next\s+)?(?P<week>mon|tues?|wed(?:s|nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)"
    r"(?:day)?(?![\w-])"
    rf"|(?P<woche>{'|'.join(_GERMAN_DAYS)})(?![\w-])"
    r")",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"[\s,]*(?:(?:at|um)\s+)?(?:(?P<word>noon|midday|midnight|morning|evening|eod"
    r"|fr\u00fch|mittags?|mitternacht|abends?"
    r"|end of (?:the )?day)"
    r"|(?P<hour>\d{1,2})(?:[:.h]?(?P<minute>\d\d))?"
    r"\s*(?P<half>[ap]\.?m\b\.?|h\b|o'clock|uhr\b)?"
    r"(?:\s*(?P<zone>(?-i:UTC|GMT|Z|[CEMP][SD]T|CES?T|EES?T|WES?T|[BIJ]ST|AE[SD]T)"
    r"|(?<=:\d\d)[+-]\d\d(?::?\d\d)?(?![\d:])))?"
    r")(?![\w/]|[:.\u2013-]\d)",
    re.IGNORECASE,
)
_WORDS = {
    **dict.fromkeys(("noon", "midday", "mittag", "mittags"), time(12)),
    **dict.fromkeys(("morning", "fr\u00fch"), MORNING),
    **dict.fromkeys(("evening", "abend", "abends"), time(18)),
    **dict.fromkeys(("eod", "end of day", "end of the day"), time(18)),
}


def until(text: str, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, str]:
    """Return the moment (UTC) that `text` begins with, and what follows it.

    None when it begins with none. A time of day is in `zone`, unless it says UTC; one
    that has passed today means tomorrow.

    >>> at = datetime(2026, 11, 23, 8, 14, tzinfo=UTC)
    >>> until("2h feed is late", at, ZoneInfo("Europe/Berlin"))
    (datetime.datetime(2026, 11, 23, 10, 14, tzinfo=datetime.timezone.utc), 'feed is late')
    >>> until("until tomorrow 9:00 fixed by then", at, ZoneInfo("Europe/Berlin"))[0].hour
    8
    """
    try:
        return length(text, now) or _moment(text, now, zone) or (None, text.strip())
    except (ValueError, OverflowError):  # the 31st of November, or the year 9999
        return None, text.strip()


def length(text: str, now: datetime) -> tuple[datetime, str] | None:
    """Return the end (UTC) of a length from `now`, and what follows; None for none."""
    rest = _FOR.sub("", text, count=1)
    minutes, last = 0.0, float("inf")
    if clocked := _CLOCKED.match(rest):
        minutes, last = int(clocked[1]) * 60 + int(clocked[2]), 0
        rest = rest[clocked.end() :]
    while found := _SPAN.match(rest):
        size = _UNITS[found[2][0].lower()]
        if size >= last:  # "2h 3h": the second is not part of it
            break
        minutes += _count(found[1]) * size
        last, rest = size, rest[found.end() :]
        if more := _HALF_MORE.match(rest):
            minutes, rest = minutes + size / 2, rest[more.end() :]
        if size == _UNITS["h"] and (short := _BARE_MINUTES.match(rest)):
            minutes, rest = minutes + int(short[1]), rest[short.end() :]
            break
    if last == float("inf") or _RANGE.match(rest):
        return None
    return now + timedelta(minutes=minutes), _reason(rest)


def _count(word: str) -> float:
    return _COUNTS.get(word.lower()) or float(word.replace(",", "."))


def _moment(text: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, str] | None:
    said = _UNTIL.match(text)
    rest = text[said.end() :] if said else text
    day = _DAY.match(rest)
    rest = rest[day.end() :] if day else rest
    clock = _TIME.match(rest)
    if clock and day is None and (day := _DAY.match(rest, clock.end())):
        rest = rest[day.end() :]  # "9:00 tomorrow"
    elif clock and (day or said):
        rest = rest[clock.end() :]
    else:
        clock = None
    if day is None and clock is None:
        return None
    at = _combined(now, day, clock, zone)
    return at.astimezone(UTC), _reason(rest)


def _combined(
    now: datetime,
    day: re.Match[str] | None,
    clock: re.Match[str] | None,
    zone: ZoneInfo,
) -> datetime:
    """Return the moment; ValueError when there is none, or it could be two."""
    said = (clock and clock["zone"]) or ""
    where = _where(said, zone)
    local = now.astimezone(where)
    date_, again = _date(local, day)
    hour = _clock(clock, late=bool(day and (day["near"] or "").lower() == "tonight"))
    if hour is None:  # midnight ends the day that is meant
        return datetime.combine(date_ + timedelta(days=1), time(), where)
    at = datetime.combine(date_, hour, where)
    if again and at <= local:
        at = datetime.combine(date_ + timedelta(days=again), hour, where)
    if said and where is zone and at.tzname() != said:
        raise ValueError("a zone that is not the channel's")
    return at


def _where(said: str, zone: ZoneInfo) -> tzinfo:
    """Return the zone of a time of day: what was `said` with it, else the channel's."""
    if said[:1] in ("+", "-"):
        digits = said[1:].replace(":", "").ljust(4, "0")
        away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return timezone(-away if said[0] == "-" else away)
    return UTC if said in ("UTC", "GMT", "Z") else zone


def _date(local: datetime, day: re.Match[str] | None) -> tuple[date, int]:
    """Return the date that is meant, and in how many days it comes again; 0: never."""
    today = local.date()
    if day is None:
        return today, 1
    if near := (day["near"] or "").lower():
        return today + timedelta(days=near not in ("today", "tonight", "heute")), 0
    if day["after"] or day["week"] or day["woche"]:
        return _weekday(today, day)
    if day["year"]:
        return date(int(day["year"]), int(day["month"]), int(day["day"])), 0
    name = day["month_first"] or day["month_last"]
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(day["german_month"])
    number = int(day["german"] or day["day_first"] or day["day_last"])
    if year := day["german_year"] or day["year_last"] or day["year_behind"]:
        if not 0 <= int(year) - today.year <= _NEAR_YEARS:
            raise ValueError("a year that may be a time of day, or is over")
        return date(int(year), month, number), 0
    this = date(today.year, month, number)
    return (this if this >= today else this.replace(year=today.year + 1)), 0


def _weekday(today: date, day: re.Match[str]) -> tuple[date, int]:
    if day["after"]:  # "next week" begins on Monday
        return today + timedelta(days=7 - today.weekday()), 0
    if day["week"]:
        wanted = _DAYS.index(day["week"][:3].lower())
    else:
        wanted = _GERMAN_DAYS.index(day["woche"].lower())
    return today + timedelta(days=(wanted - today.weekday()) % 7), 7


def _clock(found: re.Match[str] | None, *, late: bool) -> time | None:
    """Return the time of day, None for midnight; ValueError when there is none."""
    if found is None:
        return TONIGHT if late else MORNING
    if found["word"]:
        return _WORDS.get(found["word"].lower())
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    half = (found["half"] or "").lower().replace(".", "")
    if half in ("am", "pm"):
        hour = hour % 12 + 12 * (half == "pm") if 1 <= hour <= 12 else 99  # noqa: PLR2004
    if (hour, minute) == (24, 0):
        return None
    return time(hour, minute)


def _reason(text: str) -> str:
    """Return the text behind, without the comma or dash that leads to it."""
    return re.sub(r"^(?:[\s,;:.!\u2013\u2014]|-(?!\d))+", "", text).strip()


COMMANDS: tuple[Command, ...] = ()
