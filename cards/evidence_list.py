"""What evidence there is of a model or an endpoint, for a while: one line an incident."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from microsoft_teams.cards import Action, OpenUrlAction

from cards import figures, findings
from cards.elements import Head, Words, band, paragraph, runs, said, table, title
from cards.frame import card
from cards.view import Rendered, View

_SHOWN = 12
_VERDICTS = {"breached": "confirmed", "not breached": "not confirmed"}


def render(
    views: Sequence[View],
    wanted: str,
    period: tuple[datetime, datetime],
    now: datetime,
    pack: str = "",
) -> Rendered:
    """Return the list, the newest first; `wanted` is the word that was asked for.

    `period` is from, and up to and without. `pack` is where the whole of it can be read
    and fetched, with its proofs.
    """
    number = figures.count(len(views), "incident") if views else "No incident"
    words = f"{number} {_when(*period, now)}"
    rows = [_row(v) for v in views[:_SHOWN]]
    heads = (
        Head("Id", "60px"),
        Head("What was found"),
        Head("Fired", "76px", right=True),
    )
    rest = len(views) - len(rows)
    more = f"{rest} more; ask for a shorter period." if rest else ""
    about = runs("Model or endpoint: ", said(wanted, 60))
    how = "Ask for one by its id, for example: evidence 42"
    return card(
        [
            band("Evidence", "accent", "", figures.day(now)),
            title(words),
            paragraph(about, subtle=True, spacing="None"),
            *(
                [table(heads, rows), paragraph(how, subtle=True, small=True)]
                if rows
                else []
            ),
            *([paragraph(more, subtle=True)] if more else []),
        ],
        [
            *([OpenUrlAction(title="Model pack", url=pack)] if pack else []),
            *_links(views[:3]),
        ],
        summary=words,
    )


def _when(start: datetime, end: datetime, now: datetime) -> str:
    """Return the period in words, with the year where it is another one."""
    last = end - timedelta(microseconds=1)
    years = f" {start.year}", f" {last.year}"
    if end >= now:
        return f"since {figures.day(start)}{years[0] * (start.year != now.year)}"
    between = years[0] * (start.year != last.year)
    return f"from {figures.day(start)}{between} to {figures.day(last)}{years[1]}"


def _row(view: View) -> tuple[Words, Words, Words]:
    ours = findings.report(view.incident)
    verdict = f", {_VERDICTS.get(ours.verdict, 'not known')}" if ours else ""
    kind = findings.kind_word(view.incident)
    what = f"{kind}{verdict}; {view.incident.status}"
    return view.incident.id, what, figures.day(findings.fired_at(view.incident))


def _links(views: Sequence[View]) -> list[Action]:
    found = {v.incident.id: v.links.evidence(v.incident.id) for v in views}
    return [
        OpenUrlAction(title=f"Page of {key}", url=url)
        for key, url in found.items()
        if url
    ]
