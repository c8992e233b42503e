"""Reading how long back: "24h", "last 7 days", "the last week"."""

import re
from datetime import UTC, datetime, timedelta

from bot.commands import Command
from bot.commands.when import length as read_length
from bot.incident import Refused

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


COMMANDS: tuple[Command, ...] = ()
