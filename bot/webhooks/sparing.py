"""A log that a stranger cannot fill: of lines that are alike, a few, then their number.

The figures of /metrics still count every call.
"""

import logging
from collections.abc import Callable
from typing import Final

MOST: Final = 20  # lines that are alike, in each period
PERIOD_S: Final = 60.0
_MOST_KINDS = 200  # a stranger may make up any number: the rest are alike


class Sparing(logging.Filter):
    """A filter of a logger. `kind` says what a line is like; "": it is always written."""

    def __init__(self, kind: Callable[[logging.LogRecord], str]) -> None:
        super().__init__()
        self._kind = kind
        self._since = 0.0
        self._seen: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = self._kind(record)
        if not kind:
            return True
        if len(self._seen) >= _MOST_KINDS and kind not in self._seen:
            kind = "other refusals"
        if not self._seen:
            self._since = record.created
        self._seen[kind] = self._seen.get(kind, 0) + 1
        return self._seen[kind] <= MOST

    def left_out(self, now: float) -> dict[str, int]:
        """Return how many lines of each kind were left out in the period that is over.

        Nothing while it is not, in seconds since 1970.
        """
        if not self._seen or now - self._since < PERIOD_S:
            return {}
        over, self._seen = self._seen, {}
        return {kind: n - MOST for kind, n in over.items() if n > MOST}
