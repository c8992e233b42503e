"""Approve, reject or withdraw a request; and whether it may still be carried out."""

from datetime import datetime

from bot.approval import retraining
from bot.approval.agreement import Requested, giver, unagreed, unknown, untimely
from bot.approval.oversight import blocked
from bot.approval.preconditions import doubts
from bot.approval.proposal import drifted
from bot.approval.retraining import (
    RetrainingApproved,
    RetrainingLapsed,
    RetrainingRejected,
    RetrainingRequested,
)
from bot.approval.training import replaced
from bot.commands import Ask, Command, Words
from bot.commands.naming import (
    bare,
    first_word,
    named,
    reason_in,
    request_id,
    unquoted,
    within,
)
from bot.incident import (
    Event,
    Incident,
    Refused,
    RollbackApproved,
    RollbackRejected,
    RollbackRequested,
    RollbackStale,
)
from bot.watch import Endpoint, WatchList

REASON_LIMIT = 500


def _words(rest: str) -> Words:
    request, reason = named(rest)
    return {"request": request_id(request), "reason": unquoted(reason)}


def _approve_words(rest: str) -> Words:
    words = _words(rest)
    anyway = bare(first_word(words["reason"])[0]).lower() == "anyway"
    return {**words, "accepts": "true"} if anyway else words


def approve(ask: Ask) -> tuple[Event, ...]:
    """Let the request run, once enough people agree. Never the one who asked.

    What is live by now is no longer what was captured: the request ends instead.
    """
    request = _waiting(ask)
    _may_decide(ask, request)
    if why := unknown(request, ask.watch):
        raise Refused(f"{why[0].upper()}{why[1:]}. Ask for it again.")
    if ask.watch.person(request.by) == ask.person:
        raise Refused(
            f"You asked for {request.request}; someone else has to approve it."
        )
    if ask.person.name in {giver(ask.watch, e) for e in _given(ask, request)}:
        raise Refused(f"You have approved {request.request}; a second person has to.")
    if isinstance(request, RollbackRequested):
        return (_approve_rollback(ask, request),)
    return (_approve_retraining(ask, request),)


def _approve_rollback(ask: Ask, request: RollbackRequested) -> Event:
    if ask.ledger and (why := blocked(ask.ledger)):
        raise Refused(f"{request.request} cannot be carried out: {why}.")
    if ask.live and (why := drifted(request, ask.live)):
        return RollbackStale(
            at=ask.now, request=request.request, reason=why, live=ask.live.traffic
        )
    return RollbackApproved(
        at=ask.now,
        by=ask.actor,
        request=request.request,
        person=ask.person.name,
        accepted=_accepted(ask, request),
    )


def _accepted(ask: Ask, request: RollbackRequested) -> tuple[str, ...]:
    """Return the checks that had not passed, which the approval takes upon itself.

    What nobody knows stands on the card above the button, and to press it is to accept
    it. What failed has to be accepted in so many words, else Refused is raised.
    """
    open_ = doubts(request)
    failed = "; ".join(c.text for c in open_ if c.result == "failed")
    if failed and ask.words.get("accepts", "").lower() != "true":
        raise Refused(
            f"A check has failed: {failed}. To take that upon yourself, tick the "
            f"box above the button, or type: approve {request.request} anyway."
        )
    return tuple(dict.fromkeys(c.name for c in open_))


def _approve_retraining(ask: Ask, request: RetrainingRequested) -> Event:
    if ask.live and (why := replaced(request, ask.live)):
        return RetrainingLapsed(at=ask.now, request=request.request, reason=why)
    return RetrainingApproved(
        at=ask.now, by=ask.actor, request=request.request, person=ask.person.name
    )


def reject(ask: Ask) -> tuple[Event, ...]:
    """End the request. Whoever asked may take it back this way."""
    request = _waiting(ask)
    own = ask.watch.person(request.by) == ask.person
    if not own:
        _may_decide(ask, request)
    reason = reason_in(ask.words.get("reason", ""))
    if not reason:
        raise Refused("Say why: a rejection needs a reason.")
    return (_rejected(ask, request, reason, own=own),)


def withdraw(ask: Ask) -> tuple[Event, ...]:
    """Take one's own request back, approved or not, as long as nothing has begun."""
    wanted = ask.words.get("request", "")
    request, stands, begun = _newest(ask, wanted)
    if request is None or (wanted and request.request != wanted):
        raise Refused(f"{wanted or 'That request'} is not open any more.")
    asker = ask.watch.person(request.by)
    if asker != ask.person or ask.watch.person(ask.actor) is None:
        raise Refused(f"Only {request.by.name} can withdraw {request.request}.")
    if begun:
        raise Refused(f"{request.request} is being carried out; it cannot be stopped.")
    if not stands:
        raise Refused(f"{request.request} is not open any more.")
    reason = ask.words.get("reason", "").strip() or "withdrawn"
    return (_rejected(ask, request, reason, own=True),)


def _newest(ask: Ask, wanted: str) -> tuple[Requested | None, bool, bool]:
    """Return the request that is meant, whether it stands, and whether it has begun."""
    incident = ask.incident
    if found := retraining.retraining(incident, wanted) if wanted else None:
        return found.request, found.refused is None, bool(found.started or found.ended)
    stands = incident.waiting is not None or incident.approved
    return incident.request, stands, bool(incident.started or incident.outcome)


def _rejected(ask: Ask, request: Requested, reason: str, *, own: bool) -> Event:
    rollback = isinstance(request, RollbackRequested)
    kind = RollbackRejected if rollback else RetrainingRejected
    return kind(
        at=ask.now,
        by=ask.actor,
        request=request.request,
        reason=within(reason, REASON_LIMIT),
        withdrawn=own,
    )


def _waiting(ask: Ask) -> Requested:
    wanted, incident = ask.words.get("request", ""), ask.incident
    request: Requested | None = incident.waiting
    if found := retraining.retraining(incident, wanted) if wanted else None:
        request = found.request if found.waiting else None
    if request is None or (wanted and request.request != wanted):
        raise Refused(f"{wanted or 'That request'} is not waiting any more.")
    if why := untimely(incident, request, ask.now):
        raise Refused(f"{why[0].upper()}{why[1:]}. Ask for it again.")
    return request


def _given(
    ask: Ask, request: Requested
) -> tuple[RollbackApproved, ...] | tuple[RetrainingApproved, ...]:
    if isinstance(request, RollbackRequested):
        return ask.incident.approvals
    found = retraining.retraining(ask.incident, request.request)
    return found.approvals if found else ()


def _may_decide(ask: Ask, request: Requested) -> None:
    if ask.person.guest:
        raise Refused("A guest cannot decide a request.")
    able = ask.watch.approvers(ask.endpoint)
    if ask.person not in able:
        names = ", ".join(p.name for p in able[:5]) or "nobody in the watch list"
        raise Refused(f"You cannot decide {request.request}. Who can: {names}.")


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
    if why := untimely(incident, request, now):
        return why
    if why := unagreed(request, incident.approvals, endpoint, watch):
        return why
    return blocked(ledger, request.request)


COMMANDS = (
    Command(
        verb="approve",
        usage="approve <request> [anyway]",
        does="lets a rollback or a retraining run that someone else asked for",
        about="request",
        words=_approve_words,
        decide=approve,
        looks=True,
        examples=("approve R-7", "approve 7", "approve R-7 anyway"),
    ),
    Command(
        verb="reject",
        usage="reject <request> <reason>",
        does="ends a request",
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
