"""A second copy of an incident's card, found by a click on it: it acts no more."""

from cards import buttons, situation
from cards.elements import band, paragraph, title
from cards.frame import card, line
from cards.view import Rendered, View
from cards.words import identifier


def render(view: View) -> Rendered:
    """Return what takes the place of the copy."""
    name = identifier(view.endpoint.name)
    words = f"Another card of {view.incident.id} is the current one"
    return card(
        [
            band("Superseded", "emphasis", situation.middle(view), view.incident.id),
            title(words),
            paragraph(
                f"This card on {name} was posted twice. Use the other one in this"
                " channel; it holds everything."
            ),
        ],
        buttons.page(view),
        summary=line("Superseded", words, view.incident.id),
        wide=False,
    )
