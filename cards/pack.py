"""A model over a period, in a few figures: the whole is on the pack's page."""

from collections.abc import Sequence

from microsoft_teams.cards import OpenUrlAction

from cards import figures
from cards.elements import Head, Words, band, facts, paragraph, table, title
from cards.frame import card
from cards.view import Rendered
from cards.words import identifier

_HEADS = (Head("Step"), Head("Median", right=True), Head("Met", right=True))


def render(
    model: str,
    period: str,
    levels: Sequence[tuple[str, str, str]],
    counts: Sequence[tuple[str, int]],
    url: str = "",
) -> Rendered:
    """Return the summary. `levels`: step, median and share met, in words."""
    incidents = dict(counts).get("Incidents", 0)
    words = f"{figures.count(incidents, 'incident')} of {identifier(model)}"
    rows: list[tuple[Words, Words]] = [(name, f"{n:,}") for name, n in counts]
    return card(
        [
            band("Model pack", "accent", period, "evidence"),
            title(words),
            table(_HEADS, levels),
            *facts(rows),
            *([] if url else [paragraph("The page is not reachable.", subtle=True)]),
        ],
        [OpenUrlAction(title="Open the pack", url=url)] if url else [],
        summary=words,
    )
