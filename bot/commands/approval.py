"""Approve, reject or withdraw a request; and whether it may still be carried out."""

from datetime import datetime, timedelta

from bot.commands import Ask, Command, Words
from bot.commands.reading import first_word, request_id, unquoted
from bot.incident import (
    Event,
    Incident,
    Refused,
    RollbackApproved,
    RollbackRejected,
    RollbackRequested,
    RollbackStale,
)
from bot.oversight import blocked
from bot.proposal import drifted
from bot.watch import Endpoint, WatchList

# A clock that is set back must not give an approval new life.
CLOCK_TOLERANCE = timedelta(minutes=5)


def _words(rest: str) -> Words:
    request, reason = first_word(rest)
    return {"request": request_id(request), "reason": unquoted(reason)}


def approve(ask: Ask) -> tuple[Event, ...]:
    """Let the request run, once enough people agree. Never the one who asked.

    What is live by now is no longer what was captured: the request ends instead.
    """
    request = _waiting(ask)
    _may_decide(ask, request)
    if ask.watch.person(request.by) == ask.person:
        raise Refused(
            f"You asked for {request.request}; someone else has to approve it."
        )
    given = {_person(ask.watch, e) for e in ask.incident.approvals}
    if ask.person.name in given:
        raise Refused(f"You have approved {request.request}; a second person has to.")
    if ask.ledger and (why := blocked(ask.ledger)):
        raise Refused(f"{request.request} cannot be carried out: {why}.")
    if ask.live and (why := drifted(request, ask.live)):
        stale = RollbackStale(
            at=ask.now, request=request.request, reason=why, live=ask.live.traffic
        )
        return (stale,)
    approved = RollbackApproved(
        at=ask.now, by=ask.actor, request=request.request, person=ask.person.name
    )
    return (approved,)


def reject(ask: Ask) -> tuple[Event, ...]:
    """End the request. Whoever asked may take it back this way."""
    request = _waiting(ask)
    own = ask.watch.person(request.by) == ask.person
    if not own:
        _may_decide(ask, request)
    reason = ask.words.get("reason", "").strip()
    if not reason:
        raise Refused("Say why: a rejection needs a reason.")
    rejected = RollbackRejected(
        at=ask.now,
        by=ask.actor,
        request=request.request,
        reason=reason[:500],
        withdrawn=own,
    )
    return (rejected,)


def withdraw(ask: Ask) -> tuple[Event, ...]:
    """Take one's own request back, approved or not, as long as nothing has begun."""
    wanted, request = ask.words.get("request", ""), ask.incident.request
    if request is None or (wanted and request.request != wanted):
        raise Refused(f"{wanted or 'That request'} is not open any more.")
    if (
        ask.watch.person(request.by) != ask.person
        or ask.watch.person(ask.actor) is None
    ):
        raise Refused(f"Only {request.by.name} can withdraw {request.request}.")
    if ask.incident.started or ask.incident.outcome:
        raise Refused(f"{request.request} is being carried out; it cannot be stopped.")
    if ask.incident.waiting is None and not ask.incident.approved:
        raise Refused(f"{request.request} is not open any more.")
    reason = ask.words.get("reason", "").strip() or "withdrawn"
    taken_back = RollbackRejected(
        at=ask.now,
        by=ask.actor,
        request=request.request,
        reason=reason[:500],
        withdrawn=True,
    )
    return (taken_back,)


def _waiting(ask: Ask) -> RollbackRequested:
    wanted, incident = ask.words.get("request", ""), ask.incident
    request = incident.waiting
    if request is None or (wanted and request.request != wanted):
        raise Refused(f"{wanted or 'That request'} is not waiting any more.")
    if why := _untimely(incident, request, ask.now):
        raise Refused(f"{why[0].upper()}{why[1:]}. Ask for the rollback again.")
    return request


def _untimely(incident: Incident, request: RollbackRequested, now: datetime) -> str:
    """Return why `now` is no time to decide or carry out the request, "" if it is."""
    if now >= request.expires_at:
        return f"{request.request} expired at {request.expires_at:%H:%M} UTC"
    newest = max(e.at for e in incident.history)
    if now < newest - CLOCK_TOLERANCE:
        return "our clock was set back"
    return ""


def _may_decide(ask: Ask, request: RollbackRequested) -> None:
    if ask.person.guest:
        raise Refused("A guest cannot decide a rollback.")
    able = ask.watch.approvers(ask.endpoint)
    if ask.person not in able:
        names = ", ".join(p.name for p in able[:5]) or "nobody in the watch list"
        raise Refused(f"You cannot decide {request.request}. Who can: {names}.")


def _person(watch: WatchList, given: RollbackApproved) -> str:
    """Return who gave an approval, whichever account was used."""
    known = watch.person(given.by)
    return known.name if known else given.person or given.by.id


def objection(
    incident: Incident,
    endpoint: Endpoint,
    watch: WatchList,
    ledger: Incident,
    now: datetime,
) -> str:
    """Return why the newest request must not be carried out now; "" when it may.

    The executor asks this itself, right before it begins: whoever recorded the
    approval is not taken at their word.
    """
    request = incident.request
    if request is None or not incident.approved:
        return "it is not approved"
    if incident.started or incident.outcome:
        return f"{request.request} was carried out before"
    if why := _untimely(incident, request, now):
        return why
    able = watch.approvers(endpoint)
    people = [watch.person(e.by) for e in incident.approvals]
    if watch.person(request.by) in people:
        return f"{request.by.name} asked for it and approved it"
    valid = {p.name for p in people if p is not None and p in able}
    needed = max(request.approvals_needed, endpoint.approval.count)
    if len(valid) < needed:
        return f"{len(valid)} of {needed} approvals count by now"
    return blocked(ledger, request.request)


COMMANDS = (
    Command(
        verb="approve",
        usage="approve <request>",
        does="lets a rollback run that someone else asked for",
        about="request",
        words=_words,
        decide=approve,
        looks=True,
        examples=("approve R-7", "approve 7"),
    ),
    Command(
        verb="reject",
        usage="reject <request> <reason>",
        does="ends a rollback request",
        about="request",
        words=_words,
        decide=reject,
        examples=("reject R-7 green fails for new branches",),
    ),
    Command(
        verb="withdraw",
        usage="withdraw <request> [reason]",
        does="takes back what you asked for yourself",
        about="request",
        words=_words,
        decide=withdraw,
        examples=("withdraw R-7 the feed is back",),
    ),
)
