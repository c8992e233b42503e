"""Teams: the Chat port and POST /api/messages on botbuilder. Nobody else imports it."""

from bot.teams.account import Account
from bot.teams.credentials import managed_identity
from bot.teams.setup import Teams, connect

__all__ = ["Account", "Teams", "connect", "managed_identity"]
