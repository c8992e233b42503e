"""What one can ask for."""

from bot.commands import Command, Words
from bot.commands.reading import verb_of


def _words(rest: str) -> Words:
    verb = verb_of(rest)
    return {"verb": "" if verb in ("me", "us", "please", "pls") else verb}


COMMANDS = (
    Command(
        verb="help",
        usage="help [command]",
        does="says what you can ask for",
        words=_words,
        card="help",
        guests=True,
        examples=("help", "help snooze"),
    ),
)
