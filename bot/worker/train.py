"""Submit the job of an approved retraining, once, and follow it to its end.

In order: record that it starts; look for the job by its name; submit it; record that
Azure has it. Killed between any two, it begins with the look again: the name is made
from the request alone, and a workspace takes a name for one job.
"""

from datetime import timedelta

from bot.approval.retraining import (
    ENDS,
    End,
    Job,
    Retraining,
    RetrainingEnded,
    RetrainingStarted,
    RetrainingSubmitted,
    labels,
    retraining,
)
from bot.approval.training import objection
from bot.incident import EndpointState, Event, FollowRetraining, Incident
from bot.incident import SubmitRetraining as Submit
from bot.ports import Impossible, Trainer, Unavailable
from bot.store import Due, Leader
from bot.worker.hush import NotYet
from bot.worker.means import Means, record

LONGEST = timedelta(days=7)  # that a job is followed


async def submit(means: Means, due: Due, effect: Submit, leader: Leader) -> None:
    """Submit the job, or tell why none was."""
    incident = await means.incident(due)
    found = retraining(incident, effect.request)
    if found and found.approved and not (found.submitted or found.ended):
        event = await _submitted(means, incident, found, leader)
        await _tell(means, incident, effect.request, event, leader)
    await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)


async def follow(
    means: Means, due: Due, effect: FollowRetraining, leader: Leader
) -> None:
    """Record how the job ended; until then, look again after a while."""
    incident = await means.incident(due)
    found = retraining(incident, effect.request)
    if found and found.submitted and not found.ended:
        event = await _ended(means, incident, found)
        if event is None:
            raise NotYet("the job goes on", means.job_poll)
        await _tell(means, incident, effect.request, event, leader)
    await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)


async def _submitted(
    means: Means, incident: Incident, found: Retraining, leader: Leader
) -> Event:
    request = found.request
    trainer, name, begun = means.trainer, request.submits, found.started
    if trainer is None:
        reason = "this installation has no identity for it (TRAINER_CLIENT_ID)"
        return _not(means, found, f"nothing was submitted: {reason}")
    why = await _begin(means, incident, found, leader)
    try:
        job = await trainer.job(_workspace(incident), name)
        if job is None and begun and means.clock() - begun.at < means.shift_settles:
            raise Unavailable("Azure may not have heard of it yet", means.shift_settles)
        if job is None and why:
            return _not(means, found, f"nothing was submitted: {why}")
        if job is None:
            job = await _send(means, trainer, incident, found)
    except Impossible as error:
        if begun:
            reason = f"whether the job was submitted is not known: {error}"
            return _not(means, found, reason, "not known")
        return _not(means, found, f"nothing was submitted: {error}")
    if (job.labels or {}).get("watchkeeper.request") != request.request:
        return _not(means, found, f"another job has the name {name}", "not known")
    return RetrainingSubmitted(
        at=means.clock(), request=request.request, job=job.name, status=job.status
    )


async def _begin(
    means: Means, incident: Incident, found: Retraining, leader: Leader
) -> str:
    """Record the start unless something speaks against it by now; return what.

    Found started, it is not recorded again; the objections are asked all the same.
    """
    live = await _live(means, incident)
    request, why = found.request.request, ""

    def decide(newest: Incident) -> tuple[Event, ...]:
        nonlocal why
        now, endpoint = means.clock(), means.endpoint(newest)
        why = objection(newest, request, endpoint, means.watch, live, now)
        begun = retraining(newest, request)
        if why or (begun and begun.started):
            return ()
        name = found.request.submits
        return (RetrainingStarted(at=now, request=request, job=name),)

    await record(means, incident.id, decide, leader)
    return why


async def _live(means: Means, incident: Incident) -> EndpointState | None:
    if means.mover is None:
        return None
    try:
        return await means.mover.state(incident.endpoint)
    except Impossible:
        return None  # it is gone, or we may not look: the approver saw what there was


async def _send(
    means: Means, trainer: Trainer, incident: Incident, found: Retraining
) -> Job:
    request = found.request
    tags = labels(incident, request)
    workspace = _workspace(incident)
    return await trainer.submit(workspace, request.job.name, request.submits, tags)


async def _ended(
    means: Means, incident: Incident, found: Retraining
) -> RetrainingEnded | None:
    """Return the end of the job; None as long as it goes on and we follow it."""
    submitted, trainer = found.submitted, means.trainer
    if submitted is None or trainer is None:
        return _not(means, found, "no identity is set to look at the job", "not known")
    late = means.clock() - submitted.at > LONGEST
    try:
        job = await trainer.job(_workspace(incident), submitted.job)
    except (Unavailable, Impossible) as error:
        if isinstance(error, Unavailable) and not late:
            raise
        return _not(means, found, f"the job cannot be looked at: {error}", "not known")
    if job is None:
        return _not(means, found, "Azure knows the job no more", "not known")
    if end := ENDS.get(job.status):
        return _not(means, found, "", end)
    if late:
        words = f"it was {job.status or 'without a status'} after {LONGEST.days} days"
        return _not(means, found, words, "not known")
    return None


def _not(
    means: Means, found: Retraining, reason: str, status: End = "not submitted"
) -> RetrainingEnded:
    request = found.request
    return RetrainingEnded(
        at=means.clock(),
        request=request.request,
        job=request.submits,
        status=status,
        reason=reason,
    )


async def _tell(
    means: Means, incident: Incident, request: str, event: Event, leader: Leader
) -> None:
    """Record it, unless as much is known already."""

    def decide(newest: Incident) -> tuple[Event, ...]:
        known = retraining(newest, request)
        first = known is not None and known.ended is None
        again = isinstance(event, RetrainingSubmitted) and known and known.submitted
        return (event,) if first and not again else ()

    await record(means, incident.id, decide, leader)


def _workspace(incident: Incident) -> str:
    return incident.endpoint.rsplit("/onlineendpoints/", 1)[0]
