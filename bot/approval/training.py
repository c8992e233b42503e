"""From the decision to train again to a request, and whether it may be carried out. Pure.

What bot.approval.proposal is for traffic, this is for the model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.approval.agreement import unagreed, untimely
from bot.approval.proposal import busiest
from bot.approval.retraining import (
    Job,
    RetrainingImpossible,
    RetrainingRequested,
    retraining,
)
from bot.incident import (
    Check,
    DecisionRecorded,
    Deployment,
    EndpointState,
    Incident,
    SignalsEvaluated,
)
from bot.watch import Endpoint, WatchList


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was looked at before anybody is asked."""

    state: EndpointState
    job: Job
    others: tuple[Incident, ...] = ()  # the endpoint's other incidents


def propose_retraining(
    incident: Incident,
    decided: int,
    endpoint: Endpoint,
    seen: Seen,
    *,
    request: str,
    now: datetime,
) -> RetrainingRequested | RetrainingImpossible:
    """Return the request that the decision with seq `decided` leads to, or why none."""
    record = incident.history[decided - 1]
    if not isinstance(record, DecisionRecorded):
        raise LookupError(decided)  # noqa: TRY004 the number is wrong, not a type
    if why := under_way(incident, *seen.others):
        return RetrainingImpossible(at=now, decided=decided, reason=why)
    name = _deployment(incident, seen.state)
    concerned = _find(seen.state, name)
    if concerned is None:
        reason = "no deployment serves, so there is no model to replace"
        return RetrainingImpossible(at=now, decided=decided, reason=reason)
    return RetrainingRequested(
        at=now,
        by=record.by,
        request=request,
        reason=record.reason,
        decided=decided,
        job=seen.job,
        deployment=concerned.name,
        model=concerned.model,
        thresholds=tuple(thresholds(endpoint)),
        captured=seen.state,
        checks=tuple(_checks(incident, seen)),
        expires_at=now + timedelta(minutes=endpoint.approval.valid_minutes),
        approvals_needed=endpoint.approval.count,
    )


def under_way(*incidents: Incident) -> str:
    """Return which request for a retraining is open already, "" when none is."""
    for each in incidents:
        found = retraining(each)
        if found and found.open:
            what = "is under way" if found.approved else "already waits for approval"
            return f"{found.request.request} on {each.id} {what}"
    return ""


def thresholds(endpoint: Endpoint) -> Iterator[str]:
    """Yield the limits that the endpoint is watched by: "JensenShannonDistance 0.1"."""
    for rule in endpoint.signals:
        yield f"{rule.metric} {rule.threshold:g}"
    if endpoint.latency_p95_ms is not None:
        yield f"P95 latency {endpoint.latency_p95_ms:g} ms"
    if endpoint.availability is not None:
        yield f"availability {endpoint.availability:g}"


def _deployment(incident: Incident, state: EndpointState) -> str:
    """Return the deployment that the alert is about, else the one that serves most."""
    there = {d.name for d in state.deployments}
    named = (a.deployment for a in incident.alerts if a.deployment in there)
    return next(named, "") or busiest(state.traffic)


def _checks(incident: Incident, seen: Seen) -> Iterator[Check]:
    status = seen.job.status
    text = f"{seen.job.name} ended as {status or 'not known'} when it last ran"
    good = "passed" if status == "Completed" else "failed" if status else "not known"
    yield Check(name="job", result=good, text=text)  # type: ignore[arg-type]
    found = incident.last(SignalsEvaluated)
    report = found.report if found else None
    if report is None:
        text = "the signals were not computed for this incident"
        yield Check(name="signals", result="not known", text=text)
        return
    text = f"the signals say: {report.verdict}"
    breached = report.verdict == "breached"
    yield Check(name="signals", result="passed" if breached else "failed", text=text)


def replaced(request: RetrainingRequested, live: EndpointState) -> str:
    """Return how the model that was to be trained again is no longer the one there."""
    now = _find(live, request.deployment)
    if now is None:
        return f"the deployment {request.deployment} does not exist any more"
    if now.model != request.model:
        return f"{request.deployment} runs {now.model or 'another model'} by now"
    return ""


def _find(state: EndpointState, name: str) -> Deployment | None:
    found = (d for d in state.deployments if d.name.lower() == name.lower())
    return next(found, None)


def objection(
    incident: Incident,
    request: str,
    endpoint: Endpoint,
    watch: WatchList,
    live: EndpointState | None,
    now: datetime,
) -> str:
    """Return why the job must not be submitted now; "" when it may.

    As for a rollback, the executor asks this itself. A lock does not stand in the way:
    training changes nothing on the endpoint.
    """
    found = retraining(incident, request)
    if found is None or not found.approved:
        return "it is not approved"
    if found.ended:
        return f"{request} was carried out before"
    if why := untimely(incident, found.request, now):
        return why
    if why := unagreed(found.request, found.approvals, endpoint, watch):
        return why
    if endpoint.retraining is None or endpoint.retraining.job != found.request.job.name:
        return f"the watch list no longer names {found.request.job.name}"
    return replaced(found.request, live) if live else ""
