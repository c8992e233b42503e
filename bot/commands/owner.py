"""Whose an endpoint is, who may do what there, and who is called when."""

from bot.commands import Command, Words
from bot.commands.naming import named


def _words(rest: str) -> Words:
    return {"endpoint": named(rest)[0]}


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
