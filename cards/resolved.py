"""An incident that is over: how long it took, what was done, how it stands now."""

from bot.incident import TrafficShifted
from cards import buttons, figures, findings, measures, rollback, situation
from cards.elements import (
    Rows,
    Tile,
    Words,
    band,
    facts,
    missing,
    paragraph,
    tiles,
    title,
)
from cards.frame import card, line
from cards.view import Rendered, View
from cards.words import identifier, person


def render(view: View) -> Rendered:
    incident, name = view.incident, identifier(view.endpoint.name)
    fired, ended = findings.fired_at(incident), findings.resolved_at(incident)
    took = figures.duration(ended - fired)
    kind = findings.kind_word(incident)
    words = f"{kind} on {name} is resolved"
    gaps = missing(list(findings.missing(incident).items())[:2])
    body = [
        band("Resolved", "good", situation.middle(view), incident.id),
        title(words),
        situation.subtitle(view),
        paragraph(_sentence(view, took)),
        *situation.verdict_box(view),
        *tiles([*measures.tiles(view)[:2], _open_for(view)]),
        *gaps,
        *facts(_rows(view)),
    ]
    return card(
        body,
        [buttons.evidence(view), *buttons.page(view), buttons.studio(view)],
        summary=line(f"Resolved after {took}", f"{kind} on {name}", incident.id),
        text=f"Resolved after {took}: {kind} on {name}, at {figures.utc(ended)}.",
        spare=gaps,
    )


def _sentence(view: View, took: str) -> str:
    """Return what ended it, and no more: Azure resolves, the cause may be another."""
    outcome = view.incident.outcome
    moved = isinstance(outcome, TrafficShifted)
    before = " Traffic had been rolled back before that." if moved else ""
    return f"Azure resolved the alert {took} after it fired.{before}"


def _open_for(view: View) -> Tile:
    incident = view.incident
    fired, ended = findings.fired_at(incident), findings.resolved_at(incident)
    hours = (ended - fired).total_seconds() / 3600
    shown = f"{hours:.1f} h" if 1 <= hours < 1000 else figures.duration(ended - fired)  # noqa: PLR2004
    taken = incident.acknowledgement
    note = f"ack {figures.duration(taken.at - fired)}" if taken else "no ack"
    return Tile("Open for", shown if len(shown) <= 7 else shown.split(" s")[0], note)  # noqa: PLR2004


def _rows(view: View) -> Rows:
    incident = view.incident
    rows: list[tuple[Words, Words]] = [
        ("Owner", person(view.owner.name)),
        ("Fired", figures.when(findings.fired_at(incident))),
    ]
    if taken := incident.acknowledgement:
        who = person(view.name(taken.by))
        rows.append(("Acknowledged", f"{who}, {figures.when(taken.at)}"))
    outcome = incident.outcome
    if outcome:
        state = rollback.ending(incident.request, outcome)
        ref = identifier(outcome.request)
        rows.append((state, f"{figures.when(outcome.at)}, {ref}"))
    rows.append(("Resolved", figures.when(findings.resolved_at(incident))))
    rows.extend(situation.basis(view))
    return rows
