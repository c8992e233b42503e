"""Evidence: what was seen, said and done about an incident, for people and programs."""

from bot.evidence.packet import packet
from bot.evidence.page import page

__all__ = ["packet", "page"]
