"""The requests that wait for approval, as a list: what, who asked, until when."""

from collections.abc import Sequence
from datetime import datetime

from cards import figures, rollback
from cards.elements import Head, Words, band, paragraph, table, title
from cards.frame import card
from cards.view import Rendered, View
from cards.words import identifier, person

_SHOWN = 12


def render(views: Sequence[View], now: datetime) -> Rendered:
    """Return the list; every view has a request that can still be approved."""
    number = len(views)
    words = f"{figures.count(number, 'request')} to decide" if number else "None waits"
    rows = [row for view in views[:_SHOWN] for row in _row(view)]
    heads = (Head("Id", "60px"), Head("What"), Head("Until", "90px", right=True))
    more = number - _SHOWN
    return card(
        [
            band("Approvals", "emphasis", "open now", figures.day(now)),
            title(words),
            *([table(heads, rows)] if rows else []),
            *([paragraph(f"{more} more.", subtle=True)] if more > 0 else []),
        ],
        [],
        summary=words,
    )


def _row(view: View) -> list[tuple[Words, Words, Words]]:
    request = view.incident.request
    if request is None:
        return []
    name, where = identifier(view.endpoint.name), rollback.destination(request)
    can = ", ".join(person(n) for n in view.approvers[:3]) or "nobody"
    words = f"{name} to {where}, asked by {person(view.name(request.by))}. Can decide: {can}"
    until = f"{request.expires_at:%H:%M} UTC"
    return [(identifier(request.request), words, until)]
