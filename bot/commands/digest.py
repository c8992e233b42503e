"""The channel's day: what is open, what was decided, how long people needed."""

from bot.commands import Command

COMMANDS = (
    Command(
        verb="digest",
        usage="digest",
        does="sums up the last day of this channel",
        card="digest",
        examples=("digest",),
    ),
)
