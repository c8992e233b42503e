"""An alert that nobody took in time: who was called by now, and the next step."""

from datetime import timedelta

from microsoft_teams.cards import CardElement

from cards import buttons, figures, findings, situation
from cards.care import CIRCLES, names
from cards.elements import box, paragraph
from cards.view import Rendered, View
from cards.words import person


def render(view: View) -> Rendered:
    called, incident = view.incident.escalation, view.incident
    lines: list[CardElement] = [paragraph(situation.sentence(view))]
    if called is not None:
        since = incident.history[called.since - 1].at
        lines.append(box("attention", _words(called.at - since, called.names)))
    rows = [
        ("Owner", person(view.owner.name)),
        ("Fired", figures.when(findings.fired_at(incident))),
    ]
    if called is not None:
        rows.append(("Called", f"{CIRCLES[called.to]}, {figures.when(called.at)}"))
    return situation.alert_card(
        view,
        state="Escalated",
        style="attention",
        lines=lines,
        rows=[*rows, *situation.conditions(view), *situation.basis(view)],
        actions=[
            buttons.acknowledge(view),
            buttons.evidence(view),
            buttons.rollback(view),
            buttons.snooze(view),
            buttons.studio(view),
        ],
    )


def _words(waited: timedelta, called: tuple[str, ...]) -> str:
    return f"Nobody acknowledged it in {figures.duration(waited)}. Called: {names(called)}."
