"""How much of unfinished requests is held in memory, over all connections.

A request that came in one piece is answered soon and is not counted. What comes in pieces
may never end: of that there is a most, and past it the caller who sends slowest has to
come again. So those who hold much and send nothing cannot crowd out the others, and of
many who began together the first are let through.
"""

from typing import Protocol

MOST = 8 * 1024 * 1024  # bytes: 32 of the largest alerts that Azure sends, at once
HEAD_MOST = 32 * 1024  # bytes of one head; a token and a proxy's fields take 10 KB
READ_MOST = 16 * 1024  # bytes of one look at a connection: all are looked at in turn
_BEGINNING_S = 0.01


class NoRoom(TimeoutError):
    """Raised in who reads a body that has to be sent again later."""


class Holder(Protocol):
    """A connection. `held`: bytes, `since`: seconds, both kept by the room."""

    held: int
    since: float

    def let_go(self) -> None:
        """Forget what is held, and tell the caller to come again."""


class Room:
    """What the connections of one server share."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.taken = 0  # bytes
        self._holders: set[Holder] = set()

    def hold(
        self, holder: Holder, size: int, now: float, *, whole: bool = False
    ) -> None:
        """Note that `holder` holds `size` bytes `now`, in seconds of a steady clock.

        `whole`: its request is complete, and is not lost any more.
        """
        self._put(holder, size, now)
        if whole:
            self._holders.discard(holder)
        while self.taken > self._most and self._holders:
            slowest = min(self._holders, key=lambda each: _speed(each, now))
            self._put(slowest, 0, now)
            slowest.let_go()

    def _put(self, holder: Holder, size: int, now: float) -> None:
        if not holder.held:
            holder.since = now
        self.taken += size - holder.held
        holder.held = size
        (self._holders.add if size else self._holders.discard)(holder)


def _speed(holder: Holder, now: float) -> float:
    """Return the bytes a second so far; who has just begun is not slow."""
    return holder.held / (now - holder.since + _BEGINNING_S)
