"""The open alerts, as a list: what, where, who is on it, since when."""

from collections.abc import Sequence
from datetime import datetime

from microsoft_teams.cards import CardElement, Table

from cards import figures, findings
from cards.elements import Head, Words, band, paragraph, table, title
from cards.frame import card
from cards.view import Rendered, Stage, View
from cards.words import identifier, person

_SHOWN = 15
_STATES: dict[Stage, str] = {
    "firing": "not acknowledged",
    "escalated": "nobody took it in time",
    "snoozed": "snoozed",
    "approval": "approval needed",
    "working": "traffic is being moved",
    "outcome": "rollback ended",
    "retraining": "approval needed",
    "undecided": "over, a decision is needed",
    "resolved": "resolved",
}


def render(views: Sequence[View], now: datetime, endpoint: str = "") -> Rendered:
    """Return the list, the order as given; `endpoint` names the one it is about."""
    where = f" on {identifier(endpoint)}" if endpoint else ""
    words = f"{figures.count(len(views), 'open alert')}{where}"
    if not views:
        words = f"No open alerts{where}"
    rest = len(views) - _SHOWN
    more = f"{rest} more. Ask for one endpoint: alerts <name>" if rest > 0 else ""
    return card(
        [
            band("Alerts", "emphasis", "open now", figures.day(now)),
            title(words),
            *([listing(views, now)] if views else []),
            *([_next(views[0])] if views else []),
            *([paragraph(more.replace("<name>", "and its name"))] if more else []),
        ],
        [],
        summary=words,
    )


def _next(view: View) -> CardElement:
    words = f"To see one, with its figures: show {view.incident.id}"
    return paragraph(words, subtle=True, small=True, spacing="Small")


def listing(views: Sequence[View], now: datetime) -> Table:
    """Return the first of them as a table."""
    return table(
        (Head("Id", "60px"), Head("What"), Head("Since", "76px", right=True)),
        [_row(v, now) for v in views[:_SHOWN]],
    )


def _row(view: View, now: datetime) -> tuple[Words, Words, Words]:
    incident = view.incident
    kind = findings.kind_word(incident)
    name = identifier(view.endpoint.name)
    open_for = figures.duration(now - findings.fired_at(incident))
    return (
        incident.id,
        f"**Sev {incident.severity}** {kind} on {name}, {state(view)}",
        " ".join(open_for.split(" ")[:2]),
    )


def state(view: View) -> str:
    """Return in words who is on it, or what it waits for."""
    taken = view.incident.acknowledgement
    if view.stage == "acknowledged" and taken:
        return person(view.name(taken.by))
    return _STATES.get(view.stage, "acknowledged")
