"""What waits for somebody's approval."""

from bot.commands import Command

COMMANDS = (
    Command(
        verb="approvals",
        usage="approvals",
        does="lists the requests that wait, and who can decide them",
        card="approvals",
        examples=("approvals",),
    ),
)
