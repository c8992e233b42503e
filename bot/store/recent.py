"""Long histories that were read lately: of those only what is new is read again.

Rows of a history are never changed, so what was read of one stays true.
"""

from collections import OrderedDict
from collections.abc import Callable

from bot.incident import Event, Incident

LONG = 200  # events; shorter ones cost less than they would take up
MOST = 4  # incidents


class Recent:
    """Safe for several threads: each step is one operation on the dictionary."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Event, ...]] = OrderedDict()

    def history(
        self, key: str, read: Callable[[int], tuple[Event, ...]]
    ) -> tuple[Event, ...]:
        """Return the whole history; `read(n)` returns the events after the first n."""
        known = self._kept.get(key, ())
        found = (*known, *read(len(known)))
        if len(found) >= LONG:
            self._kept.pop(key, None)
            self._kept[key] = found
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found

    def keep(self, incident: Incident) -> None:
        """Keep what was just written, in place of the older part of it."""
        if incident.id in self._kept:
            self._kept[incident.id] = incident.history
