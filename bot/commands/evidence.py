"""What was seen when the alert came, and what happened since."""

from bot.commands import Command, Words
from bot.commands.reading import first_word


def _words(rest: str) -> Words:
    return {"incident": first_word(rest)[0]}


COMMANDS = (
    Command(
        verb="evidence",
        usage="evidence <incident>",
        does="shows what was measured, over which data, and where it is kept",
        about="incident",
        words=_words,
        card="evidence",
    ),
)
