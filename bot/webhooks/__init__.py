"""The door: POST /api/alerts and /api/events, and how the server behind it is served."""

from bot.webhooks.door import Door, Store, routes
from bot.webhooks.guard import Guard
from bot.webhooks.handshakes import Allowed
from bot.webhooks.short import short

__all__ = ["Allowed", "Door", "Guard", "Store", "routes", "short"]
