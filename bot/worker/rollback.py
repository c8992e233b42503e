"""A rollback from the ask to the read-back."""

from datetime import timedelta

from bot.commands.rollback import propose
from bot.incident import (
    CaptureState,
    Event,
    ExpireRequest,
    Incident,
    RollbackAsked,
    RollbackExpired,
    RollbackImpossible,
    RollbackRequested,
    ShiftFailed,
    ShiftStarted,
    ShiftTraffic,
    Traffic,
    TrafficShifted,
)
from bot.ports import Ambiguous, Impossible, Mover, Unavailable
from bot.store import Due, Leader
from bot.worker.means import Means, record

HEALTH_WINDOW = timedelta(minutes=30)
PATIENCE = 4  # attempts to look before the ask ends without a proposal


async def capture(means: Means, due: Due, effect: CaptureState, leader: Leader) -> None:
    """Bind the ask to the state of the world that its approver will see."""
    incident = await means.incident(due)
    asked = incident.history[effect.asked - 1]
    after = incident.history[effect.asked :]
    ended = any(isinstance(e, RollbackRequested | RollbackImpossible) for e in after)
    if ended or not isinstance(asked, RollbackAsked):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    event = await _proposal(means, incident, asked, effect.asked, due.attempts)
    await record(means, incident.id, lambda _: (event,), leader, done=due.id)


async def _proposal(
    means: Means, incident: Incident, asked: RollbackAsked, seq: int, attempts: int
) -> Event:
    workspace, endpoint = means.workspace, means.endpoint(incident)
    if workspace is None:
        raise Impossible("this process does not read Azure")
    end = means.clock()
    try:
        state = await workspace.state(endpoint.id)
        health = [
            await workspace.health(endpoint.id, d.name, end - HEALTH_WINDOW, end)
            for d in state.deployments
        ]
    except Unavailable as error:
        if attempts < PATIENCE:
            raise
        reason = f"Azure could not be read: {error}"
        return RollbackImpossible(at=end, asked=seq, reason=reason)
    except Impossible as error:
        return RollbackImpossible(at=end, asked=seq, reason=str(error))
    number = await means.store.number("request")
    return propose(
        asked, seq, endpoint, state, health, request=f"R-{number}", now=means.clock()
    )


async def expire(means: Means, due: Due, effect: ExpireRequest, leader: Leader) -> None:
    """Close a request that nobody decided in time."""

    def decide(incident: Incident) -> tuple[Event, ...]:
        waiting = incident.waiting
        if waiting is None or waiting.request != effect.request:
            return ()
        return (RollbackExpired(at=means.clock(), request=effect.request),)

    await record(means, due.incident, decide, leader, done=due.id)


async def shift(means: Means, due: Due, effect: ShiftTraffic, leader: Leader) -> None:
    """Move the traffic of an approved request, once, and read back what is there.

    That it starts is written down before anything is sent. Found started, the endpoint
    is read and the outcome told from what is there: the PUT is never repeated.
    """
    incident, mover = await means.incident(due), means.mover
    if mover is None:
        raise Impossible("only the executor moves traffic")
    request = incident.request
    stale = request is None or request.request != effect.request
    if stale or request is None or incident.outcome or not incident.approved:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    started = [e for e in incident.every(ShiftStarted) if e.request == effect.request]
    if started:
        event = await _read_back(means, mover, incident, started[0])
    else:
        event = await _move(means, mover, incident, request, leader)
    await record(means, incident.id, lambda _: (event,), leader, done=due.id)


async def _move(
    means: Means,
    mover: Mover,
    incident: Incident,
    request: RollbackRequested,
    leader: Leader,
) -> Event:
    live = await mover.state(incident.endpoint)
    if _shares(live.traffic) != _shares(request.captured.traffic):
        reason = "the traffic is no longer what the approver saw; nothing was changed"
        return _failed(means, request, reason, dict(live.traffic))
    starting = ShiftStarted(at=means.clock(), request=request.request, before=live)
    await record(means, incident.id, lambda _: (starting,), leader)
    try:
        after = await mover.shift(incident.endpoint, live, request.traffic)
    except Impossible as error:
        return _failed(means, request, str(error), await _look(mover, incident))
    except (Ambiguous, Unavailable):
        return await _read_back(means, mover, incident, starting)
    if _shares(after.traffic) != _shares(request.traffic):
        reason = "Azure took the change, but serves something else"
        return _failed(means, request, reason, dict(after.traffic))
    return TrafficShifted(
        at=means.clock(),
        request=request.request,
        before=live.traffic,
        after=after.traffic,
        state=after,
    )


async def _read_back(
    means: Means, mover: Mover, incident: Incident, started: ShiftStarted
) -> Event:
    """Tell the outcome of a PUT whose answer we do not have. Raises Unavailable."""
    request = incident.request
    if request is None:
        raise LookupError(started.request)
    live = await mover.state(incident.endpoint)
    if _shares(live.traffic) == _shares(request.traffic):
        return TrafficShifted(
            at=means.clock(),
            request=request.request,
            before=started.before.traffic,
            after=live.traffic,
            state=live,
        )
    if live.provisioning_state.lower() not in ("succeeded", "failed", "canceled"):
        raise Unavailable("Azure is still working on the endpoint")
    same = _shares(live.traffic) == _shares(started.before.traffic)
    reason = (
        "the move was interrupted before Azure took it; nothing was changed"
        if same
        else "the move was interrupted; the endpoint now serves something else"
    )
    return _failed(means, request, reason, dict(live.traffic))


async def _look(mover: Mover, incident: Incident) -> dict[str, int] | None:
    try:
        return dict((await mover.state(incident.endpoint)).traffic)
    except (Unavailable, Impossible, Ambiguous):
        return None


def _failed(
    means: Means, request: RollbackRequested, reason: str, live: dict[str, int] | None
) -> ShiftFailed:
    return ShiftFailed(
        at=means.clock(), request=request.request, reason=reason, live=live
    )


def _shares(traffic: Traffic) -> dict[str, int]:
    """Return the traffic without its zeros: a missing deployment means 0 %."""
    return {name.lower(): share for name, share in traffic.items() if share}
