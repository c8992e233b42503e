"""The database under the store: opened, migrated, locked, written to and read.

Every change runs on the writer thread; every read on a reader thread of its own.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

import sqlalchemy as sa

from bot.store.engine import CannotOpen, FileLock, create
from bot.store.migrate import migrate
from bot.store.writer import Writer

T = TypeVar("T")


class Database:
    """Where changes and reads run. Open with `open`; close with `close`."""

    def __init__(self, engine: sa.Engine, lock: FileLock | None) -> None:
        self.engine = engine
        self._lock = lock
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="reader")
        self.closing: list[Callable[[], None]] = []
        self.changed = asyncio.Event()  # set when this process queued something to do
        self._writer = Writer(engine, inserted=self.changed.set)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        role: str = "serve",
        password: Callable[[], str] | None = None,
    ) -> Self:
        """Return the database at `url`, its tables brought up to date.

        Raises CannotOpen with a text for the operator.
        """
        engine = create(url, password)
        lock = None
        if engine.dialect.name == "sqlite":
            lock = FileLock(Path(str(engine.url.database)), role)
        try:
            migrate(engine)
        except BaseException as error:
            engine.dispose()
            if lock:
                lock.release()
            if isinstance(error, sa.exc.DBAPIError):
                raise CannotOpen(f"DATABASE_URL: {_said(error)}") from None
            raise
        return cls(engine, lock)

    def close(self) -> None:
        self._writer.close()
        for end in self.closing:
            end()
        self._readers.shutdown()
        self.engine.dispose()
        if self._lock:
            self._lock.release()

    async def write(self, run: Callable[[sa.Connection], T], *, key: str = "") -> T:
        return await self._writer.write(run, key=key)

    async def read(self, run: Callable[[sa.Connection], T]) -> T:
        def reading() -> T:
            with (
                self.engine.connect().execution_options(reading=True) as connection,
                connection.begin(),
            ):
                return run(connection)

        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, reading)


def _said(error: sa.exc.DBAPIError) -> str:
    """Return what a database said, on one line; it names no password."""
    lines = str(error.orig).splitlines()
    return " ".join((lines or [type(error.orig).__name__])[0].split())
