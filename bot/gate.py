"""The release gate: may something new be rolled out to this deployment now? Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.incident import Incident, SignalsEvaluated
from bot.oversight import GateAnswered, blocked
from bot.watch import Endpoint


def answer(
    endpoint: Endpoint,
    deployment: str,
    incidents: Sequence[Incident],
    ledger: Incident,
    *,
    number: str,
    now: datetime,
) -> GateAnswered:
    """Return the answer for a pipeline, with every reason against it.

    `incidents` are all of the endpoint that are not over.
    """
    reasons = list(_reasons(endpoint, deployment, incidents))
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


def _reasons(
    endpoint: Endpoint, deployment: str, incidents: Sequence[Incident]
) -> Iterator[str]:
    for incident in incidents:
        if incident.status == "undecided":
            yield f"{incident.id} is over, but no decision on it is on record"
        if incident.quiet or incident.status == "resolved":
            continue
        if incident.waiting:
            yield f"{incident.waiting.request} on {incident.id} waits for approval"
        yield from _alerts(incident, deployment)
        found = incident.last(SignalsEvaluated)
        if found and found.report and found.report.verdict == "breached":
            yield f"the last signals of {incident.id} are over their limits"


def _alerts(incident: Incident, deployment: str) -> Iterator[str]:
    """Yield what fires on the deployment, or on the endpoint as a whole."""
    for alert in incident.alerts:
        concerned = alert.deployment.lower() in ("", deployment.lower())
        if alert.status != "firing" or not concerned:
            continue
        missed = " (its monitor sent no word)" if alert.kind == "silence" else ""
        yield f"{incident.id} is open: {alert.kind}, Sev {alert.severity}{missed}"
