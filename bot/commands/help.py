"""What one can ask for."""

from bot.commands import Command

COMMANDS = (
    Command(
        verb="help",
        usage="help",
        does="says what you can ask for",
        card="help",
        guests=True,
    ),
)
