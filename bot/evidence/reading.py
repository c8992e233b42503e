"""A database that is only read: beside a running service, or long after it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

DAMAGED = "the database file is damaged"
_DAMAGE = (
    *("malformed", "corrupt", "is not a database", "disk I/O error"),
    *("Could not decode", "unsupported file format"),
)


class Unreadable(Exception):
    """There is nothing here that can be read; the text says why."""


class Damaged(Exception):
    """The file is a database, but its pages do not hold together."""


@contextmanager
def reading(url: str) -> Iterator[sa.Connection]:
    """Yield one consistent view of the database at `url`; nothing is locked or written.

    Raises Unreadable, or Damaged.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except sa.exc.DBAPIError as error:
        words = str(error.orig).splitlines()[0] if str(error.orig) else "no answer"
        if isinstance(error.orig, sqlite3.DatabaseError) and _damage(words):
            raise Damaged(f"{DAMAGED} ({words})") from None
        raise Unreadable(f"cannot read the database: {words}") from None
    except UnicodeDecodeError:  # SQLite's own words about a text that was edited
        raise Damaged(f"{DAMAGED} (a text in it is none)") from None
    finally:
        engine.dispose()


def whole(db: sa.Connection) -> None:
    """Raise Damaged when the pages of a SQLite file do not agree with each other.

    An index that was edited hides rows from some queries and not from others.
    """
    if db.dialect.name != "sqlite":
        return
    found = db.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    if found != "ok":
        words = " ".join(str(found).split())
        raise Damaged(f"{DAMAGED} ({words.removeprefix('*** in database main *** ')})")


def _damage(words: str) -> bool:
    return any(sign in words for sign in _DAMAGE)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise Unreadable(
            "no database address; write sqlite:///FILE or postgresql://user@host/database"
        ) from None
    if parsed.get_backend_name() == "postgresql":
        options = "-c default_transaction_read_only=on -c statement_timeout=600000"
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            isolation_level="REPEATABLE READ",  # one moment for all our queries
            connect_args={"connect_timeout": 5, "options": options},
        )
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise Unreadable("only SQLite files and PostgreSQL can be read")
    return _sqlite(Path(parsed.database))


def _sqlite(path: Path) -> sa.Engine:
    if not path.is_file():
        raise Unreadable(f"there is no database at {path}")

    def connect() -> Any:
        name = quote(str(path.resolve()))
        return sqlite3.connect(
            f"file:{name}?mode=ro",
            uri=True,
            timeout=6,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
