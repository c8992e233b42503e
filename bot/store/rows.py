"""The short way to disk, for deliveries: many rows in one statement.

Every step into SQLite lets go of the interpreter's lock and has to win it back from a
busy event loop. One statement of many rows that is its own transaction does so once,
for the insert, the commit and the flush together.
"""

from collections.abc import Sequence
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

    def insert(self, rows: Sequence[Row]) -> None:
        """Keep all or none of each 64; a row whose id is known is left as it is."""
        if self._engine.dialect.name == "sqlite":
            self._sqlite(rows)
            return
        with self._engine.begin() as connection:
            for part in _parts(rows):
                values = tuple(chain.from_iterable(part))
                connection.exec_driver_sql(_statement(len(part), "%s"), values)

    def _sqlite(self, rows: Sequence[Row]) -> None:
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            for part in _parts(rows):
                values = tuple(chain.from_iterable(part))
                cursor.execute(_statement(len(part), "?"), values)
            cursor.close()
        except BaseException:
            connection.invalidate()
            raise
        finally:
            connection.close()


def _parts(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[n : n + MOST] for n in range(0, len(rows), MOST)]


@cache
def _statement(count: int, mark: str) -> str:
    """Return the statement for `count` rows, whose values are marked by `mark`."""
    row = f"({mark}, {mark}, {mark}, {mark}, 'new', '')"
    return (
        "INSERT INTO delivery (id, route, body, received_at, state, reason) VALUES "  # noqa: S608 made of marks alone
        + ", ".join([row] * count)
        + " ON CONFLICT (id) DO NOTHING"
    )
