"""The short way to disk, for deliveries: many rows in one statement.

Every step into SQLite lets go of the interpreter's lock and has to win it back from a
busy event loop. One statement of many rows that is its own transaction does so once,
for the insert, the commit and the flush together.

On SQLite no key finds the repeats, since a digest's place in an index is a page of its
own to write and to flush. Who inserts remembers which rows still wait, and the index
holds the others; only `serve` takes calls, so it is seldom that another inserts as well,
and `taken` makes one of two. What waits is never deleted, so it is safe to remember.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import TypeAlias

import sqlalchemy as sa

Row: TypeAlias = tuple[str, str, bytes, int]  # id, route, body, received_at
MOST = 64  # rows of one statement: each size is compiled once and kept


class Rows:
    """Inserts deliveries with the engine's own driver. For one thread."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._waiting: set[str] | None = None  # ids of rows on disk; None: not read yet
        self._settled: deque[str] = deque()  # ids that may be forgotten

    def forget(self, keys: Iterable[str]) -> None:
        """Note that these were looked at, and that it is on disk. From any thread."""
        if self._engine.dialect.name == "sqlite":
            self._settled.extend(keys)

    def insert(self, rows: Sequence[Row]) -> None:
        """Keep all or none of each 64; a row whose id is known is left as it is."""
        if self._engine.dialect.name == "sqlite":
            self._sqlite(rows)
            return
        with self._engine.begin() as connection:
            for part in _parts(rows):
                values = tuple(chain.from_iterable(part))
                connection.exec_driver_sql(_statement(len(part)), values)

    def _sqlite(self, rows: Sequence[Row]) -> None:
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            waiting = self._waiting
            if waiting is None:
                cursor.execute("SELECT id FROM delivery WHERE state = 'new'")
                waiting = self._waiting = {key for (key,) in cursor.fetchall()}
            while self._settled:
                waiting.discard(self._settled.popleft())
            once = {row[0]: row for row in rows if row[0] not in waiting}
            for part in _parts([*once.values()]):
                values = tuple(chain.from_iterable(part))
                cursor.execute(_unless_settled(len(part)), values)
                waiting.update(row[0] for row in part)  # it is on disk now
            cursor.close()
        except BaseException:
            connection.invalidate()
            raise
        finally:
            connection.close()


def _parts(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[n : n + MOST] for n in range(0, len(rows), MOST)]


@cache
def _statement(count: int) -> str:
    row = "(%s, %s, %s, %s, 'new', '')"
    return (
        "INSERT INTO delivery (id, route, body, received_at, state, reason) VALUES "  # noqa: S608 made of marks alone
        + ", ".join([row] * count)
        + " ON CONFLICT (id) DO NOTHING"
    )


@cache
def _unless_settled(count: int) -> str:
    """Return SQLite's statement: it has no conflict but with the rows looked at."""
    rows = ", ".join(["(?, ?, ?, ?)"] * count)
    return (
        "INSERT INTO delivery (id, route, body, received_at, state, reason) "  # noqa: S608 made of marks alone
        f"SELECT column1, column2, column3, column4, 'new', '' FROM (VALUES {rows}) "
        "WHERE NOT EXISTS (SELECT 1 FROM delivery AS known "
        "WHERE known.id = column1 AND known.state <> 'new')"
    )
