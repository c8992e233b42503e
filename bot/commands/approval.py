"""Approve or reject what somebody else asked for."""

from datetime import timedelta

from bot.commands import Ask, Command, Words
from bot.commands.reading import first_word, request_id, unquoted
from bot.incident import (
    Event,
    Refused,
    RollbackApproved,
    RollbackRejected,
    RollbackRequested,
)

# A clock that is set back must not give an approval new life.
CLOCK_TOLERANCE = timedelta(minutes=5)


def _words(rest: str) -> Words:
    request, reason = first_word(rest)
    return {"request": request_id(request), "reason": unquoted(reason)}


def approve(ask: Ask) -> tuple[Event, ...]:
    """Let the request run, once enough people agree. Never the one who asked."""
    request = _waiting(ask)
    _may_decide(ask, request)
    if ask.watch.person(request.by) == ask.person:
        raise Refused(
            f"You asked for {request.request}; someone else has to approve it."
        )
    given = [e.person for e in ask.incident.approvals]
    if ask.person.name in given:
        raise Refused(f"You have approved {request.request}; a second person has to.")
    approved = RollbackApproved(
        at=ask.now, by=ask.actor, request=request.request, person=ask.person.name
    )
    return (approved,)


def reject(ask: Ask) -> tuple[Event, ...]:
    """End the request. Whoever asked may take it back this way."""
    request = _waiting(ask)
    if ask.watch.person(request.by) != ask.person:
        _may_decide(ask, request)
    reason = ask.words.get("reason", "").strip()
    if not reason:
        raise Refused("Say why: a rejection needs a reason.")
    rejected = RollbackRejected(
        at=ask.now, by=ask.actor, request=request.request, reason=reason[:500]
    )
    return (rejected,)


def _waiting(ask: Ask) -> RollbackRequested:
    wanted, incident = ask.words.get("request", ""), ask.incident
    request = incident.waiting
    if request is None or (wanted and request.request != wanted):
        raise Refused(f"{wanted or 'That request'} is not waiting any more.")
    if ask.now >= request.expires_at:
        raise Refused(f"{request.request} expired at {request.expires_at:%H:%M} UTC.")
    if ask.now < request.at - CLOCK_TOLERANCE:
        raise Refused("Our clock was set back; ask for the rollback again.")
    return request


def _may_decide(ask: Ask, request: RollbackRequested) -> None:
    chosen = ask.endpoint.approval.people
    if ask.person.guest:
        raise Refused("A guest cannot decide a rollback.")
    if "approver" not in ask.person.roles or (chosen and ask.person.name not in chosen):
        able = chosen or tuple(
            p.name for p in ask.watch.people if "approver" in p.roles and not p.guest
        )
        names = ", ".join(n for n in able[:5]) or "nobody in the watch list"
        raise Refused(f"You cannot decide {request.request}. Who can: {names}.")


COMMANDS = (
    Command(
        verb="approve",
        usage="approve <request>",
        does="lets a rollback run that someone else asked for",
        about="request",
        words=_words,
        decide=approve,
    ),
    Command(
        verb="reject",
        usage="reject <request> <reason>",
        does="ends a rollback request",
        about="request",
        words=_words,
        decide=reject,
    ),
)
