"""What changed just before an alert: Azure's activity log, and what we knew earlier."""

from datetime import datetime, timedelta

from bot.incident import (
    Change,
    ChangesFound,
    Difference,
    EndpointState,
    FindChanges,
    Incident,
    SignalsEvaluated,
    TrafficShifted,
)
from bot.ports import Impossible, Unavailable
from bot.store import Due, Leader
from bot.worker.means import Means, record

SPAN = timedelta(hours=24)  # before it fired
PATIENCE = 4  # attempts before the card says that it is not known
_EARLIER = 10  # incidents of the endpoint that are looked at
_MOST = 20  # changes that are kept


async def find(means: Means, due: Due, effect: FindChanges, leader: Leader) -> None:
    """Record what was done to the endpoint in the day before; nothing is an answer."""
    incident = await means.incident(due)
    if incident.last(ChangesFound):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    fired = min((a.starts_at for a in incident.alerts), default=incident.opened_at)
    lines: tuple[Change, ...] = ()
    missing = ""
    try:
        lines = await _lines(means, incident, fired)
    except Unavailable as error:
        if due.attempts < PATIENCE:
            raise
        missing = str(error)
    except Impossible as error:
        missing = str(error)
    event = ChangesFound(
        at=means.clock(),
        start=fired - SPAN,
        end=fired,
        changes=lines,
        differences=await _differences(means, incident),
        missing=missing,
    )
    await record(means, incident.id, lambda _: (event,), leader, done=due.id)


async def _lines(
    means: Means, incident: Incident, fired: datetime
) -> tuple[Change, ...]:
    """Return one line an operation, the newest first; what failed changed nothing."""
    if means.workspace is None:
        raise Impossible("this process does not read Azure")
    every = await means.workspace.changes(incident.endpoint, fired - SPAN, fired)
    found: dict[str, Change] = {}
    for line in every:
        reading = line.operation.lower().endswith(("/read", "/listkeys/action"))
        if reading or line.status.lower() in ("failed", "canceled"):
            continue
        found.setdefault(line.correlation or f"{line.at} {line.operation}", line)
    return tuple(found.values())[:_MOST]


async def _differences(means: Means, incident: Incident) -> tuple[Difference, ...]:
    """Return how traffic and models differ from what we saw at the incident before."""
    now = _seen(incident)
    if now is None:
        return ()
    listed = await means.store.incidents(endpoint=incident.endpoint, limit=_EARLIER)
    for each in listed:
        earlier = await means.store.load(each.id) if each.id != incident.id else None
        before = _seen(earlier) if earlier else None
        if before is not None and before.at < now.at:
            return compared(before, now)
    return ()


def _seen(incident: Incident) -> EndpointState | None:
    """Return the endpoint as it was last seen in an incident."""
    states = [e.state for e in incident.every(SignalsEvaluated) if e.state]
    states += [e.state for e in incident.every(TrafficShifted)]
    return max(states, key=lambda s: s.at, default=None)


def compared(before: EndpointState, now: EndpointState) -> tuple[Difference, ...]:
    """Return what is different: traffic, and the model of each deployment."""
    found: list[Difference] = []
    was, live = _split(before), _split(now)
    if was != live:
        found.append(Difference(what="traffic", was=was, now=live))
    old = {d.name: d.model for d in before.deployments}
    new = {d.name: d.model for d in now.deployments}
    found += [
        Difference(
            what=f"model of {name}",
            was=old.get(name) or "none",
            now=new.get(name) or "none",
        )
        for name in sorted(old | new)
        if old.get(name, "") != new.get(name, "")
    ]
    return tuple(found)


def _split(state: EndpointState) -> str:
    live = sorted((n, p) for n, p in state.traffic.items() if p)
    return ", ".join(f"{n} {p}%" for n, p in live) or "none"
