"""Durable state: what came in, what happened, what must still be done about it."""

from bot.store.codec import Unreadable
from bot.store.engine import CannotOpen
from bot.store.leader import Leader
from bot.store.records import (
    Conflict,
    Delivery,
    Deposed,
    Due,
    Listed,
    Role,
    Unhandled,
)
from bot.store.store import Store
from bot.store.writer import Unwritable

__all__ = [
    "CannotOpen",
    "Conflict",
    "Delivery",
    "Deposed",
    "Due",
    "Leader",
    "Listed",
    "Role",
    "Store",
    "Unhandled",
    "Unreadable",
    "Unwritable",
]
