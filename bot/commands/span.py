"""Reading how long back: "24h", "last 7 days", "the last week"."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.commands import Command
from bot.commands.when import until
from bot.incident import Refused

_LAST = re.compile(
    r"^\s*(?:(?:in|over|for)\s+)?(?:the\s+)?(?:last|past)?\s*", re.IGNORECASE
)
_ALONE = re.compile(r"^(?=[a-z])", re.IGNORECASE)  # "last week": one of it
_START = datetime(2000, 1, 1, tzinfo=UTC)


def span(text: str, usual: timedelta, most: timedelta) -> timedelta:
    """Return the length that `text` says, `usual` for none. Raises Refused.

    >>> span("last 6 hours", timedelta(hours=1), timedelta(days=30))
    datetime.timedelta(seconds=21600)
    """
    said = _LAST.sub("", text, count=1).strip()
    if not said:
        return usual
    end, rest = until(_ALONE.sub("1 ", said), _START, ZoneInfo("UTC"))
    length = end - _START if end else timedelta()
    if not length or rest:
        raise Refused(f'How long is "{text[:40]}"? For example: 24h, or 7d.')
    if length > most:
        raise Refused(f"{most.days} days at most; for more, see the evidence page.")
    return length


COMMANDS: tuple[Command, ...] = ()
