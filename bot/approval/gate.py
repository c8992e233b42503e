"""The release gate: may something new be rolled out to this deployment now? Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.approval.oversight import GateAnswered, blocked
from bot.approval.proposal import shares, spelled
from bot.incident import EndpointState, Incident, SignalsEvaluated
from bot.triage.inhibition import COLLECTION, DELIVERY, EVENTS, TRAFFIC, silent
from bot.watch import Endpoint

_UNHEARD = {  # by what is silent
    COLLECTION: "whether it drifts is not known: its data is not all collected",
    EVENTS: "whether it drifts is not known: no event of its monitor arrives",
    DELIVERY: "Azure's alerts about it do not reach us",
    TRAFFIC: "nobody asks it anything",
}


def answer(
    endpoint: Endpoint,
    deployment: str,
    incidents: Sequence[Incident],
    ledger: Incident,
    *,
    number: str,
    now: datetime,
    live: Sequence[str] = (),
) -> GateAnswered:
    """Return the answer for a pipeline, with every reason against it.

    `incidents` are all of the endpoint that are not over, or that hold a request;
    `live` is what Azure itself says against it, as `standing` tells.
    """
    reasons = [*live, *_reasons(deployment, incidents, now)]
    if why := blocked(ledger):
        reasons.insert(0, why)
    return GateAnswered(
        at=now,
        number=number,
        deployment=deployment,
        passed=not reasons,
        reasons=tuple(reasons),
        seen=tuple(f"{i.id}/{i.revision}" for i in incidents),
    )


def standing(
    endpoint: Endpoint, deployment: str, state: EndpointState
) -> Iterator[str]:
    """Yield what the live state says against it: a name mistyped, something broken."""
    names = [d.name for d in state.deployments]
    wanted = spelled(deployment, names)
    found = next((d for d in state.deployments if d.name == wanted), None)
    if found is None:
        there = ", ".join(sorted(names)) or "nothing"
        yield f"{deployment} is not deployed on {endpoint.name}; there is {there}"
    elif found.provisioning_state.lower() != "succeeded":
        yield f"the deployment {wanted} is {found.provisioning_state or 'not ready'}"
    if state.provisioning_state.lower() != "succeeded":
        yield f"{endpoint.name} itself is {state.provisioning_state or 'not ready'}"


def _reasons(
    deployment: str, incidents: Sequence[Incident], now: datetime
) -> Iterator[str]:
    for incident in incidents:
        if incident.status == "undecided":
            yield f"{incident.id} is over, but no decision on it is on record"
        yield from _asked(incident, now)
        if incident.quiet or incident.status == "resolved":
            continue
        yield from _alerts(incident, deployment)
        yield from _signals(incident, deployment)


def _signals(incident: Incident, deployment: str) -> Iterator[str]:
    """Yield what the last look found, unless it is of other deployments alone.

    The figures are of all that is served. With every alert on others, a deployment that
    took none of it has no part in them: the mended one must not wait for the broken.
    """
    found = incident.last(SignalsEvaluated)
    over = [r for r in found.reports if r.verdict == "breached"] if found else []
    if found is None or not over:
        return
    named = {a.deployment.lower() for a in incident.alerts if a.status == "firing"}
    others = named and not named & {"", deployment.lower()}
    if (
        others
        and found.state
        and not shares(found.state.traffic).get(deployment.lower())
    ):
        return
    said = " ".join(r.sentence for r in over).rstrip(".")
    why = f"the last signals of {incident.id} are over their limits"
    yield f"{why}: {said}" if said else why


def _asked(incident: Incident, now: datetime) -> Iterator[str]:
    """Yield what people are about to move; a request outlives the alert behind it."""
    request = incident.request
    if request is None or incident.outcome or incident.started:
        return  # what began holds the endpoint, or has come to its end
    if (incident.waiting or incident.approved) and now < request.expires_at:
        what = "waits for approval" if incident.waiting else "is approved"
        yield f"{request.request} on {incident.id} {what}"


def _alerts(incident: Incident, deployment: str) -> Iterator[str]:
    """Yield what fires on the deployment, or on the endpoint as a whole."""
    for alert in incident.alerts:
        concerned = alert.deployment.lower() in ("", deployment.lower())
        if alert.status != "firing" or not concerned:
            continue
        said = f"{incident.id} is open: {alert.kind}, Sev {alert.severity}"
        if alert.kind == "silence":
            said += f" ({_UNHEARD.get(silent(alert), 'its monitor sent no word')})"
        yield said
