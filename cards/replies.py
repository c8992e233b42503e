"""One line for the thread: an edit of the card notifies nobody."""

from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any, Final

from bot.approval.awaited import ExecutorHeard, ExecutorSilent
from bot.approval.oversight import OutcomeWatched
from bot.approval.preconditions import doubts
from bot.incident import (
    Acknowledged,
    Assigned,
    AzureRefused,
    DecisionExpired,
    DecisionRecorded,
    Escalated,
    Event,
    Noted,
    RollbackApproved,
    RollbackAsked,
    RollbackExpired,
    RollbackImpossible,
    RollbackRejected,
    RollbackRequested,
    RollbackStale,
    ShiftFailed,
    ShiftInterrupted,
    Snoozed,
    SnoozeEnded,
    Traffic,
    TrafficShifted,
    Unacknowledged,
)
from cards import care, executor, figures, progress
from cards.afterwards import compared
from cards.rollback import ending
from cards.view import View
from cards.words import clean, identifier, person, unlinked


def line(view: View, event: Event) -> str:
    """Return what the thread is told of `event`, in plain text."""
    known = _LINES.get(type(event))
    said = known(view, event) if known else progress.line(view, event)
    return unlinked(said or f"{view.incident.id} was updated.")


def _who(view: View, event: Event) -> str:
    return person(view.name(event.by)) if event.by else "Watchkeeper"


def _name(view: View) -> str:
    return identifier(view.endpoint.name)


# -- who has it ---------------------------------------------------------------------------


def _acknowledged(view: View, event: Acknowledged) -> str:
    return f"{_who(view, event)} acknowledged {view.incident.id}{_note(event.note)}"


def _unacknowledged(view: View, event: Unacknowledged) -> str:
    gave = f"{_who(view, event)} gave {view.incident.id} back"
    return f"{gave}; nobody has it now{_note(event.note)}"


def _note(note: str) -> str:
    return f": {clean(note, 200)}" if note else "."


def _assigned(view: View, event: Assigned) -> str:
    to = person(event.person)
    return f"{_who(view, event)} assigned {view.incident.id} to {to}."


def _snoozed(view: View, event: Snoozed) -> str:
    until = figures.utc(event.until)
    return (
        f"{_who(view, event)} snoozed {view.incident.id} until {until}: "
        f"{clean(event.reason, 200)}"
    )


def _woken(view: View, event: SnoozeEnded) -> str:
    key = view.incident.id
    if event.worse:
        return f"{key} got worse, so its snooze has ended."
    return f"The snooze of {key} has ended."


def _escalated(view: View, event: Escalated) -> str:
    waited = event.at - view.incident.history[event.since - 1].at
    return (
        f"Nobody has acknowledged {view.incident.id} on {_name(view)} for "
        f"{figures.duration(waited)}. Called: {care.names(event.names)}."
    )


def _noted(view: View, event: Noted) -> str:
    return f"{_who(view, event)} noted on {view.incident.id}: {clean(event.text, 300)}"


def _refused(view: View, event: AzureRefused) -> str:
    return (
        "The state of alerts cannot be set in Azure, so it stays as it is there: "
        f"{_clause(event.reason)}. This is said once."
    )


# -- rollbacks ----------------------------------------------------------------------------


def _asked(view: View, event: RollbackAsked) -> str:
    reason = clean(event.reason, 200)
    return f"{_who(view, event)} asked for a rollback of {_name(view)}: {reason}"


def _requested(view: View, event: RollbackRequested) -> str:
    able = ", ".join(person(n) for n in view.approvers[:5]) or "nobody"
    return (
        f"{_who(view, event)} asks to move {_name(view)} to {identifier(event.target)} "
        f"({event.request}): {_clause(event.reason)}. "
        f"Who can approve until {event.expires_at:%H:%M} UTC: {able}."
    )


def _impossible(view: View, event: RollbackImpossible) -> str:
    return f"No rollback of {_name(view)}: {_clause(event.reason)}."


def _approved(view: View, event: RollbackApproved) -> str:
    asked = view.incident.every(RollbackRequested)
    request = next((r for r in asked if r.request == event.request), None)
    known = doubts(request) if request else ()
    taken = "; ".join(clean(c.text, 120) for c in known if c.name in event.accepted)
    every = view.incident.every(RollbackApproved)
    earlier = takewhile(lambda e: e != event, every)  # a rehearsed one is not in it
    given = 1 + sum(e.request == event.request for e in earlier)
    needed = request.approvals_needed if request else 1
    follows = f"the traffic of {_name(view)} is moved now."
    if given < needed:  # nothing moves yet
        follows = (
            f"{given} of {needed} approvals; nothing is moved before all are given."
        )
    return f"{_who(view, event)} approved {event.request}; {follows}" + (
        f" Accepted: {taken}." if taken else ""
    )


def _rejected(view: View, event: RollbackRejected) -> str:
    did = "withdrew" if event.withdrawn else "rejected"
    return f"{_who(view, event)} {did} {event.request}: {clean(event.reason, 200)}"


def _expired(view: View, event: RollbackExpired) -> str:
    why = "nobody decided"
    if event.approved:
        why = "it was approved, and no executor carried it out"
    return f"{event.request} expired; {why}. Nothing was changed."


def _stale(view: View, event: RollbackStale) -> str:
    return (
        f"{event.request} was not approved: {_clause(event.reason)}. "
        "Nothing was changed; ask again."
    )


def _watched(view: View, event: OutcomeWatched) -> str:
    name = _name(view)
    if event.moved_on:
        return (
            f"After {event.request}, the traffic of {name} was changed once more, not by "
            f"{event.request}: {clean(event.moved_on, 200)}. There is nothing of "
            f"{event.request} to undo."
        )
    if event.worse:
        what = clean("; ".join(event.worse), 300)
        return f"After {event.request}, {name} serves worse: {what}. It can be undone."
    if event.unknown and not compared(event):
        return f"After {event.request}, it is not known how {name} serves."
    so_far = ", as far as is known" if event.unknown else ""
    return f"After {event.request}, {name} serves no worse than before{so_far}."


def _decided(view: View, event: DecisionRecorded) -> str:
    made = care.decision(event.choice)
    return (
        f"{_who(view, event)} decided on {view.incident.id}: {made}, until "
        f"{event.expires_at:%Y-%m-%d}. {clean(event.reason, 200)}"
    )


def _lapsed(view: View, event: DecisionExpired) -> str:
    key = view.incident.id
    return f"The decision on {key} holds no longer. Record one anew: decide {key} …"


def left_open(view: View) -> str:
    """Return what the thread is told when only a decision is missing to the end."""
    key = view.incident.id
    return (
        f"{key} is over, and stays open until its owner or risk staff record what they "
        f"make of it: decide {key} …"
    )


def _shifted(view: View, event: TrafficShifted) -> str:
    asked = view.incident.every(RollbackRequested)
    request = next((r for r in asked if r.request == event.request), None)
    return (
        f"{ending(request, event)}: {_name(view)} now serves {_shares(event.after)}, "
        f"read back from Azure at {event.at:%H:%M} UTC ({event.request})."
    )


def _failed(view: View, event: ShiftFailed) -> str:
    live = _shares(event.live) if event.live else "not known"
    asked = view.incident.every(RollbackRequested)
    request = next((r for r in asked if r.request == event.request), None)
    return (
        f"{ending(request, event)} ({event.request}): {_clause(event.reason)}. "
        f"Traffic now: {live}."
    )


def _interrupted(view: View, event: ShiftInterrupted) -> str:
    return (
        f"The move of {event.request} was interrupted; whether Azure heard of it is not "
        f"known yet. {_name(view)} is being read until it is; nothing is sent twice."
    )


def _clause(reason: str) -> str:
    return clean(reason, 300).rstrip(".")


def _shares(traffic: Traffic) -> str:
    """Return a split in words, the largest share first; 0 % is not served."""
    split = sorted(
        ((d, p) for d, p in traffic.items() if p), key=lambda s: (-s[1], s[0])
    )
    return ", ".join(f"{identifier(d)} {p}%" for d, p in split) or "nothing"


_LINES: Final[Mapping[type[Event], Callable[[View, Any], str]]] = {
    Acknowledged: _acknowledged,
    Unacknowledged: _unacknowledged,
    Assigned: _assigned,
    Snoozed: _snoozed,
    SnoozeEnded: _woken,
    Escalated: _escalated,
    Noted: _noted,
    AzureRefused: _refused,
    RollbackAsked: _asked,
    RollbackRequested: _requested,
    RollbackImpossible: _impossible,
    RollbackApproved: _approved,
    RollbackRejected: _rejected,
    RollbackExpired: _expired,
    RollbackStale: _stale,
    OutcomeWatched: _watched,
    DecisionRecorded: _decided,
    DecisionExpired: _lapsed,
    TrafficShifted: _shifted,
    ShiftFailed: _failed,
    ShiftInterrupted: _interrupted,
    ExecutorSilent: executor.line,
    ExecutorHeard: executor.line,
}
