"""An approved rollback on its way: who approved it, and what is being moved."""

from cards import buttons, figures, rollback, situation
from cards.elements import band, facts, paragraph, title
from cards.frame import card, line
from cards.view import Rendered, View
from cards.words import identifier, person


def render(view: View) -> Rendered:
    request = view.incident.request
    if request is None:
        msg = f"{view.incident.id} has no rollback request"
        raise ValueError(msg)
    name, target = identifier(view.endpoint.name), rollback.destination(request)
    undoing = f"Undoing {identifier(request.undoes)}: " if request.undoes else ""
    words = f"{undoing}Moving {name} back to {target}"
    given = [(person(view.name(a.by)), a.at) for a in view.incident.approvals]
    body = [
        band("Working", "accent", rollback.middle(view), view.incident.id),
        title(words),
        rollback.subtitle(view, request),
        paragraph(
            "The rollback is approved. Azure is moving the traffic and the endpoint is"
            " read back afterwards; this takes a few minutes."
        ),
        *situation.notices(view),
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
        summary=line("Approved", words[0].lower() + words[1:], ref),
        text=f"{ref} is approved. {words}.",
        refresh=buttons.refresh(view),
    )
