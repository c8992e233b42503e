"""A rollback from the ask to the proposal, and its end when nobody decides."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.approval.awaited import pending
from bot.approval.preconditions import Surroundings
from bot.approval.proposal import HOUR, last_calm, propose
from bot.approval.retraining import (
    RetrainingLapsed,
    RetrainingRequested,
    retraining,
)
from bot.evidence import policy
from bot.evidence.objects import CAPTURED
from bot.evidence.shelf import NotKept, keep, keep_apart
from bot.incident import (
    OPEN,
    CaptureState,
    DecisionExpired,
    EndpointState,
    Event,
    ExpireDecision,
    ExpireRequest,
    Health,
    Incident,
    RollbackAsked,
    RollbackExpired,
    RollbackImpossible,
    RollbackRequested,
)
from bot.ports import Impossible, Unavailable, Workspace
from bot.store import Due, Leader
from bot.watch import Endpoint
from bot.worker.hush import NotYet
from bot.worker.means import Means, record

HEALTH_WINDOW = timedelta(minutes=30)
PAST = timedelta(days=7)  # in which the last deployment that served well is looked for
WEEK_OF = 10_000  # incidents that one endpoint may have in that time
OVERDUE = timedelta(minutes=2)  # for the executor to tell why it did not begin
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
    async with means.asking[incident.endpoint]:  # the next one has to see this request
        event = await _event(means, incident, asked, effect.asked, due.attempts)
        await record(means, incident.id, lambda _: (event,), leader, done=due.id)


async def _event(
    means: Means, incident: Incident, asked: RollbackAsked, seq: int, attempts: int
) -> Event:
    try:
        number = await means.store.number("request")
        request = f"R-{number}"
        patient = attempts < PATIENCE
        return await proposal(
            means, incident, asked, seq, request, keeping=True, patient=patient
        )
    except Unavailable as error:
        if attempts < PATIENCE:
            raise
        reason = f"Azure could not be read: {error}"
        return RollbackImpossible(at=means.clock(), asked=seq, reason=reason)
    except Impossible as error:
        return RollbackImpossible(at=means.clock(), asked=seq, reason=str(error))


async def proposal(
    means: Means,
    incident: Incident,
    asked: RollbackAsked,
    seq: int,
    request: str,
    *,
    keeping: bool = False,
    patient: bool = False,
) -> RollbackRequested | RollbackImpossible:
    """Look at the endpoint and all that concerns it; return what comes of the ask.

    `keeping`: Azure's own document is kept on the shelf, under the digest in the request.
    `patient`: figures that Azure does not give now are waited for; else they are not known.
    Raises Unavailable or Impossible.
    """
    workspace, endpoint = means.workspace, means.endpoint(incident)
    if workspace is None:
        raise Impossible("this process does not read Azure")
    end = means.clock()
    state, raw = await workspace.captured(endpoint.id)
    health, unread = await _health(workspace, endpoint.id, state, end, patient=patient)
    usual = ""
    if not (asked.target or asked.undoes or endpoint.rollback_target):
        usual = await _usual(means, workspace, endpoint, state, patient=patient)
    around = Surroundings(
        ledger=await means.store.ledger(endpoint.id),
        own=None if asked.undoes else incident,
        others=await others(means, incident),
        usual=usual,
        undone=_undone(incident, asked),
        unread=unread,
    )
    judged = partial(
        propose, asked, seq, endpoint, state, health, request=request, now=means.clock()
    )
    found = judged(around=around)
    if not keeping or isinstance(found, RollbackImpossible):
        return found  # what no request names stays on no shelf
    kept, unkept = await _kept(means, raw)
    return judged(around=replace(around, kept=kept, unkept=unkept))


async def _health(
    workspace: Workspace,
    endpoint: str,
    state: EndpointState,
    end: datetime,
    *,
    patient: bool,
) -> tuple[list[Health], dict[str, str]]:
    """Return how the endpoint and each deployment serves, and why where it is not known.

    Azure Monitor may be down while a model does harm: that must not hold a rollback up.
    """
    found, unread = list[Health](), dict[str, str]()
    span = (end - HEALTH_WINDOW, end)
    for name in ("", *(d.name for d in state.deployments)):
        try:
            found.append(await workspace.health(endpoint, name, *span))
        except (Unavailable, Impossible) as error:
            if patient and isinstance(error, Unavailable):
                raise
            unread[name] = str(error).rstrip(".")
    return found, unread


async def _kept(means: Means, raw: bytes) -> tuple[str, str]:
    """Keep Azure's own bytes, and apart from them what a packet may hold of them.

    Return the digest of the second; else why nothing could be kept, which stops nobody.
    Of the same bytes both are the same: a capture that is tried again leaves no copy.
    """
    if means.archive is None:
        return "", ""
    shelf = means.archive.shelf
    try:
        named = await keep_apart(shelf, raw)
        document = {
            "part": CAPTURED,
            "raw_sha256": named,
            "document": policy.document(json.loads(raw)),
        }
        text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
        return await keep(shelf, text.encode() + b"\n"), ""
    except NotKept as error:
        return "", str(error)


def _undone(incident: Incident, asked: RollbackAsked) -> RollbackRequested | None:
    every = incident.every(RollbackRequested)
    return next((r for r in every if r.request == asked.undoes), None)


async def others(means: Means, incident: Incident) -> tuple[Incident, ...]:
    """Return the endpoint's other incidents that are open, or that hold a request.

    A request may outlive its incident: Azure resolves an alert while people decide.
    """
    store, of = means.store, incident.endpoint
    # Asked for by themselves: an old one that is open may lie behind many that are not.
    listed = await store.incidents(status=OPEN, endpoint=of)
    listed += await store.incidents(endpoint=of, having=RollbackRequested)
    keys = dict.fromkeys(i.id for i in listed if i.id != incident.id)
    loaded = [await store.load(key) for key in keys]
    return tuple(i for i in loaded if i is not None)


async def _usual(
    means: Means,
    workspace: Workspace,
    endpoint: Endpoint,
    state: EndpointState,
    *,
    patient: bool,
) -> str:
    """Return the last deployment that served the most while no incident was open.

    "" also where Azure Monitor does not tell: who asks can name one all the same.
    """
    now = means.clock()
    try:
        series = await workspace.series(
            endpoint.id,
            "RequestsPerMinute",
            now - PAST,
            now,
            interval=HOUR,
            aggregation="Average",
            split_by="deployment",
        )
    except (Unavailable, Impossible) as error:
        if patient and isinstance(error, Unavailable):
            raise
        return ""
    served = {
        s.dimensions.get("deployment", ""): [
            (at, value)
            for at, value in zip(s.times, s.values, strict=True)
            if value is not None
        ]
        for s in series
    }
    listed = await means.store.incidents(endpoint=endpoint.id, limit=WEEK_OF)
    spans = [(i.opened_at, now if i.status in OPEN else i.updated_at) for i in listed]
    return last_calm(served, spans, state)


async def expire(means: Means, due: Due, effect: ExpireRequest, leader: Leader) -> None:
    """Close a request that nobody decided in time, or that nobody carried out in time.

    An executor that is there says itself why it did not; one that comes back too late
    finds the request closed. What has begun is never closed by this.
    """
    incident, request = await means.incident(due), effect.request
    approved = _approved(incident, request)
    late = means.clock() - _expiry(incident, request)
    if approved and late < OVERDUE:
        raise NotYet("whoever carries it out may still tell", OVERDUE - late)

    def decide(newest: Incident) -> tuple[Event, ...]:
        at, unmoved = means.clock(), _approved(newest, request)
        if found := retraining(newest, request):
            lapsed = RetrainingLapsed(at=at, request=request, approved=unmoved)
            return (lapsed,) if found.waiting or unmoved else ()
        waits = newest.waiting is not None and newest.waiting.request == request
        expired = RollbackExpired(at=at, request=request, approved=unmoved)
        return (expired,) if waits or unmoved else ()

    await record(means, due.incident, decide, leader, done=due.id)


def _approved(incident: Incident, request: str) -> bool:
    """Return whether it is approved and has not begun."""
    if found := retraining(incident, request):
        return found.approved and not (found.started or found.ended)
    return pending(incident, request) and incident.started is None


def _expiry(incident: Incident, request: str) -> datetime:
    """Return when it expires; for one of the past, when the incident began."""
    kinds = RollbackRequested | RetrainingRequested
    asked = (e for e in incident.history if isinstance(e, kinds))
    ends = (e.expires_at for e in asked if e.request == request)
    return next(ends, incident.opened_at)


async def run_out(
    means: Means, due: Due, effect: ExpireDecision, leader: Leader
) -> None:
    """Say that a decision holds no longer, where something is still open."""

    def decide(incident: Incident) -> tuple[Event, ...]:
        newest = incident.history[effect.decided - 1] is incident.decided
        return ran_out(incident, means.clock()) if newest else ()

    await record(means, due.incident, decide, leader, done=due.id)


def ran_out(incident: Incident, now: datetime) -> tuple[Event, ...]:
    """Return that the decision on an open incident holds no longer, () while it does."""
    made = incident.decided
    if made is None or now < made.expires_at or incident.status == "resolved":
        return ()
    seq = next(n for n, e in enumerate(incident.history, 1) if e is made)
    return (DecisionExpired(at=now, decided=seq),)
