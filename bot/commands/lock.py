"""Freeze an endpoint from chat, and let it go again."""

from bot.approval.oversight import EndpointLocked, EndpointUnlocked, holder
from bot.approval.oversight import lock as locked
from bot.commands import Ask, Command, Words
from bot.commands.naming import named, reason_in, unquoted, within
from bot.incident import Event, Refused

REASON_LIMIT = 300


def _words(rest: str) -> Words:
    endpoint, reason = named(rest)
    return {"endpoint": endpoint, "reason": unquoted(reason)}


def lock(ask: Ask) -> tuple[Event, ...]:
    """Let nothing be moved on the endpoint; what has begun is not stopped."""
    found = locked(ask.incident)
    if found:
        since = f"{found.at:%H:%M} UTC"
        raise Refused(f"{found.by.name} has locked {ask.endpoint.name} since {since}.")
    reason = _reason(ask)
    return (EndpointLocked(at=ask.now, by=ask.actor, reason=reason),)


def unlock(ask: Ask) -> tuple[Event, ...]:
    """Free the endpoint, also from a move that never came to an end."""
    if locked(ask.incident) is None and holder(ask.incident) is None:
        raise Refused(f"{ask.endpoint.name} is not locked.")
    return (EndpointUnlocked(at=ask.now, by=ask.actor, reason=_reason(ask)),)


def _reason(ask: Ask) -> str:
    reason = reason_in(ask.words.get("reason", ""))
    if not reason:
        raise Refused("Say why: the record needs a reason.")
    return within(reason, REASON_LIMIT)


COMMANDS = (
    Command(
        verb="lock",
        usage="lock <endpoint> <reason>",
        does="lets nothing be moved on an endpoint",
        about="endpoint",
        roles=frozenset({"operator", "owner", "approver", "risk"}),
        words=_words,
        decide=lock,
        examples=("lock loan-prescreening audit until Friday",),
    ),
    Command(
        verb="unlock",
        usage="unlock <endpoint> <reason>",
        does="frees an endpoint, also from a move without an end",
        about="endpoint",
        roles=frozenset({"owner", "approver", "risk"}),
        words=_words,
        decide=unlock,
        examples=("unlock loan-prescreening audit is over",),
    ),
)
