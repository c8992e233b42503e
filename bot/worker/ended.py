"""The end of a move: recorded once, and the endpoint freed in the same breath."""

from bot.approval.oversight import ShiftReleased, holder
from bot.consequences import follow
from bot.incident import Event, Incident, ShiftFailed, ShiftStarted, TrafficShifted
from bot.store import Conflict, Due, Leader
from bot.worker.means import CONFLICTS, Means


async def tell(
    means: Means, incident: Incident, request: str, event: Event, leader: Leader
) -> None:
    """Record how the move of `request` ended, unless that is known already.

    Whoever reads the end may ask for the next move at once: an end that is final
    releases the endpoint in the same transaction.
    """
    final = not isinstance(event, ShiftFailed) or event.settled
    for _ in range(CONFLICTS):
        newest = await means.store.load(incident.id)
        if newest is None:
            raise LookupError(incident.id)
        if settled(newest, request):
            return
        ledger = await means.store.ledger(incident.endpoint)
        mine = (held := holder(ledger)) is not None and held.request == request
        freed = ShiftReleased(at=event.at, request=request)
        try:
            await means.store.append(
                newest,
                (event,),
                follow(newest, (event,)),
                leader=(leader.role, leader.epoch),
                beside=(ledger, (freed,)) if final and mine else None,
            )
        except Conflict:
            continue
        return
    raise Conflict(incident.id)


def settled(incident: Incident, request: str) -> bool:
    """Return whether it is on record how the move of `request` ended, for good."""
    for event in reversed(incident.history):
        if isinstance(event, TrafficShifted) and event.request == request:
            return True
        if isinstance(event, ShiftFailed) and event.request == request:
            return event.settled
    return False


async def let_go(means: Means, due: Due, request: str, leader: Leader) -> None:
    """Release the endpoint, unless Azure may still be moving it; the effect is done.

    A move that never began, or that ended under an earlier version, holds it still.
    """
    fence = (leader.role, leader.epoch)
    incident = await means.incident(due)
    began = any(e.request == request for e in incident.every(ShiftStarted))
    for _ in range(CONFLICTS):
        ledger = await means.store.ledger(incident.endpoint)
        held = holder(ledger)
        free = held is None or held.request != request
        if free or (began and not settled(incident, request)):
            await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
            return
        released = ShiftReleased(at=means.clock(), request=request)
        try:
            await means.store.append(ledger, [released], done=due.id, leader=fence)
        except Conflict:
            continue
        return
    raise Conflict(incident.endpoint)
