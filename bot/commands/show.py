"""One incident as it stands, in a message of its own."""

from bot.commands import Command, Words
from bot.commands.naming import one


def _words(rest: str) -> Words:
    return {"incident": one(rest)[0]}


COMMANDS = (
    Command(
        verb="show",
        usage="show <incident>",
        does="shows an incident as it stands",
        about="incident",
        words=_words,
        card="show",
        examples=("show 42", "show A-42"),
    ),
)
