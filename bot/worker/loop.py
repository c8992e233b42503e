"""The loop: take deliveries in, perform what is due, seal the history."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeAlias

from bot.incident import (
    Answer,
    AwaitExecutor,
    CollectEvidence,
    Effect,
    EffectParked,
    EvaluateSignals,
    FindChanges,
    Fold,
    Follow,
    RemoveCopy,
    Reply,
    SendDigest,
    ShowCard,
    TellOwner,
)
from bot.ports import Ambiguous, Impossible, Unavailable
from bot.store import Conflict, Deposed, Due, Leader, Role, Unreadable
from bot.store.log import Head
from bot.worker.hush import NotYet
from bot.worker.intake import take_in
from bot.worker.late import late
from bot.worker.means import DATABASE, Forgotten, Means, record
from bot.worker.rounds import Pulse, Rounds
from bot.worker.speech import Speech

log = logging.getLogger(__name__)
Perform: TypeAlias = Callable[[Means, Due, Any, Leader], Awaitable[None]]
CHECK_S = 1.0  # how often we ask whether we still lead
# Another process may have queued something. An approved move is waited for by people,
# and to ask whether there is one costs one look at an index.
POLLS_S: Mapping[Role, float] = {"driver": 0.2, "executor": 0.05}
# Effects under way together, by what they wait for: an Azure that hangs holds up no
# card, and people who ask while it hangs hold up neither.
AT_ONCE: Mapping[str, int] = {"azure": 12, "evidence": 6, "chat": 48, "answer": 48}
RESERVED = 12  # of the cards, for Sev0 and for what people wait for
FAULTS = 6  # failures that we do not understand, before a person has to look
LONGEST = timedelta(minutes=1)


def backoff(attempts: int, chance: float) -> timedelta:
    """Return how long to wait after `attempts`; `chance` in [0, 1) spreads it by 20 %.

    >>> [backoff(n, 0.5).total_seconds() for n in (1, 2, 3, 9)]
    [1.0, 2.0, 4.0, 60.0]
    """
    pause = min(timedelta(seconds=2.0 ** (min(attempts, 10) - 1)), LONGEST)
    return pause * (0.8 + 0.4 * chance)


class Sealer(Protocol):
    async def seal(self, now: datetime, *, fence: int) -> Head | None: ...


class Worker:
    """One role's loop over the outbox. The driver also takes in and seals."""

    def __init__(
        self,
        means: Means,
        role: Role,
        performs: Mapping[type[Effect], Perform],
        seal: Sealer | None = None,
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._means = means
        self._role = role
        self._performs = performs
        self._log = seal
        self._speech = Speech(means.watch)
        self._prepare = prepare  # done each time that this process begins to lead
        self._busy: dict[str, asyncio.Task[None]] = {}
        self.leading = False

    async def run(self) -> None:
        """Lead whenever nobody else does; ends only when it is cancelled."""
        while True:
            leader = await self._elected()
            try:
                self.leading = True
                await self._lead(leader)
            except Deposed:
                log.warning("no longer leading as %s", self._role)
            except DATABASE as error:
                log.warning("the database does not answer: %s", type(error).__name__)
            finally:
                self.leading = False
                await self._stop()
                leader.resign()
            await asyncio.sleep(POLLS_S[self._role])

    async def _elected(self) -> Leader:
        while True:
            try:
                return await Leader.elect(self._means.store, self._role)
            except DATABASE as error:
                log.warning("cannot ask to lead: %s", type(error).__name__)
                await asyncio.sleep(1)

    async def _lead(self, leader: Leader) -> None:
        changed = self._means.store.changed
        driver = self._role == "driver"
        rounds = Rounds(self._means) if driver else Pulse(self._means)
        await rounds.begin()
        looked = float("-inf")
        if self._prepare:
            await self._prepare()
        while True:
            changed.clear()
            if time.monotonic() - looked > CHECK_S:
                looked = time.monotonic()
                if not await leader.holds():
                    raise Deposed(self._role)
                await rounds.turn()
            if driver:
                await take_in(self._means, leader)
            await self._begin(leader)
            if self._log:
                await self._log.seal(self._means.clock(), fence=leader.epoch)
            try:
                async with asyncio.timeout(POLLS_S[self._role]):
                    await changed.wait()
            except TimeoutError:
                continue

    async def _begin(self, leader: Leader) -> None:
        """Start what is due, one effect a lane: the most severe first, then the oldest."""
        for lane, task in list(self._busy.items()):
            if task.done():
                del self._busy[lane]
                task.result()  # Deposed and the database's errors end our lead
        queue = self._speech.turn()
        under_way = Counter(pool(lane) for lane in self._busy)
        for due in await self._means.store.outbox.due(self._role, self._means.clock()):
            lane = _lane(due)
            kind = pool(lane)
            room = AT_ONCE[kind] - (RESERVED if kind == "chat" and due.rank else 0)
            if lane in self._busy or self._after_card(due):
                continue
            if under_way[kind] >= room or not queue.may(due):
                queue.hold(due)
                continue
            task = asyncio.create_task(self._perform(due, leader), name=lane)
            task.add_done_callback(partial(self._ended, due))
            self._busy[lane] = task
            under_way[kind] += 1
        for conversation in queue.crowded():
            again = Follow(effect=Fold(conversation), due_at=self._means.clock())
            await self._means.store.outbox.queue("", again)

    def _after_card(self, due: Due) -> bool:
        """Return whether to wait for the incident's card: it is on its way this moment.

        To recompute takes the processor for longer than all that the card needs.
        """
        if not isinstance(due.effect, EvaluateSignals) or due.attempts:
            return False
        return f"chat {due.incident}" in self._busy

    def _ended(self, due: Due, _: "asyncio.Task[None]") -> None:
        self._speech.ended(due)
        self._means.store.changed.set()

    async def _stop(self) -> None:
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        self._busy.clear()

    async def _perform(self, due: Due, leader: Leader) -> None:
        outbox = self._means.store.outbox
        if not await outbox.claim(due.id, self._role, fence=leader.epoch):
            return
        try:
            await self._performs[type(due.effect)](self._means, due, due.effect, leader)
        except NotYet as error:
            self._speech.unsaid(due)
            pause, tries = error.pause, due.attempts
            await self._later(due, pause, str(error), leader, attempts=tries)
        except Unavailable as error:
            pause = max(self._pause(due), error.retry_after or timedelta())
            await self._later(due, pause, str(error), leader)
            await late(self._means, due, str(error), leader)
        except Unreadable as error:  # a newer version is being rolled out
            log.warning("%s must wait: %s", due.incident, error)
            await self._later(due, LONGEST, str(error), leader, attempts=due.attempts)
        except (Ambiguous, Conflict) as error:
            await self._later(due, self._pause(due), str(error), leader)
            await late(self._means, due, str(error), leader)
        except (Impossible, Forgotten) as error:
            await self._park(due, str(error), leader)
        except (Deposed, asyncio.CancelledError, *DATABASE):
            raise
        except Exception as error:
            log.exception("%s for %s failed", _name(due.effect), due.incident)
            reason = f"an error of ours ({type(error).__name__})"
            if due.attempts + 1 >= FAULTS:
                await self._park(due, reason, leader)
            else:
                await self._later(due, self._pause(due), reason, leader)

    def _pause(self, due: Due) -> timedelta:
        return backoff(due.attempts + 1, self._means.random.random())

    async def _later(
        self,
        due: Due,
        pause: timedelta,
        error: str,
        leader: Leader,
        *,
        attempts: int | None = None,
    ) -> None:
        await self._means.store.outbox.postpone(
            due.id,
            self._role,
            self._means.clock() + pause,
            error,
            fence=leader.epoch,
            attempts=due.attempts + 1 if attempts is None else attempts,
        )

    async def _park(self, due: Due, reason: str, leader: Leader) -> None:
        """Give up, and say so where people look."""
        log.error("parked %s for %s: %s", _name(due.effect), due.incident, reason)
        event = EffectParked(
            at=self._means.clock(), effect=_name(due.effect), reason=reason
        )
        if due.incident:
            await record(
                self._means,
                due.incident,
                lambda _: (event,),
                leader,
                parked=(due.id, reason),
            )
        else:
            await self._means.store.outbox.park(
                due.id, self._role, reason, fence=leader.epoch
            )


def _name(effect: Effect) -> str:
    return type(effect).__name__


def pool(lane: str) -> str:
    """Return what the effects of a lane wait for: a key of AT_ONCE."""
    return lane.partition(" ")[0]


def _lane(due: Due) -> str:
    """Return the name of the queue in which effects wait for each other."""
    if isinstance(due.effect, Answer):
        return f"answer {due.effect.conversation} {due.id}"
    if isinstance(due.effect, Fold):
        return f"chat {due.effect.conversation}"
    if isinstance(due.effect, CollectEvidence | FindChanges):
        return f"evidence {due.incident}"
    if isinstance(due.effect, AwaitExecutor):  # asks nobody but the store
        return f"evidence {due.id}"
    if isinstance(due.effect, SendDigest | RemoveCopy):
        return f"chat {due.id}"
    told = isinstance(due.effect, ShowCard | Reply | TellOwner)
    where = "chat" if told else "azure"
    return f"{where} {due.incident}"
