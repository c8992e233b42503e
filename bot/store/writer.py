"""One thread that writes, and the requests that share its transactions.

Requests that arrive together are committed together: one fsync serves them all. A plain
function cannot wait for HTTP in the middle of a transaction, which is the point.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

log = logging.getLogger(__name__)
T = TypeVar("T")
GROUP = 256  # at most this many requests share a commit
WAITING = 20_000  # more than this and we are not keeping up: say so, do not hoard
PATIENCE_S = 8.0  # an action group gives up at 10


class Unwritable(Exception):
    """The store cannot keep it now. Nothing was kept, or a repeat does no harm."""


@dataclass(slots=True)
class _Job:
    key: str  # jobs of a group run in this order, so that two replicas do not dead-lock
    run: Callable[[sa.Connection], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def deliver(self) -> None:
        if self.answer.done():  # the caller lost patience
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.result)


class Writer:
    """Runs functions of a connection, in groups, each in a savepoint of its own."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    async def write(self, run: Callable[[sa.Connection], T], *, key: str = "") -> T:
        """Return what `run` returned, once it is on disk.

        Raises whatever `run` raised (its own changes are undone, its neighbours' stay),
        or Unwritable when the commit failed or took too long. `run` may be called twice.
        """
        if self._jobs.qsize() > WAITING:
            raise Unwritable("the store is not keeping up")
        loop = asyncio.get_running_loop()
        job = _Job(key, run, loop, loop.create_future())
        self._jobs.put(job)
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer: T = await job.answer
                return answer
        except TimeoutError:
            raise Unwritable(f"no commit within {PATIENCE_S:.0f} s") from None

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            group, stop = self._gather()
            if group:
                self._commit(group)
                self._answer(group)
            if stop:
                return

    def _gather(self) -> tuple[list[_Job], bool]:
        first = self._jobs.get()
        group: list[_Job] = []
        while first is not None:
            group.append(first)
            if len(group) == GROUP or self._jobs.empty():
                return sorted(group, key=lambda job: job.key), False
            first = self._jobs.get()
        return sorted(group, key=lambda job: job.key), True

    def _commit(self, group: list[_Job]) -> None:
        try:
            with self._engine.begin() as connection:
                for job in group:
                    self._run(connection, job)
        except Exception as error:  # noqa: BLE001 every waiting caller must hear of it
            # Only the class: a driver's text may hold the values it was given.
            log.error("nothing of %d writes was kept: %s", len(group), _short(error))  # noqa: TRY400 see above
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
                loop.call_soon_threadsafe(_deliver_all, jobs)
            except RuntimeError:  # the loop is closed; nobody waits
                log.info("%d answers came after the loop had closed", len(jobs))


def _deliver_all(jobs: list[_Job]) -> None:
    for job in jobs:
        job.deliver()


def _short(error: BaseException) -> str:
    original = getattr(error, "orig", None)
    return (
        f"{type(error).__name__}: {str(original).splitlines()[0] if original else ''}"
    )
