"""How an endpoint stands now: traffic, health, what is open."""

from bot.commands import Command, Words
from bot.commands.naming import named


def _words(rest: str) -> Words:
    return {"endpoint": named(rest)[0]}


COMMANDS = (
    Command(
        verb="status",
        usage="status <endpoint>",
        does="shows traffic, health and what is open",
        about="endpoint",
        words=_words,
        card="status",
        examples=("status loan-prescreening", "status 42"),
    ),
)
