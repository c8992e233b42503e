"""One line for the thread: an edit of the card notifies nobody."""

from bot.incident import (
    Acknowledged,
    DecisionExpired,
    DecisionRecorded,
    Event,
    RollbackApproved,
    RollbackExpired,
    RollbackImpossible,
    RollbackRejected,
    RollbackRequested,
    RollbackStale,
    ShiftFailed,
    Traffic,
    TrafficShifted,
)
from bot.oversight import OutcomeWatched
from cards import progress
from cards.rollback import ending
from cards.view import View
from cards.words import clean, identifier, person


def line(view: View, event: Event) -> str:  # noqa: C901, PLR0911, PLR0912 a line a kind
    """Return what the thread is told of `event`, in plain text."""
    name = identifier(view.endpoint.name)
    who = person(view.name(event.by)) if event.by else "Watchkeeper"
    match event:
        case Acknowledged():
            note = f": {clean(event.note, 200)}" if event.note else "."
            return f"{who} acknowledged {view.incident.id}{note}"
        case RollbackRequested():
            able = ", ".join(person(n) for n in view.approvers[:5]) or "nobody"
            return (
                f"{who} asks to move {name} to {identifier(event.target)} "
                f"({event.request}): {clean(event.reason, 200)} "
                f"Who can approve until {event.expires_at:%H:%M} UTC: {able}."
            )
        case RollbackImpossible():
            return f"No rollback of {name}: {_clause(event.reason)}."
        case RollbackApproved():
            return (
                f"{who} approved {event.request}; the traffic of {name} is moved now."
            )
        case RollbackRejected(withdrawn=True):
            return f"{who} withdrew {event.request}: {clean(event.reason, 200)}"
        case RollbackRejected():
            return f"{who} rejected {event.request}: {clean(event.reason, 200)}"
        case RollbackExpired():
            return f"{event.request} expired; nobody decided. Nothing was changed."
        case RollbackStale():
            return (
                f"{event.request} was not approved: {_clause(event.reason)}. "
                "Nothing was changed; ask again."
            )
        case OutcomeWatched():
            return _watched(name, event)
        case DecisionRecorded():
            return (
                f"{who} decided on {view.incident.id}: {event.choice}, until "
                f"{event.expires_at:%Y-%m-%d}. {clean(event.reason, 200)}"
            )
        case DecisionExpired():
            return (
                f"The decision on {view.incident.id} holds no longer. Record one anew: "
                f"decide {view.incident.id} …"
            )
        case TrafficShifted():
            return (
                f"Rolled back: {name} now serves {_shares(event.after)}, "
                f"read back from Azure at {event.at:%H:%M} UTC ({event.request})."
            )
        case ShiftFailed():
            live = _shares(event.live) if event.live else "not known"
            asked = view.incident.every(RollbackRequested)
            request = next((r for r in asked if r.request == event.request), None)
            return (
                f"{ending(request, event)} ({event.request}): {_clause(event.reason)}. "
                f"Traffic now: {live}."
            )
    return progress.line(view, event) or f"{view.incident.id} was updated."


def left_open(view: View) -> str:
    """Return what the thread is told when only a decision is missing to the end."""
    key = view.incident.id
    return (
        f"{key} is over, and stays open until its owner or risk staff record what they "
        f"make of it: decide {key} …"
    )


def _watched(name: str, event: OutcomeWatched) -> str:
    if event.worse:
        what = clean("; ".join(event.worse), 300)
        return f"After {event.request}, {name} serves worse: {what}. It can be undone."
    if event.unknown:
        return f"After {event.request}, it is not known how {name} serves."
    return f"After {event.request}, {name} serves no worse than before."


def _clause(reason: str) -> str:
    return clean(reason, 300).rstrip(".")


def _shares(traffic: Traffic) -> str:
    return ", ".join(f"{identifier(d)} {p}%" for d, p in traffic.items())
