"""The evidence page's part about training a model again: who wanted what, and its end."""

from collections.abc import Iterator
from html import escape

from bot.approval.retraining import RetrainingRequested, labels, retraining
from bot.incident import Incident


def retrainings(incident: Incident) -> Iterator[str]:
    """Yield a section for each request, decided or not."""
    for request in incident.every(RetrainingRequested):
        yield f"<h2>Retraining {escape(request.request)}</h2><dl>"
        yield from (f"<dt>{name}<dd>{escape(text)}" for name, text in _rows(request))
        for name, text in labels(incident, request).items():
            yield f"<dt>Tag<dd>{escape(name)}: {escape(text)}"
        yield from (f"<dt>{n}<dd>{escape(t)}" for n, t in _said(incident, request))
        yield "</dl>"


def _rows(request: RetrainingRequested) -> Iterator[tuple[str, str]]:
    job = request.job
    yield "Reason", request.reason
    yield "Model", f"{request.model} in {request.deployment}"
    yield "Runs again", job.name
    yield "On", "; ".join(job.inputs) or "no inputs named"
    yield "With", f"{job.environment or 'not named'}, {job.compute or 'not named'}"
    yield "Captured", f"{request.captured.at:%Y-%m-%d %H:%M:%S} UTC, {_digest(request)}"


def _digest(request: RetrainingRequested) -> str:
    return request.captured.digest or "no digest"


def _said(
    incident: Incident, request: RetrainingRequested
) -> Iterator[tuple[str, str]]:
    found = retraining(incident, request.request)
    if found is None:
        return
    for given in found.approvals:
        who = given.person or given.by.name
        yield "Approved", f"{who}, {given.at:%Y-%m-%d %H:%M:%S} UTC"
    if found.refused:
        kind = type(found.refused).__name__.removeprefix("Retraining").lower()
        yield "Ended", f"{kind}: {found.refused.reason or 'nobody decided in time'}"
    if found.submitted:
        yield (
            "Submitted as",
            f"{found.submitted.job}, {found.submitted.at:%H:%M:%S} UTC",
        )
    if found.ended:
        why = f": {found.ended.reason}" if found.ended.reason else ""
        yield "Ended", f"{found.ended.status}{why}, {found.ended.at:%H:%M:%S} UTC"
