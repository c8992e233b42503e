"""What came in and belongs to no watched endpoint: kept, and somebody has to look."""

from collections.abc import Sequence
from datetime import datetime

from cards import figures
from cards.elements import Head, Words, band, paragraph, runs, said, table, title
from cards.frame import card
from cards.view import Rendered

_SHOWN = 12


def render(
    found: Sequence[tuple[datetime, str]], now: datetime, *, more: bool = False
) -> Rendered:
    """Return the list of when and why, newest first; `more`: there are others still."""
    words = f"{figures.count(len(found), 'notice')} without an incident"
    if not found:
        words = "Everything found its incident"
    rows: list[tuple[Words, Words]] = [
        (f"{at:%d %b %H:%M}", runs(said(why, 160))) for at, why in found[:_SHOWN]
    ]
    rest = f"{len(found) - _SHOWN}{' or more' if more else ''} more, older ones."
    return card(
        [
            band("Unresolved", "emphasis", "kept, not shown", figures.day(now)),
            title(words),
            *([table((Head("When, UTC", "100px"), Head("Why")), rows)] if rows else []),
            *([paragraph(rest, subtle=True)] if len(found) > _SHOWN else []),
        ],
        [],
        summary=words,
    )
