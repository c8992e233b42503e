"""Compare an endpoint's newest data with its reference, now."""

from bot.commands import Command, Words
from bot.commands.naming import named, unquoted


def _words(rest: str) -> Words:
    endpoint, feature = named(rest)
    return {"endpoint": endpoint, "feature": unquoted(feature)[:200]}


COMMANDS = (
    Command(
        verb="drift",
        usage="drift <endpoint> [feature]",
        does="compares the newest data with the reference, now",
        about="endpoint",
        words=_words,
        card="drift",
        examples=("drift loan-prescreening", "drift loan-prescreening annual_income"),
    ),
)
