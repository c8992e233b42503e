"""Ask for a rollback, or for one to be taken back; a second person approves."""

import re

from bot.approval.oversight import blocked
from bot.approval.proposal import propose
from bot.commands import Ask, Command, Words
from bot.commands.naming import bare, named, reason_in, request_id, unquoted, within
from bot.incident import (
    Event,
    Incident,
    Refused,
    RollbackAsked,
    RollbackImpossible,
    RollbackRequested,
    TrafficShifted,
)

REASON_LIMIT = 500
_TO = re.compile(
    r"^(?:(?:back\s+)?to\b:?|->)\s*(\S+)\s*(.*)$", re.IGNORECASE | re.DOTALL
)


def _words(rest: str) -> Words:
    about, tail = named(rest)
    target = ""
    if found := _TO.match(tail):
        target, tail = bare(found[1]), found[2]
    return {"incident": about, "target": target, "reason": unquoted(tail)}


def _undo_words(rest: str) -> Words:
    request, reason = named(rest)
    return {"request": request_id(request), "reason": unquoted(reason)}


def decide(ask: Ask) -> tuple[Event, ...]:
    """Return the ask; Azure is looked at before anybody is shown a proposal."""
    target = ask.words.get("target", "").strip()
    return (_ask(ask, target=target),)


def undo(ask: Ask) -> tuple[Event, ...]:
    """Ask for a move to be taken back: a new request of the same kind."""
    request, incident = ask.words.get("request", ""), ask.incident
    moved = incident.last(TrafficShifted)
    if moved is None or (request and moved.request != request):
        raise Refused(f"{request or 'That request'} moved nothing that can be undone.")
    newest = incident.request
    if newest and newest.undoes == moved.request and incident.outcome is None:
        raise Refused(f"{newest.request} already asks to undo {moved.request}.")
    return (_ask(ask, undoes=moved.request),)


def _ask(ask: Ask, *, target: str = "", undoes: str = "") -> RollbackAsked:
    incident, reason = ask.incident, reason_in(ask.words.get("reason", ""))
    if not reason:
        raise Refused("Say why: the approver and the record need a reason.")
    if incident.waiting and ask.now < incident.waiting.expires_at:
        raise Refused(f"{incident.waiting.request} already waits for approval.")
    if incident.approved and incident.outcome is None and incident.request:
        raise Refused(f"{incident.request.request} is being carried out right now.")
    if (asked := incident.last(RollbackAsked)) and not _answered(incident, asked):
        raise Refused(f"{asked.by.name} has just asked for it; Azure is being read.")
    if ask.ledger and (why := blocked(ask.ledger)):
        raise Refused(f"Nothing can be moved: {why}.")
    return RollbackAsked(
        at=ask.now,
        by=ask.actor,
        reason=within(reason, REASON_LIMIT),
        target=target,
        undoes=undoes,
    )


def _answered(incident: Incident, asked: RollbackAsked) -> bool:
    after = incident.history[incident.history.index(asked) + 1 :]
    return any(isinstance(e, RollbackRequested | RollbackImpossible) for e in after)


COMMANDS = (
    Command(
        verb="rollback",
        usage="rollback <incident | endpoint> [to <deployment>] <reason>",
        does="asks to move traffic back; a second person approves (--dry-run: shows it)",
        about="endpoint or incident",
        roles=frozenset({"operator", "owner"}),
        words=_words,
        decide=decide,
        preview="dry_run",
        examples=(
            "rollback loan-prescreening incomes drifted since the rate rise",
            "rollback 42 to green partner feed broken --dry-run",
        ),
    ),
    Command(
        verb="undo",
        usage="undo <request> <reason>",
        does="asks to take a rollback back; a second person approves",
        about="request",
        roles=frozenset({"operator", "owner"}),
        words=_undo_words,
        decide=undo,
        examples=("undo R-7 version 13 is slower",),
    ),
)
__all__ = ["COMMANDS", "REASON_LIMIT", "propose"]
