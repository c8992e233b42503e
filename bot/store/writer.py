"""One thread that writes, and the requests that share its transactions.

Requests that arrive together are committed together: one fsync serves them all. A plain
function cannot wait for HTTP in the middle of a transaction, which is the point.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.store.rows import Row, Rows

log = logging.getLogger(__name__)
T = TypeVar("T")
GROUP = 256  # about this many requests share a commit at most
QUIET = 4  # turns of the loop that brought nothing new: what was coming is here
WINDOW_S = 0.005  # a commit waits no longer than this for company
WAITING = 20_000  # more than this and we are not keeping up: say so, do not hoard
PATIENCE_S = 8.0  # an action group gives up at 10


class Unwritable(Exception):
    """The store cannot keep it now. Nothing was kept, or a repeat does no harm."""


@dataclass(slots=True)
class _Job:
    key: str  # jobs of a group run in this order, so that two replicas do not dead-lock
    run: Any  # a function of a connection, or a Row
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    late: float  # by the loop's clock: nobody waits longer
    result: Any = None
    error: BaseException | None = None
    wanted: bool = True  # nobody waits for it any more: why write it

    def give_up(self) -> None:
        self.wanted = False
        if not self.answer.done():
            late = Unwritable(f"no commit within {PATIENCE_S:.0f} s")
            self.answer.set_exception(late)

    def deliver(self) -> None:
        if self.answer.done():  # the caller lost patience
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.result)


class Writer:
    """Runs functions of a connection, in groups, each in a savepoint of its own.

    Rows that nobody can dispute take the short way: `insert` puts a whole group of them
    into one statement, which is its own transaction. `inserted` is called afterwards.
    """

    def __init__(
        self, engine: sa.Engine, inserted: Callable[[], None] = lambda: None
    ) -> None:
        self._engine = engine
        self._inserted = inserted
        self._rows = Rows(engine)
        self._waiting: deque[_Job] = deque()  # oldest first
        self._timer: tuple[asyncio.AbstractEventLoop, asyncio.Handle] | None = None
        self._batch: list[_Job] = []
        self._jobs: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    async def write(self, run: Callable[[sa.Connection], T], *, key: str = "") -> T:
        """Return what `run` returned, once it is on disk.

        Raises whatever `run` raised (its own changes are undone, its neighbours' stay),
        or Unwritable when the commit failed or took too long. `run` may be called twice.
        """
        answer: T = await self._queue(key, run)
        return answer

    def insert(self, row: Row) -> asyncio.Future[str]:
        """Return what has the row's id once it is on disk; a repeat changes nothing.

        Raises Unwritable, here or there, when the commit failed or took too long.
        """
        return self._queue(row[0], row)

    def forget(self, keys: Iterable[str]) -> None:
        """Say that these deliveries were looked at, once that is on disk."""
        self._rows.forget(keys)

    def _queue(self, key: str, what: Any) -> asyncio.Future[Any]:
        if len(self._waiting) > WAITING:
            raise Unwritable("the store is not keeping up")
        loop = asyncio.get_running_loop()
        job = _Job(key, what, loop, loop.create_future(), loop.time() + PATIENCE_S)
        if self._timer is None or self._timer[0] is not loop:
            self._timer = (loop, loop.call_at(job.late, self._give_up))
        self._waiting.append(job)
        if not self._batch:
            loop.call_soon(self._gathering, loop, 0, 0)
        self._batch.append(job)
        return job.answer

    def _gathering(
        self, loop: asyncio.AbstractEventLoop, before: int, quiet: int
    ) -> None:
        """Hand over once the burst is in; a request needs a few turns to get here.

        A commit costs as much as ten of its rows, and who answers a burst gets the next
        one: without the wait every other commit holds a single row.
        """
        count = len(self._batch)
        if not count:  # closing handed it over
            return
        quiet = 0 if count > before else quiet + 1
        late = loop.time() > self._batch[0].late - PATIENCE_S + WINDOW_S
        if quiet >= QUIET or count >= GROUP or late:
            self._hand_over()
        else:
            loop.call_soon(self._gathering, loop, count, quiet)

    def _hand_over(self) -> None:
        """Wake the thread once for all that came in together."""
        self._jobs.put(self._batch)
        self._batch = []

    def _give_up(self) -> None:
        """Answer those who waited too long; one timer serves all."""
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._waiting and self._waiting[0].late <= loop.time():
            self._waiting.popleft().give_up()
        if self._waiting:
            self._timer = (loop, loop.call_at(self._waiting[0].late, self._give_up))

    def _deliver(self, jobs: list[_Job]) -> None:
        if isinstance(jobs[0].run, tuple):
            self._inserted()
        for job in jobs:
            job.deliver()
        while self._waiting and self._waiting[0].answer.done():
            self._waiting.popleft()

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._hand_over()
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            group, stop = self._gather()
            rows = [job for job in group if isinstance(job.run, tuple)]
            jobs = [job for job in group if not isinstance(job.run, tuple)]
            for part, commit in ((rows, self._insert), (jobs, self._commit)):
                if part:
                    commit(part)
                    self._answer(part)
            if stop:
                return

    def _gather(self) -> tuple[list[_Job], bool]:
        group: list[_Job] = []
        found = self._jobs.get()
        while found is not None:
            group += [job for job in found if job.wanted]
            if len(group) >= GROUP or self._jobs.empty():
                break
            found = self._jobs.get()
        return sorted(group, key=lambda job: job.key), found is None

    def _insert(self, group: list[_Job]) -> None:
        try:
            self._rows.insert([job.run for job in group])
            for job in group:
                job.result = job.key
        except Exception as error:  # noqa: BLE001 every waiting caller must hear of it
            self._failed(group, error)

    def _commit(self, group: list[_Job]) -> None:
        try:
            with self._engine.begin() as connection:
                for job in group:
                    self._run(connection, job)
        except Exception as error:  # noqa: BLE001 every waiting caller must hear of it
            self._failed(group, error)

    def _failed(self, group: list[_Job], error: Exception) -> None:
        # Only the class: a driver's text may hold the values it was given.
        log.error("nothing of %d writes was kept: %s", len(group), _short(error))
        for job in group:
            job.error = Unwritable(_short(error))

    def _run(self, connection: sa.Connection, job: _Job) -> None:
        job.error = None
        try:
            with connection.begin_nested():
                job.result = job.run(connection)
        except sa.exc.OperationalError:
            raise  # the disk or the server: the whole group fails
        except Exception as error:  # noqa: BLE001 it belongs to this caller alone
            job.error = error

    def _answer(self, group: list[_Job]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in group:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._deliver, jobs)
            except RuntimeError:  # the loop is closed; nobody waits
                log.info("%d answers came after the loop had closed", len(jobs))


def _short(error: BaseException) -> str:
    original = getattr(error, "orig", error if isinstance(error, sqlite3.Error) else "")
    return f"{type(error).__name__}: {str(original).partition(chr(10))[0]}"
