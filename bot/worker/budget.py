"""What a conversation may hear from us, and how much of it is kept for what is urgent.

Teams' own windows are kept in `bot.teams.pace`, where a message waits its turn. Here it
is decided before a message is begun, so that a Sev0 never stands behind a hundred others
that have begun to wait.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias

Limits: TypeAlias = tuple[tuple[int, float], ...]  # (sends, seconds)
# Of 7 in 1 s, 8 in 2 s, 60 in 30 s and 1,800 in an hour, the rest is for Sev0, for
# answers to people and for the one card that names what waits.
PLAIN: Limits = ((5, 1.0), (6, 2.0), (40, 30.0), (1500, 3600.0))
URGENT: Limits = ((6, 1.0), (7, 2.0), (56, 30.0), (1700, 3600.0))
_MARGIN = 1.05  # seconds of ours to one of theirs


@dataclass(slots=True)
class Budget:
    """The moments of past sends by conversation. The clock is the caller's, monotonic."""

    _sent: dict[str, deque[float]] = field(default_factory=dict)

    def wait(self, conversation: str, now: float, *, urgent: bool = False) -> float:
        """Return the seconds until one more may be sent; 0 when it may be now.

        >>> budget = Budget()
        >>> for _ in range(5):
        ...     budget.count("c", 0.0)
        >>> budget.wait("c", 0.5) > 0, budget.wait("c", 0.5, urgent=True)
        (True, 0.0)
        """
        times = self._sent.get(conversation, ())
        waits = [0.0]
        for most, seconds in URGENT if urgent else PLAIN:
            if len(times) >= most:
                waits.append(times[-most] + seconds * _MARGIN - now)
        return max(waits)

    def count(self, conversation: str, now: float) -> None:
        """Note one send that begins now."""
        most = URGENT[-1][0]
        self._sent.setdefault(conversation, deque(maxlen=most)).append(now)

    def take_back(self, conversation: str) -> None:
        """Forget the last send: nothing was sent after all."""
        if times := self._sent.get(conversation):
            times.pop()
