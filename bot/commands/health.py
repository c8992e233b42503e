"""How an endpoint has served in the last while: requests, errors, latency."""

from bot.commands import Command, Words
from bot.commands.naming import named, unquoted


def _words(rest: str) -> Words:
    endpoint, window = named(rest)
    return {"endpoint": endpoint, "window": unquoted(window)[:40]}


COMMANDS = (
    Command(
        verb="health",
        usage="health <endpoint> [window]",
        does="shows requests, errors and latency of the last hour, or longer",
        about="endpoint",
        words=_words,
        card="health",
        examples=("health loan-prescreening", "health loan-prescreening 24h"),
    ),
)
