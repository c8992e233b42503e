"""One message for all incidents of a channel whose own cards would be too many now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from microsoft_teams.cards import Table

from bot.incident import Kind
from cards import figures
from cards.elements import Head, Words, band, paragraph, table, title
from cards.findings import KINDS
from cards.frame import card
from cards.view import Rendered
from cards.words import identifier

_ROWS = 12  # endpoints
_NAMED = 6  # incidents of one endpoint and kind
_ENDED = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An incident without a card of its own."""

    id: str
    severity: int
    kind: Kind
    endpoint: str  # its short name


def render(waiting: Sequence[Waiting], ended: Sequence[str], now: datetime) -> Rendered:
    """Return the message; with nothing `waiting`, the one that closes it.

    `ended` names those that were over before they had a card.
    """
    number = len(waiting)
    words = f"{figures.count(number, 'more incident')} in this channel"
    told = "Their own cards follow, the most severe first."
    if not waiting:
        words, told = "Every open incident has its card", "Nothing waits any more."
    return card(
        [
            band("Waiting", "warning", "too many at once", figures.day(now))
            if waiting
            else band("Finished", "good", "too many at once", figures.day(now)),
            title(words),
            paragraph(told, subtle=True, spacing="None"),
            *([_table(waiting)] if waiting else []),
            *(paragraph(line) for line in _rest(waiting, ended)),
        ],
        [],
        summary=words,
    )


def _table(waiting: Sequence[Waiting]) -> Table:
    heads = (Head("Endpoint", "150px"), Head("Incidents"))
    return table(heads, [_row(name, some) for name, some in _by_endpoint(waiting)])


def _by_endpoint(waiting: Sequence[Waiting]) -> list[tuple[str, list[Waiting]]]:
    """Return the first endpoints with their incidents; the worst hit comes first."""
    ordered = sorted(waiting, key=lambda w: w.endpoint)
    found = [(n, list(some)) for n, some in groupby(ordered, lambda w: w.endpoint)]
    found.sort(key=lambda one: (min(w.severity for w in one[1]), -len(one[1]), one[0]))
    return found[:_ROWS]


def _row(name: str, waiting: Sequence[Waiting]) -> tuple[Words, Words]:
    ordered = sorted(waiting, key=lambda w: (w.severity, KINDS[w.kind]))
    parts = []
    for severity, alike in groupby(ordered, lambda w: w.severity):
        kinds = [
            f"{kind} {_ids([w.id for w in some], _NAMED)}"
            for kind, some in groupby(alike, lambda w: KINDS[w.kind])
        ]
        parts.append(f"**Sev {severity}** {', '.join(kinds)}")
    return identifier(name), "; ".join(parts)


def _ids(ids: Sequence[str], limit: int) -> str:
    more = f" and {len(ids) - limit} more" if len(ids) > limit else ""
    return ", ".join(ids[:limit]) + more


def _rest(waiting: Sequence[Waiting], ended: Sequence[str]) -> list[str]:
    named = {name for name, _ in _by_endpoint(waiting)}
    left = {w.endpoint for w in waiting} - named
    lines = []
    if left:
        some = sum(w.endpoint in left for w in waiting)
        lines.append(
            f"{figures.count(len(left), 'more endpoint')} with "
            f"{figures.count(some, 'incident')}. To see those of one: alerts and its name."
        )
    if ended:
        words = figures.count(len(ended), "incident")
        lines.append(f"{words} ended without a card: {_ids(ended, _ENDED)}")
    return lines
