"""What a rollback would do, asked with --dry-run: nothing is moved or requested."""

from bot.incident import RollbackRequested
from cards import buttons, figures, rollback
from cards.elements import band, box, facts, title
from cards.frame import card, line
from cards.view import Rendered, View
from cards.words import identifier, person


def render(view: View, proposal: RollbackRequested) -> Rendered:
    """Return the preview of a proposal that was not recorded."""
    name, target = identifier(view.endpoint.name), rollback.destination(proposal)
    words = f"{name} would move back to {target}"
    can = ", ".join(person(n) for n in view.approvers[:4]) or "nobody in the watch list"
    return card(
        [
            band("Dry run", "accent", "Nothing is moved", view.incident.id),
            title(words),
            rollback.subtitle(view, proposal),
            *rollback.traffic(
                proposal.captured, proposal.captured.traffic, proposal.traffic
            ),
            *rollback.checks(proposal),
            box(
                "emphasis",
                f"To do it, ask without --dry-run. Who can approve: {can}.",
            ),
            *facts([("Captured", figures.when(proposal.captured.at))]),
        ],
        [buttons.rollback(view), buttons.studio(view)],
        summary=line("Dry run", words, view.incident.id),
    )
