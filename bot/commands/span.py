"""Reading how long back: "24h", "last 7 days"; or which period: "2026-Q3", "2026-09"."""

import re
from datetime import UTC, datetime, timedelta

from bot.commands import Command
from bot.commands.when import length as read_length
from bot.incident import Refused
from bot.period import Period, period

_LAST = re.compile(
    r"^\s*(?:(?:in|over|for)\s+)?(?:the\s+)?(?:last|past)?\s*", re.IGNORECASE
)
# "last week": one of it; "a month": as long as most are
_ALONE = re.compile(
    r"^(?:an?\s+)?(?=(?:hour|day|week|month|quarter|year)\b)", re.IGNORECASE
)
_LONG = re.compile(r"^(\d{1,2})\s*(month|quarter|year)s?$", re.IGNORECASE)
_DAYS = {"month": 30, "quarter": 91, "year": 365}
_START = datetime(2000, 1, 1, tzinfo=UTC)


def span(text: str, usual: timedelta, most: timedelta) -> timedelta:
    """Return the length that `text` says, `usual` for none. Raises Refused.

    >>> span("last 6 hours", timedelta(hours=1), timedelta(days=30))
    datetime.timedelta(seconds=21600)
    """
    said = _ALONE.sub("1 ", _LAST.sub("", text, count=1).strip(" .?!"))
    if not said:
        return usual
    if long := _LONG.match(said):
        said = f"{int(long[1]) * _DAYS[long[2].lower()]} days"
    found = read_length(said, _START)
    if found is None or found[1] or found[0] == _START:
        raise Refused(f'How long is "{text[:40]}"? For example: 24h, or 7d.')
    length = found[0] - _START
    if length > most:
        raise Refused(f"{most.days} days at most; for more, see the evidence page.")
    return length


def window(text: str, now: datetime, usual: timedelta, most: timedelta) -> Period:
    """Return the period that `text` says, `usual` up to `now` for none. Raises Refused.

    >>> now = datetime(2026, 11, 27, tzinfo=UTC)
    >>> start, end = window("2026-Q3", now, timedelta(days=7), timedelta(days=366))
    >>> f"{start:%d %b} to {end:%d %b}"
    '01 Jul to 01 Oct'
    """
    try:
        return now - span(text, usual, most), now
    except Refused:
        try:
            start, end = period(text, now)
        except ValueError:
            start, end = now, now
        if not timedelta() < end - start <= most:
            raise  # what `span` says of it
        return start, end


COMMANDS: tuple[Command, ...] = ()
