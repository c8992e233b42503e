"""Maintenance: for a while nothing new is posted about an endpoint, by whom and why."""

import re
from datetime import timedelta

from bot.commands import Ask, Command, Words
from bot.commands.reading import first_word, unquoted
from bot.incident import Event, Refused
from bot.oversight import EndpointSilenced, EndpointUnsilenced, silence
from bot.watch import Role

REASON_LIMIT = 300
LONGEST = timedelta(days=7)
_SPAN = re.compile(r"^([0-9]{1,4})\s?(m|min|h|d)$", re.IGNORECASE)
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


def _words(rest: str) -> Words:
    endpoint, rest = first_word(rest)
    span, reason = first_word(rest)
    return {"endpoint": endpoint, "span": span, "reason": unquoted(reason)}


def _words_of_end(rest: str) -> Words:
    endpoint, reason = first_word(rest)
    return {"endpoint": endpoint, "reason": unquoted(reason)}


def span(word: str) -> timedelta:
    """Return a duration of 1 minute to 7 days. Raises Refused.

    >>> span("90m"), span("2h")
    (datetime.timedelta(seconds=5400), datetime.timedelta(seconds=7200))
    """
    found = _SPAN.match(word.strip())
    length = timedelta()
    if found:
        length = timedelta(**{_UNITS[found[2].lower()]: int(found[1])})
    if not length:
        raise Refused("For how long? For example: silence loan 2h planned upgrade")
    if length > LONGEST:
        raise Refused(f"An endpoint can be silenced for {LONGEST.days} days at most.")
    return length


def decide(ask: Ask) -> tuple[Event, ...]:
    """Silence the endpoint; alerts are recorded all the same."""
    reason = ask.words.get("reason", "").strip()[:REASON_LIMIT]
    until = ask.now + span(ask.words.get("span", ""))
    if not reason:
        raise Refused("Say why: the record needs a reason.")
    return (EndpointSilenced(at=ask.now, by=ask.actor, until=until, reason=reason),)


def end(ask: Ask) -> tuple[Event, ...]:
    """Let the endpoint's cards be posted again; what still fires follows at once."""
    if silence(ask.incident, ask.now) is None:
        raise Refused(f"{ask.endpoint.name} is not silenced.")
    reason = ask.words.get("reason", "").strip()[:REASON_LIMIT]
    return (EndpointUnsilenced(at=ask.now, by=ask.actor, reason=reason),)


_MAY: frozenset[Role] = frozenset({"operator", "owner"})
COMMANDS = (
    Command(
        verb="silence",
        usage="silence <endpoint> <duration> <reason>",
        does="posts no new card about an endpoint for a while",
        about="endpoint",
        roles=_MAY,
        words=_words,
        decide=decide,
    ),
    Command(
        verb="unsilence",
        usage="unsilence <endpoint>",
        does="ends a silence; what still fires is posted",
        about="endpoint",
        roles=_MAY,
        words=_words_of_end,
        decide=end,
    ),
)
