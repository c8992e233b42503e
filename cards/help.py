"""What a person can ask for: each command with what it does."""

from collections.abc import Iterator, Sequence

from microsoft_teams.cards import CardElement

from cards.elements import box, heading, paragraph, runs, said, title
from cards.frame import card
from cards.view import Rendered
from cards.words import clean


def render(rows: Sequence[tuple[str, str]], note: str = "") -> Rendered:
    """Return the help; a row is the usage and what it does. `note` stands below."""
    names = ", ".join(dict.fromkeys(usage.split(" ", 1)[0] for usage, _ in rows))
    lines = list(_lines(rows))
    return card(
        [
            title("What you can ask"),
            paragraph(
                "Mention me in this channel, or use the buttons on an alert. "
                "For examples, add a command: help snooze.",
                subtle=True,
                spacing="None",
            ),
            *lines,
            *([box("emphasis", runs(said(note, 300)))] if note else []),
        ],
        [],
        summary=f"Commands: {clean(names, 80)}",
        spare=lines[::-1],
        wide=False,
    )


def one(
    usage: str, does: str, examples: Sequence[str], roles: Sequence[str]
) -> Rendered:
    """Return the help on one command; `roles` () means that everybody may."""
    who = f"Who may: {', '.join(roles)}." if roles else "Everybody may."
    lines = [paragraph(runs(said(e, 120)), spacing="None") for e in examples[:5]]
    return card(
        [
            title(usage.partition(" ")[0].capitalize()),
            paragraph(runs(said(usage, 160, bold=True))),
            paragraph(runs(said(does, 200)), spacing="None"),
            paragraph(who, subtle=True, spacing="None"),
            *([heading("For example")] if lines else []),
            *lines,
        ],
        [],
        summary=f"Help: {clean(usage, 80)}",
        wide=False,
    )


def _lines(rows: Sequence[tuple[str, str]]) -> Iterator[CardElement]:
    for usage, does in rows[:30]:
        yield paragraph(runs(said(usage, 100, bold=True)), spacing="Medium")
        yield paragraph(runs(said(does, 160)), subtle=True, spacing="None")
