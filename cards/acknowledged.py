"""An alert that a person has taken: who, since when, and what is still open."""

from cards import buttons, figures, findings, situation
from cards.elements import paragraph, quoted, runs
from cards.view import Rendered, View
from cards.words import person


def render(view: View) -> Rendered:
    taken = view.incident.acknowledgement
    fired = findings.fired_at(view.incident)
    lines = [paragraph(situation.sentence(view))]
    rows = list(situation.basis(view))
    if taken is not None:
        who = person(view.name(taken.by))
        after = figures.duration(taken.at - fired)
        note = (" ", quoted(taken.note)) if taken.note else ()
        lines.append(paragraph(runs(f"{who} is looking into it.", *note)))
        rows.insert(
            0, ("Acknowledged", f"{figures.when(taken.at)}, {after} after firing")
        )
    return situation.alert_card(
        view,
        state="Acknowledged",
        style="warning",
        lines=lines,
        rows=[
            ("Owner", person(view.owner.name)),
            ("Fired", figures.when(fired)),
            *situation.conditions(view),
            *rows,
        ],
        actions=[
            buttons.evidence(view),
            buttons.rollback(view),
            buttons.snooze(view),
            buttons.assign(view),
            buttons.studio(view),
        ],
    )
