"""Carry out an approved move: once, after a last look, and told as it was read back.

In order: hold the endpoint, across all incidents; record that the move starts; PUT;
read back; record the outcome and release. A kill between any two of them is met again from
the top, and what was recorded decides: found started, a PUT is never sent again.
"""

from datetime import timedelta

from bot.approval.oversight import ShiftHeld, holder
from bot.approval.preconditions import broken
from bot.approval.proposal import drifted, shares
from bot.commands.approval import objection
from bot.incident import (
    EndpointState,
    Event,
    FollowShift,
    Incident,
    RollbackRequested,
    ShiftFailed,
    ShiftInterrupted,
    ShiftStarted,
    ShiftTraffic,
    TrafficShifted,
)
from bot.ports import Ambiguous, Impossible, Mover, Unavailable
from bot.store import Conflict, Due, Leader
from bot.worker.ended import let_go, tell
from bot.worker.hush import NotYet
from bot.worker.means import CONFLICTS, Means, record

AT_REST = ("succeeded", "failed", "canceled")
LOOKS_EVERY = timedelta(seconds=2)  # whether a change without an answer has arrived


async def shift(means: Means, due: Due, effect: ShiftTraffic, leader: Leader) -> None:
    """Move the traffic of an approved request, and read back what is there."""
    incident, mover = await means.incident(due), _mover(means)
    request = incident.request
    mine = request is not None and request.request == effect.request
    if mine and request and incident.outcome is None:
        if incident.started:
            event = await _after_a_kill(means, mover, incident, leader)
            await tell(means, incident, request.request, event, leader)
        elif incident.approved:
            await _move(means, mover, incident, request, leader)
    await let_go(means, due, effect.request, leader)


async def follow(means: Means, due: Due, effect: FollowShift, leader: Leader) -> None:
    """Tell how a move ended after all, as soon as Azure says so."""
    incident, mover = await means.incident(due), _mover(means)
    request, outcome = incident.request, incident.outcome
    held = holder(await means.store.ledger(incident.endpoint))
    open_ = isinstance(outcome, ShiftFailed) and not outcome.settled
    mine = request is not None and request.request == effect.request
    # Once a person has unlocked the endpoint, its traffic tells nothing of this move.
    if mine and request and open_ and held and held.request == effect.request:
        started = incident.started
        if started is None:
            raise LookupError(effect.request)
        live = await mover.state(incident.endpoint)
        if live.provisioning_state.lower() not in AT_REST:
            raise Unavailable("Azure is still working on the endpoint")
        event = await _resumed(means, mover, incident, request, started)
        await tell(means, incident, request.request, event, leader)
    await let_go(means, due, effect.request, leader)


def _mover(means: Means) -> Mover:
    if means.mover is None:
        raise Impossible("only the executor moves traffic")
    return means.mover


async def _move(
    means: Means,
    mover: Mover,
    incident: Incident,
    request: RollbackRequested,
    leader: Leader,
) -> None:
    try:
        live = await mover.state(incident.endpoint)
    except (Unavailable, Impossible) as error:
        if isinstance(error, Unavailable) and means.clock() < request.expires_at:
            raise
        reason = f"nothing was changed: {error}"
        unread = _failed(means, request, reason, None)
        await tell(means, incident, request.request, unread, leader)
        return
    why = drifted(request, live) or await _hold(means, incident, leader)
    starting = ShiftStarted(at=means.clock(), request=request.request, before=live)
    if not why:
        why = await _begin(means, incident, starting, leader)
    if why:
        reason = f"nothing was changed: {why}"
        refused = _failed(means, request, reason, dict(live.traffic))
        await tell(means, incident, request.request, refused, leader)
        return
    event = await _put(means, mover, incident, request, starting)
    await tell(means, incident, request.request, event, leader)


async def _hold(means: Means, incident: Incident, leader: Leader) -> str:
    """Take the endpoint for the newest request; return why it cannot be had."""
    request = incident.request.request if incident.request else ""
    for _ in range(CONFLICTS):
        ledger = await means.store.ledger(incident.endpoint)
        endpoint, now = means.endpoint(incident), means.clock()
        if why := objection(incident, endpoint, means.watch, ledger, now):
            return why
        held = holder(ledger)
        if held and held.request == request:
            return ""
        taking = ShiftHeld(at=now, request=request)
        try:
            fence = (leader.role, leader.epoch)
            await means.store.append(ledger, [taking], leader=fence)
        except Conflict:
            continue
        return ""
    raise Conflict(incident.endpoint)


async def _begin(
    means: Means, incident: Incident, starting: ShiftStarted, leader: Leader
) -> str:
    """Record the start unless something speaks against it by now; return what."""
    why = ""
    ledger = await means.store.ledger(incident.endpoint)

    def decide(newest: Incident) -> tuple[Event, ...]:
        nonlocal why
        endpoint, now = means.endpoint(newest), means.clock()
        why = objection(newest, endpoint, means.watch, ledger, now)
        return () if why else (starting,)

    await record(means, incident.id, decide, leader)
    return why


async def _put(
    means: Means,
    mover: Mover,
    incident: Incident,
    request: RollbackRequested,
    starting: ShiftStarted,
) -> Event:
    endpoint = incident.endpoint
    try:
        after = await mover.shift(endpoint, starting.before, request.traffic)
    except Impossible as error:
        live = await _look(mover, incident)
        return _failed(means, request, str(error), live, settled=live is not None)
    except Unavailable as error:  # known not to be taken, and never sent again
        live = await _look(mover, incident)
        return _failed(means, request, str(error), live)
    except Ambiguous as error:
        live = await _look(mover, incident)
        return _failed(means, request, str(error), live, settled=False)
    if shares(after.traffic) != shares(request.traffic):
        reason = "Azure took the change, but serves something else"
        return _failed(means, request, reason, dict(after.traffic))
    return _done(means, incident, request, starting, after)


async def _after_a_kill(
    means: Means, mover: Mover, incident: Incident, leader: Leader
) -> Event:
    """Tell how the move ended that was found begun; if that takes time, say so first."""
    request, started = incident.request, incident.started
    if request is None or started is None:
        raise LookupError(incident.id)

    def once(newest: Incident) -> tuple[Event, ...]:
        found = ShiftInterrupted(at=means.clock(), request=request.request)
        return () if newest.interrupted or newest.outcome else (found,)

    try:
        return await _resumed(means, mover, incident, request, started)
    except (Unavailable, NotYet):
        await record(means, incident.id, once, leader)
        raise


async def _resumed(
    means: Means,
    mover: Mover,
    incident: Incident,
    request: RollbackRequested,
    started: ShiftStarted,
) -> Event:
    """Tell the outcome of a PUT whose answer we do not have, from what is there.

    Raises Unavailable or NotYet as long as it cannot be told and our patience lasts.
    """
    waited = means.clock() - started.at
    late = waited > means.shift_limit
    try:
        live = await mover.state(incident.endpoint)
    except (Unavailable, Impossible) as error:
        if not late and isinstance(error, Unavailable):
            raise
        reason = f"the endpoint cannot be read back: {error}"
        return _failed(means, request, reason, None, settled=False)
    if live.provisioning_state.lower() not in AT_REST:
        if not late:
            raise Unavailable("Azure is still working on the endpoint")
        reason = "Azure has not finished the change"
        return _failed(means, request, reason, dict(live.traffic), settled=False)
    # A broken endpoint may have said so before anything was sent: then it tells nothing.
    told = shares(started.before.traffic) == shares(request.traffic)
    if shares(live.traffic) == shares(request.traffic) and not (told and broken(live)):
        if broken(live):
            reason = (
                f"Azure took the change, but the endpoint is {live.provisioning_state}"
            )
            return _failed(means, request, reason, dict(live.traffic))
        return _done(means, incident, request, started, live)
    if waited < means.shift_settles:  # the PUT may still be on its way
        left = means.shift_settles - waited
        raise NotYet("Azure may not have heard of it yet", min(left, LOOKS_EVERY))
    return _failed(means, request, _cut_short(started, live), dict(live.traffic))


def _cut_short(started: ShiftStarted, live: EndpointState) -> str:
    if shares(live.traffic) != shares(started.before.traffic):
        return "the move was interrupted; the endpoint now serves something else"
    if broken(live):
        state = live.provisioning_state
        return (
            f"the move was interrupted; the endpoint serves as before, and is {state}"
        )
    return "the move was interrupted before Azure took it; nothing was changed"


def _done(
    means: Means,
    incident: Incident,
    request: RollbackRequested,
    started: ShiftStarted,
    after: EndpointState,
) -> TrafficShifted:
    return TrafficShifted(
        at=means.clock(),
        request=request.request,
        before=started.before.traffic,
        after=after.traffic,
        state=after,
        watch_minutes=means.endpoint(incident).watch_minutes,
    )


async def _look(mover: Mover, incident: Incident) -> dict[str, int] | None:
    try:
        return dict((await mover.state(incident.endpoint)).traffic)
    except (Unavailable, Impossible, Ambiguous):
        return None


def _failed(
    means: Means,
    request: RollbackRequested,
    reason: str,
    live: dict[str, int] | None,
    *,
    settled: bool = True,
) -> ShiftFailed:
    return ShiftFailed(
        at=means.clock(),
        request=request.request,
        reason=reason,
        live=live,
        settled=settled,
    )
