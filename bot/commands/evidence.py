"""What was seen when the alert came; or all that a model's alerts rest on, for a while."""

from bot.commands import Command, Words
from bot.commands.naming import named, unquoted


def _words(rest: str) -> Words:
    what, period = named(rest)
    return {"incident": what, "period": unquoted(period)[:40]}


COMMANDS = (
    Command(
        verb="evidence",
        usage="evidence <incident | model> [period]",
        does="shows what was measured, over which data, and where it is kept",
        about="incident or nothing",
        words=_words,
        card="evidence",
        listed="evidence_list",
        examples=(
            "evidence 42",
            "evidence loan-prescreening 30d",
            "evidence loan-prescreening 2026-Q3",
        ),
    ),
)
