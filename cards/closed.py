"""A rollback that a person asked for without an alert, and that came to nothing."""

from cards import buttons, figures, notices, situation
from cards.elements import Rows, band, facts, title
from cards.frame import card, line
from cards.view import Rendered, View
from cards.words import identifier, person


def render(view: View) -> Rendered:
    """Return the card: nothing fired, so nothing was resolved; the request has ended."""
    incident, name = view.incident, identifier(view.endpoint.name)
    request = incident.request
    ref = identifier(request.request) if request else incident.id
    rows: Rows = [("Owner", person(view.owner.name))]
    if request:
        who = person(view.name(request.by))
        rows = [*rows, ("Requested", f"{who}, {figures.when(request.at)}")]
    words, ended = f"nothing was moved on {name}", incident.history[-1].at
    body = [
        band("Ended", "emphasis", situation.middle(view), incident.id),
        title(f"{ref}: {words}"),
        situation.subtitle(view),
        *notices.rollbacks(view),
        *facts([*rows, *situation.basis(view)]),
    ]
    return card(
        body,
        [
            buttons.rollback(view, "Ask again"),
            buttons.evidence(view),
            *buttons.page(view),
            buttons.studio(view),
        ],
        summary=line("Ended", words, ref),
        text=f"Ended: {words}, {figures.utc(ended)}.",
        refresh=buttons.refresh(view),
    )
