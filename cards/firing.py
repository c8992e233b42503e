"""An alert that nobody has taken yet: what, where, how bad, and the next step."""

from cards import buttons, figures, findings, situation
from cards.elements import paragraph
from cards.frame import at, mention
from cards.view import Rendered, View


def render(view: View) -> Rendered:
    owner = view.owner
    return situation.alert_card(
        view,
        state="Firing",
        style="attention",
        lines=[paragraph(situation.sentence(view))],
        rows=[
            ("Owner", at(owner.name)),
            ("Fired", figures.when(findings.fired_at(view.incident))),
            *situation.conditions(view),
            *situation.basis(view),
        ],
        actions=[
            buttons.acknowledge(view),
            buttons.evidence(view),
            buttons.rollback(view),
            buttons.snooze(view),
            buttons.studio(view),
        ],
        mentions=[mention(owner.name, owner.accounts[0])],
    )
