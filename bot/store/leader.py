"""Who drives: all replicas accept, one of them performs the effects.

On PostgreSQL a session advisory lock elects it, and an epoch number fences off a former
leader that has not noticed yet. The lock needs a direct connection: behind a proxy that
pools transactions a session is nobody's. On SQLite the file lock has already decided.
"""

import asyncio
import logging
import zlib
from typing import Self

import sqlalchemy as sa

from bot.store import statements
from bot.store.records import Role
from bot.store.store import Store

log = logging.getLogger(__name__)
RETRY_S = 0.25  # how often a stand-by asks; a takeover takes about this long


class Leader:
    """Leadership over one role. `epoch` goes into every write as its fence."""

    def __init__(self, role: Role, epoch: int, session: sa.Connection | None) -> None:
        self.role = role
        self.epoch = epoch
        self._session = session

    @classmethod
    async def elect(cls, store: Store, role: Role) -> Self:
        """Wait until this process leads."""
        session = None
        if store.engine.dialect.name == "postgresql":
            session = await _lock(store.engine, role)
        epoch = await store.write(
            lambda db: statements.next_number(db, f"epoch:{role}")
        )
        log.info("leading as %s, epoch %d", role, epoch)
        leader = cls(role, epoch, session)
        store.closing.append(leader.resign)
        return leader

    async def holds(self) -> bool:
        """Return whether the lock's session still lives."""
        return self._session is None or await asyncio.to_thread(self._ping)

    def resign(self) -> None:
        if self._session is not None:
            self._session.invalidate()  # closes the session, and so frees the lock
            self._session.close()
            self._session = None

    def _ping(self) -> bool:
        try:
            if self._session is not None:
                self._session.execute(sa.text("SELECT 1"))
        except sa.exc.DBAPIError:
            return False
        return True


async def _lock(engine: sa.Engine, role: Role) -> sa.Connection:
    number = zlib.crc32(f"watchkeeper {role}".encode())
    attempt = sa.text("SELECT pg_try_advisory_lock(:number)")

    def ask() -> sa.Connection | None:
        session = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if session.execute(attempt, {"number": number}).scalar():
            return session
        session.close()
        return None

    while True:
        try:
            session = await asyncio.to_thread(ask)
        except sa.exc.DBAPIError as error:
            log.warning("cannot ask to lead: %s", type(error).__name__)
            session = None
        if session is not None:
            return session
        await asyncio.sleep(RETRY_S)
