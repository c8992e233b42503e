"""What is open now, everywhere or on one endpoint."""

from bot.commands import Command, Words
from bot.commands.naming import named

_ALL = frozenset({"open", "all", "now", "here"})  # "alerts open"


def _words(rest: str) -> Words:
    endpoint = named(rest)[0]
    return {"endpoint": "" if endpoint.lower() in _ALL else endpoint}


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
