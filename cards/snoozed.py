"""An alert that sleeps: who put it to sleep, why, and until when."""

from cards import buttons, figures, findings, situation
from cards.elements import paragraph, quoted, runs
from cards.view import Rendered, View
from cards.words import person


def render(view: View) -> Rendered:
    asleep = view.incident.snooze
    fired = findings.fired_at(view.incident)
    lines = [paragraph(situation.sentence(view))]
    rows = [("Owner", person(view.owner.name)), ("Fired", figures.when(fired))]
    if asleep is not None:
        who = person(view.name(asleep.by))
        lines.append(paragraph(runs(f"{who} snoozed it: ", quoted(asleep.reason, 300))))
        rows.append(("Until", figures.when(asleep.until)))
    if taken := view.incident.acknowledgement:
        who = person(view.name(taken.by))
        rows.append(("Acknowledged", f"{who}, {figures.when(taken.at)}"))
    return situation.alert_card(
        view,
        state="Snoozed",
        style="accent",
        lines=lines,
        rows=[*rows, *situation.conditions(view), *situation.basis(view)],
        actions=[
            buttons.wake(view),
            buttons.evidence(view),
            buttons.rollback(view),
            buttons.studio(view),
        ],
    )
