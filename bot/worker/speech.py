"""Which cards may be begun now, conversation by conversation."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.incident import Reply, ShowCard
from bot.store import Due
from bot.watch import WatchList
from bot.worker.budget import Budget

FIRST = 4  # the lowest rank of an incident's first card
CROWD = 12  # cards held back together before one names them
# Begun together in one conversation, which takes them one by one: where Teams hangs, the
# rest of our attention belongs to the others. A Sev0 is begun in any case.
TOGETHER = 6
FOLD_S = 10.0  # between two looks at a crowded conversation


class Speech:
    """Keeps the budget of every conversation, for one worker."""

    def __init__(self, watch: WatchList) -> None:
        self.budget = Budget()
        self.folded: dict[str, float] = {}  # when it was last looked at
        self.begun: Counter[str] = Counter()  # and not yet ended, by conversation
        self._where = {e.id: watch.channels[e.channel].id for e in watch.endpoints}

    def where(self, due: Due) -> str:
        """Return the conversation that an effect speaks in; "" when it does not."""
        speaks = isinstance(due.effect, ShowCard | Reply)
        return self._where.get(due.endpoint, "") if speaks else ""

    def unsaid(self, due: Due) -> None:
        """Take back what was counted for an effect that then said nothing."""
        if where := self.where(due):
            self.budget.take_back(where)

    def ended(self, due: Due) -> None:
        """Note that an effect which may speak has ended, however it did."""
        if where := self.where(due):
            self.begun[where] -= 1

    def turn(self) -> "Turn":
        return Turn(self, time.monotonic())


@dataclass(slots=True)
class Turn:
    """One pass over what is due."""

    _speech: Speech
    _now: float
    _held: Counter[str] = field(default_factory=Counter)

    def may(self, due: Due) -> bool:
        """Return whether to begin it now, and count it if so."""
        where = self._speech.where(due)
        if not where:
            return True
        budget, begun = self._speech.budget, self._speech.begun
        if due.rank and begun[where] >= TOGETHER:
            return False
        if budget.wait(where, self._now, urgent=due.rank == 0) > 0:
            return False
        budget.count(where, self._now)
        begun[where] += 1
        return True

    def hold(self, due: Due) -> None:
        """Note an effect that has to wait for its turn."""
        if isinstance(due.effect, ShowCard) and due.rank <= FIRST:
            self._held[self._speech.where(due)] += 1

    def crowded(self) -> Iterator[str]:
        """Yield the conversations in which too many cards wait."""
        for where, held in self._held.items():
            if not where:
                continue  # no longer on the watch list
            looked = self._speech.folded.get(where, float("-inf"))
            if held >= CROWD and self._now - looked > FOLD_S:
                self._speech.folded[where] = self._now
                yield where
