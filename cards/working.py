"""An approved rollback on its way: who approved it, and what is being moved."""

from bot.approval.awaited import away
from cards import buttons, executor, figures, notices, parked, rollback
from cards.elements import band, facts, paragraph, title
from cards.frame import card, line
from cards.view import Rendered, View
from cards.words import identifier, person

_WORKING = "Working"
_WAITING = "Not begun"


def render(view: View) -> Rendered:
    request = view.incident.request
    if request is None:
        msg = f"{view.incident.id} has no rollback request"
        raise ValueError(msg)
    name, target = identifier(view.endpoint.name), rollback.destination(request)
    state, told = _stand(view)
    undoing = f"Undoing {identifier(request.undoes)}: " if request.undoes else ""
    words = f"{undoing}Moving {name} back to {target}"
    if state == _WAITING:
        words = f"{undoing}Nobody moves {name} back to {target}"
    elif state != _WORKING:
        words = f"{undoing}Whether {name} was moved to {target} is not known yet"
    given = [(person(view.name(a.by)), a.at) for a in view.incident.approvals]
    body = [
        band(
            state,
            "accent" if state == _WORKING else "warning",
            rollback.middle(view),
            view.incident.id,
        ),
        title(words),
        rollback.subtitle(view, request),
        paragraph(told),
        *notices.rollbacks(view),
        *rollback.traffic(request.captured, request.captured.traffic, request.traffic),
        *facts(
            [
                (
                    "Requested",
                    f"{person(view.name(request.by))}, {figures.clock(request.at)}",
                ),
                *(("Approved", f"{who}, {figures.clock(at)}") for who, at in given),
            ]
        ),
    ]
    ref = identifier(request.request)
    return card(
        body,
        [buttons.evidence(view), buttons.studio(view)],
        summary=line(
            "Approved" if state == _WORKING else state,
            words[0].lower() + words[1:],
            ref,
        ),
        text=f"{ref} is approved. {words}.",
        refresh=buttons.refresh(view),
    )


def _stand(view: View) -> tuple[str, str]:
    """Return the state's word and what is true of the move, no more than is known."""
    incident = view.incident
    if any(e.effect == "ShiftTraffic" for e in parked.open_ones(view)):
        return "Not confirmed", (
            "The rollback is approved, and what became of it is not on record. Look at"
            " the endpoint in Azure ML. Nothing else is moved on it before somebody"
            " unlocks it."
        )
    request = incident.request.request if incident.request else ""
    if silent := away(incident, request):
        return "Interrupted" if incident.started else _WAITING, (
            f"The rollback is approved. {executor.words(view, silent)}"
        )
    if incident.interrupted:
        at = figures.clock(incident.interrupted.at)
        return "Interrupted", (
            f"The move was interrupted, as was found at {at}: whether Azure heard of it"
            " is not known. The endpoint is being read until that is clear; nothing is"
            " sent a second time."
        )
    return _WORKING, (
        "The rollback is approved. Azure is moving the traffic and the endpoint is"
        " read back afterwards; this takes a few minutes."
    )
