"""How far a retraining has come: as a box on the incident's card, and a line each."""

from microsoft_teams.cards import CardElement

from bot.approval.awaited import away
from bot.approval.retraining import (
    Retraining,
    RetrainingApproved,
    RetrainingEnded,
    RetrainingImpossible,
    RetrainingLapsed,
    RetrainingRejected,
    RetrainingRequested,
    RetrainingSubmitted,
    retraining,
)
from bot.incident import Event
from cards import executor, figures
from cards.elements import Style, Words, box, quoted, runs, said
from cards.view import View
from cards.words import clean, identifier, person

_ENDS = {
    "Completed": "is complete. The new model serves nothing until somebody deploys it",
    "Failed": "failed. The model that serves is the one before",
    "Canceled": "was cancelled in Azure ML",
    "not submitted": "did not start",
    "not known": "is out of sight",
}


def notices(view: View) -> list[CardElement]:
    """Return a box about the newest retraining, unless the card itself asks for it."""
    newest = view.incident.last(RetrainingRequested, RetrainingImpossible)
    if isinstance(newest, RetrainingImpossible):
        words = runs("No retraining was requested: ", said(newest.reason, 300))
        return [box("accent", words)]
    found = retraining(view.incident)
    if found is None or view.stage == "retraining":
        return []
    return [box(_style(found), _state(view, found))]


def _style(found: Retraining) -> Style:
    if found.ended and found.ended.status in ("Failed", "not known", "not submitted"):
        return "warning"
    return "accent"


def _state(view: View, found: Retraining) -> Words:
    ref = identifier(found.request.request)
    if found.ended:
        words = f"Retraining {ref} {_ENDS[found.ended.status]}"
        why = found.ended.reason
        return runs(words, *((": ", said(why, 300)) if why else (".",)))
    if isinstance(found.refused, RetrainingRejected):
        who = person(view.name(found.refused.by))
        verb = "withdrawn" if found.refused.withdrawn else "rejected"
        return runs(
            f"Retraining {ref} was {verb} by {who}: ",
            quoted(found.refused.reason, 300),
            " No job was submitted.",
        )
    if found.refused:
        why = found.refused.reason
        late = f"Retraining {ref} expired: nobody decided in time."
        if isinstance(found.refused, RetrainingLapsed) and found.refused.approved:
            late = f"Retraining {ref} expired: approved, and not carried out in time."
        told = (f"Retraining {ref} is out of date: ", said(why, 300), ".")
        return runs(*(told if why else (late,)), " No job was submitted.")
    if found.approved:
        return f"Retraining {ref} is {_carried_out(view, found)}"
    return f"Retraining {ref} waits for approval too: type approve {ref}."


def _carried_out(view: View, found: Retraining) -> str:
    """Return how far an approved one is, and whether anybody is at it."""
    silent = away(view.incident, found.request.request)
    words = "approved"
    if found.submitted:
        since = figures.clock(found.submitted.at)
        words = f"under way since {since}, as job {identifier(found.submitted.job)}"
    if silent:
        return f"{words}. {executor.words(view, silent)}"
    return f"{words}." if found.submitted else f"{words}; its job is being submitted."


def line(view: View, event: Event) -> str:  # noqa: PLR0911 one line a kind
    """Return what the thread is told of a retraining, "" when it is none."""
    name = identifier(view.endpoint.name)
    who = person(view.name(event.by)) if event.by else "Watchkeeper"
    match event:
        case RetrainingImpossible():
            return f"No retraining for {name}: {_clause(event.reason)}."
        case RetrainingRequested():
            able = ", ".join(map(person, view.others_than(event.by)[:5])) or "nobody"
            return (
                f"{who} asks to train {clean(event.model, 80)} of {name} again "
                f"({event.request}): {clean(event.reason, 200)} "
                f"Who can approve until {event.expires_at:%H:%M} UTC: {able}."
            )
        case RetrainingApproved():
            return f"{who} approved {event.request}, a retraining for {name}."
        case RetrainingRejected():
            verb = "withdrew" if event.withdrawn else "rejected"
            return f"{who} {verb} {event.request}: {clean(event.reason, 200)}"
        case RetrainingLapsed(approved=True):
            why = "it was approved, and no executor submitted its job"
            return f"{event.request} expired; {why}."
        case RetrainingLapsed(reason=""):
            return f"{event.request} expired; nobody decided. No job was submitted."
        case RetrainingLapsed():
            return (
                f"{event.request} was not approved: {_clause(event.reason)}. "
                "No job was submitted."
            )
        case RetrainingSubmitted():
            return f"{event.request}: Azure ML runs the job {identifier(event.job)}."
        case RetrainingEnded():
            why = f": {_clause(event.reason)}" if event.reason else ""
            return f"{event.request}: the job {_ENDS[event.status]}{why}."
    return ""


def _clause(reason: str) -> str:
    return clean(reason, 300).rstrip(".")
