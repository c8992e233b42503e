"""Whose an endpoint is, who may do what there, and who is called when."""

from bot.commands import Command, Words
from bot.commands.reading import first_word


def _words(rest: str) -> Words:
    return {"endpoint": first_word(rest)[0]}


COMMANDS = (
    Command(
        verb="owner",
        usage="owner <endpoint>",
        does="says whose it is, who can approve, and who is called when",
        about="endpoint",
        words=_words,
        card="owner",
        examples=("owner loan-prescreening",),
    ),
)
