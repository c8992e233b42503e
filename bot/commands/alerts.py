"""What is open now, everywhere or on one endpoint."""

from bot.commands import Command, Words
from bot.commands.naming import named


def _words(rest: str) -> Words:
    return {"endpoint": named(rest)[0]}


COMMANDS = (
    Command(
        verb="alerts",
        usage="alerts [endpoint | unresolved]",
        does="lists what is open here",
        words=_words,
        card="alerts",
        examples=("alerts", "alerts loan-prescreening", "alerts unresolved"),
    ),
)
