"""Who can reach an endpoint and its evidence, and who did: the access review."""

from bot.commands import Command, Words
from bot.commands.naming import first_word


def _words(rest: str) -> Words:
    return {"endpoint": first_word(rest)[0]}


COMMANDS = (
    Command(
        verb="access",
        usage="access <endpoint>",
        does="lists who can reach it in Azure, and who read its evidence",
        about="endpoint",
        roles=frozenset({"owner", "approver", "risk"}),
        words=_words,
        card="access",
        examples=("access loan-prescreening",),
    ),
)
