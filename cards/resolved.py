"""An incident that is over: how long it took, what was done, how it stands now."""

from dataclasses import replace

from microsoft_teams.cards import CardElement

from bot.incident import DecisionRecorded, TrafficShifted
from cards import (
    buttons,
    care,
    closed,
    figures,
    findings,
    measures,
    progress,
    rollback,
    situation,
)
from cards.elements import (
    Rows,
    Style,
    Tile,
    Words,
    band,
    box,
    facts,
    missing,
    paragraph,
    quoted,
    runs,
    tiles,
    title,
)
from cards.frame import card, line
from cards.view import Rendered, View
from cards.words import identifier, person


def render(view: View) -> Rendered:
    if not view.incident.alerts:
        return closed.render(view)
    incident, name = view.incident, identifier(view.endpoint.name)
    fired, ended = findings.fired_at(incident), findings.resolved_at(incident)
    took = figures.duration(ended - fired)
    kind = findings.kind_word(incident)
    words = f"{kind} on {name} is resolved"
    gaps = missing(list(findings.missing(incident).items())[:2])
    undecided = incident.status == "undecided"
    state = "Decision needed" if undecided else "Resolved"
    style: Style = "warning" if undecided else "good"
    # the title names the kind; a phone's line holds no more beside this state
    short = f"Sev {incident.severity}" if undecided else situation.middle(view)
    told = "Decision needed" if undecided else f"Resolved after {took}"
    body = [
        band(state, style, short, incident.id),
        title(words),
        situation.subtitle(view),
        paragraph(_sentence(view, took)),
        *_record(view),
        *progress.notices(view),
        *situation.verdict_box(view),
        *_figures(view),
        *gaps,
        *facts(_rows(view)),
    ]
    return card(
        body,
        [
            *([buttons.decide(view)] if undecided else []),
            buttons.evidence(view),
            *buttons.page(view),
            buttons.studio(view),
        ],
        summary=line(told, f"{kind} on {name}", incident.id),
        text=f"Resolved after {took}: {kind} on {name}, at {figures.utc(ended)}.",
        spare=gaps,
    )


def _record(view: View) -> list[CardElement]:
    """Return the decision on record, or that one is needed before this can close."""
    found = view.incident.last(DecisionRecorded)
    if found:
        who, until = person(view.name(found.by)), figures.when(found.expires_at)
        made = care.decision(found.choice)
        words = runs(f"{who} decided: {made}. ", quoted(found.reason, 300))
        return [box("accent", words, f"It holds until {until}.")]
    if view.incident.status == "undecided":
        words = runs("This endpoint is of tier 1: a decision on record closes it.")
        return [box("warning", words)]
    return []


def _sentence(view: View, took: str) -> str:
    """Return what ended it, and no more: Azure resolves, the cause may be another."""
    outcome = view.incident.outcome
    moved = isinstance(outcome, TrafficShifted)
    before = " Traffic had been rolled back before that." if moved else ""
    return f"Azure resolved the alert {took} after it fired.{before}"


def _figures(view: View) -> list[CardElement]:
    """Return two key figures and how long it took; old figures say that they are."""
    shown, seen = measures.tiles(view)[:2], findings.evaluated(view.incident)
    if not shown or seen is None or seen >= findings.resolved_at(view.incident):
        return tiles([*shown, _open_for(view)])
    was = [replace(tile, color="Default") for tile in shown]
    words = f"As measured {figures.utc(seen)}, before it ended."
    note = paragraph(words, subtle=True, small=True, spacing="Small")
    return [*tiles([*was, _open_for(view)]), note]


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
