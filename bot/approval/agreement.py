"""How people agree to a request, whatever it asks for: who counts, and until when. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.approval.preconditions import doubts
from bot.approval.retraining import RetrainingApproved, RetrainingRequested
from bot.incident import Incident, RollbackApproved, RollbackRequested
from bot.watch import Endpoint, WatchList

Requested: TypeAlias = RollbackRequested | RetrainingRequested
Approved: TypeAlias = RollbackApproved | RetrainingApproved
# A clock that is set back must not give an approval new life.
CLOCK_TOLERANCE = timedelta(minutes=5)


def untimely(incident: Incident, request: Requested, now: datetime) -> str:
    """Return why `now` is no time to decide or carry out the request, "" if it is."""
    if now >= request.expires_at:
        return f"{request.request} expired at {request.expires_at:%H:%M} UTC"
    newest = max(e.at for e in incident.history)
    if now < newest - CLOCK_TOLERANCE:
        return "our clock was set back"
    return ""


def giver(watch: WatchList, given: Approved) -> str:
    """Return who gave an approval, whichever account was used."""
    known = watch.person(given.by)
    return known.name if known else given.person or given.by.id


def unknown(request: Requested, watch: WatchList) -> str:
    """Return that nobody can tell any more who asked, "" when the watch list does.

    Without it, one person's second account could approve what her first asked for.
    """
    if watch.person(request.by):
        return ""
    name = request.by.name or "who asked"
    return f"{name}, who asked for it, is not on the watch list any more"


def unsaid(request: Requested, given: Approved) -> tuple[str, ...]:
    """Return what an approval did not accept of all that had not passed, in words."""
    if not isinstance(request, RollbackRequested):
        return ()
    known = given.accepted if isinstance(given, RollbackApproved) else ()
    return tuple(c.text for c in doubts(request) if c.name not in known)


def unagreed(
    request: Requested,
    approvals: Sequence[Approved],
    endpoint: Endpoint,
    watch: WatchList,
) -> str:
    """Return why the approvals do not suffice by now; "" when they do.

    Roles are those of this moment: what an approver was at the click does not count.
    """
    able = watch.approvers(endpoint)
    people = [watch.person(e.by) for e in approvals]
    if why := unknown(request, watch):
        return why
    if watch.person(request.by) in people:
        return f"{request.by.name} asked for it and approved it"
    given = zip(people, approvals, strict=True)
    valid = {
        p.name
        for p, e in given
        if p is not None and p in able and not unsaid(request, e)
    }
    needed = max(request.approvals_needed, endpoint.approval.count)
    if len(valid) < needed:
        return f"{len(valid)} of {needed} approvals count by now"
    return ""
