"""A decision to train again becomes a request that people approve."""

from bot.approval.retraining import RetrainingImpossible, RetrainingRequested
from bot.approval.training import Seen, propose_retraining
from bot.incident import Event, Incident, ProposeRetraining
from bot.ports import Impossible, Unavailable
from bot.store import Due, Leader
from bot.worker.means import Means, record
from bot.worker.rollback import PATIENCE


async def propose(
    means: Means, due: Due, effect: ProposeRetraining, leader: Leader
) -> None:
    """Look at the endpoint and at the job, then ask for approvals."""
    incident = await means.incident(due)
    ends = RetrainingRequested | RetrainingImpossible
    known = (e.decided for e in incident.history if isinstance(e, ends))
    if effect.decided in known:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    async with means.asking[incident.endpoint]:  # the next one has to see this request
        event = await _event(means, incident, effect.decided, due.attempts)
        await record(means, incident.id, lambda _: (event,), leader, done=due.id)


async def _event(
    means: Means, incident: Incident, decided: int, attempts: int
) -> Event:
    try:
        return await _proposal(means, incident, decided)
    except Unavailable as error:
        if attempts < PATIENCE:
            raise
        reason = f"Azure could not be read: {error}"
    except Impossible as error:
        reason = str(error)
    return RetrainingImpossible(at=means.clock(), decided=decided, reason=reason)


async def _proposal(means: Means, incident: Incident, decided: int) -> Event:
    endpoint = means.endpoint(incident)
    if endpoint.retraining is None:
        raise Impossible("the watch list names no job that trains this model")
    if means.workspace is None:
        raise Impossible("this process does not read Azure")
    seen = Seen(
        state=await means.workspace.state(endpoint.id),
        job=await means.workspace.job(endpoint, endpoint.retraining.job),
        others=await _others(means, incident),
    )
    number = await means.store.number("request")
    return propose_retraining(
        incident,
        decided,
        endpoint,
        seen,
        request=f"R-{number}",
        now=means.clock(),
    )


async def _others(means: Means, incident: Incident) -> tuple[Incident, ...]:
    """Return the endpoint's other incidents, over or not: a training outlives one."""
    of, kind = incident.endpoint, RetrainingRequested
    listed = await means.store.incidents(endpoint=of, having=kind, limit=50)
    loaded = [await means.store.load(i.id) for i in listed if i.id != incident.id]
    return tuple(i for i in loaded if i is not None)
