"""Settings, from WATCHKEEPER_… variables or the `settings` of watchkeeper.yaml."""

from bot.settings.load import PREFIX, Misconfigured, load, read_watch
from bot.settings.model import Settings
from bot.settings.safe import problems

__all__ = ["PREFIX", "Misconfigured", "Settings", "load", "problems", "read_watch"]
