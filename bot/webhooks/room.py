"""How much of unfinished requests is held in memory, over all connections.

A request that came whole is answered soon and is not counted. What comes in pieces may
never end: of that there is a most, and past it the caller who holds the most has to
come again, so that many large bodies cannot crowd out a small alert.
"""

from typing import Protocol

MOST = 8 * 1024 * 1024  # bytes: 32 of the largest alerts that Azure sends, at once
HEAD_MOST = 32 * 1024  # bytes of one head; a token and a proxy's fields take 10 KB
READ_MOST = 16 * 1024  # bytes of one look at a connection: all are looked at in turn


class NoRoom(TimeoutError):
    """Raised in who reads a body that has to be sent again later."""


class Holder(Protocol):
    """A connection. `held`: bytes, kept by the room."""

    held: int

    def let_go(self) -> None:
        """Forget what is held, and tell the caller to come again."""


class Room:
    """What the connections of one server share."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.taken = 0  # bytes
        self._holders: set[Holder] = set()

    def hold(self, holder: Holder, size: int) -> None:
        """Note that `holder` holds `size` bytes now; who holds the most may lose them."""
        self._put(holder, size)
        while self.taken > self._most:
            largest = max(self._holders, key=lambda each: each.held)
            self._put(largest, 0)
            largest.let_go()

    def _put(self, holder: Holder, size: int) -> None:
        self.taken += size - holder.held
        holder.held = size
        (self._holders.add if size else self._holders.discard)(holder)
