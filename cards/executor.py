"""What people are told while nobody carries out what they approved."""

from bot.approval.awaited import ExecutorHeard, ExecutorSilent
from bot.approval.retraining import retraining
from bot.incident import Actor, RollbackRequested
from cards.view import View
from cards.words import identifier, person


def words(view: View, event: ExecutorSilent) -> str:
    """Return what is so, what was not changed, and who can do what about it."""
    begun, by, until = _request(view, event.request)
    job = retraining(view.incident, event.request)
    start = 'Whoever runs Watchkeeper has to start "watchkeeper execute"'
    if job and job.submitted:
        return (
            f"{silence(event)}: how its job goes is not read meanwhile. Look at it in "
            f"Azure ML. {start}."
        )
    if begun:
        return (
            f"{silence(event)}, and it had begun: whether Azure heard of it is not known. "
            f"Look at it in Azure ML. {start}; it reads what is there and sends nothing "
            "twice."
        )
    who = person(view.name(by)) if by else "Who asked"
    return (
        f"{silence(event)}: nothing was changed yet. {start}, until {until} UTC; "
        f"{who} can withdraw {identifier(event.request)}."
    )


def silence(event: ExecutorSilent | None) -> str:
    """Return since when none reports: "No executor has reported since …"; None: ""."""
    if event is None:
        return ""
    if event.since is None:
        return "No executor has ever reported"
    return f"No executor has reported since {event.since:%Y-%m-%d %H:%M} UTC"


def line(view: View, event: ExecutorSilent | ExecutorHeard) -> str:
    """Return what the thread is told."""
    ref = identifier(event.request)
    if isinstance(event, ExecutorHeard):
        return f"An executor reports again; it goes on with {ref}."
    return f"{ref} waits. {words(view, event)}"


def _request(view: View, request: str) -> tuple[bool, Actor | None, str]:
    """Return whether it had begun, who asked for it, and until when it holds."""
    incident = view.incident
    if found := retraining(incident, request):
        asked = found.request
        return found.started is not None, asked.by, f"{asked.expires_at:%H:%M}"
    every = incident.every(RollbackRequested)
    of = next((r for r in every if r.request == request), None)
    begun = incident.started is not None and incident.started.request == request
    return (
        begun,
        of.by if of else None,
        f"{of.expires_at:%H:%M}" if of else "it expires",
    )
