"""Maintenance: for a while nothing new is posted about an endpoint, by whom and why."""

from datetime import datetime, timedelta

from bot.approval.oversight import EndpointSilenced, EndpointUnsilenced, silence
from bot.commands import Ask, Command, Words
from bot.commands.naming import named, reason_in, unquoted, within
from bot.commands.when import until
from bot.incident import Event, Refused
from bot.watch import Role

REASON_LIMIT = 300
LONGEST = timedelta(days=7)


def _words(rest: str) -> Words:
    endpoint, tail = named(rest)
    return {"endpoint": endpoint, "until": unquoted(tail)}


def _words_of_end(rest: str) -> Words:
    endpoint, reason = named(rest)
    return {"endpoint": endpoint, "reason": unquoted(reason)}


def decide(ask: Ask) -> tuple[Event, ...]:
    """Silence the endpoint; alerts are recorded all the same."""
    end, reason = _end(ask)
    if not reason:
        raise Refused("Say why: the record needs a reason.")
    silenced = EndpointSilenced(
        at=ask.now, by=ask.actor, until=end, reason=within(reason, REASON_LIMIT)
    )
    return (silenced,)


def _end(ask: Ask) -> tuple[datetime, str]:
    zone = ask.watch.channels[ask.endpoint.channel].zone
    end, reason = until(ask.words.get("until", ""), ask.now, zone)
    if end is None or end <= ask.now:
        raise Refused("For how long? For example: silence loan 2h planned upgrade")
    if end > ask.now + LONGEST:
        raise Refused(f"An endpoint can be silenced for {LONGEST.days} days at most.")
    return end, reason_in(reason)


def end_it(ask: Ask) -> tuple[Event, ...]:
    """Let the endpoint's cards be posted again; what still fires follows soon."""
    if silence(ask.incident, ask.now) is None:
        raise Refused(f"{ask.endpoint.name} is not silenced.")
    reason = within(ask.words.get("reason", "").strip(), REASON_LIMIT)
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
        examples=("silence loan-prescreening 2h planned upgrade",),
    ),
    Command(
        verb="unsilence",
        usage="unsilence <endpoint>",
        does="ends a silence; what still fires is posted",
        about="endpoint",
        roles=_MAY,
        words=_words_of_end,
        decide=end_it,
        examples=("unsilence loan-prescreening",),
    ),
)
