"""Opening the database: which, how, and when to refuse."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs"})


class CannotOpen(Exception):
    """The database cannot be used as it is; the text says what to do."""


def create(url: str, password: Callable[[], str] | None = None) -> sa.Engine:
    """Return an engine for `sqlite:///FILE` or `postgresql://…` (psycopg 3).

    `password` is asked for each new connection to PostgreSQL: a token that ends soon.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # a port that is no number, too
        raise CannotOpen(
            "DATABASE_URL is no database address; write sqlite:///FILE or "
            "postgresql://user@host/database"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        engine = _postgresql(parsed)
        if password is not None:
            _ask(engine, password)
        return engine
    raise CannotOpen(
        f"{parsed.get_backend_name()} is not supported: SQLite, PostgreSQL"
    )


def _sqlite(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise CannotOpen("a database in memory loses every alert; give it a file")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotOpen(f"DATABASE_URL: {path.parent}: {error.strerror}") from None
    if (kind := _file_system(path.parent)) in NETWORK_FILE_SYSTEMS:
        raise CannotOpen(
            f"{path.parent} is on a network file system ({kind}), where SQLite loses "
            "data; use a local disk or PostgreSQL"
        )
    url = url.set(drivername="sqlite")  # whichever driver it names, we use Python's own
    engine = sa.create_engine(url, connect_args={"timeout": 6})

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,  # a restarted server costs one ping, not one request
        pool_size=4,
        connect_args={
            "connect_timeout": 5,
            "application_name": "watchkeeper",
            "options": "-c statement_timeout=8000 -c lock_timeout=6000",
        },
    )


def _ask(engine: sa.Engine, password: Callable[[], str]) -> None:
    @sa.event.listens_for(engine, "do_connect")
    def _connect(
        _dialect: Any, _record: Any, _args: Any, given: dict[str, Any]
    ) -> None:
        given["password"] = password()


def _file_system(folder: Path) -> str:
    """Return the type of the file system that holds `folder`, or "" if nobody says."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return ""
    where = str(folder.resolve())
    best, kind = "", ""
    for line in mounts.read_text().splitlines():
        _device, mount, found, *_ = line.split(" ")
        inside = where == mount or where.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) > len(best):
            best, kind = mount, found
    return kind


class FileLock:
    """Held while one process plays `role` on a SQLite file; a second one is refused."""

    def __init__(self, database: Path, role: str) -> None:
        self._file: IO[str] = (database.parent / f".{database.name}.{role}").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise CannotOpen(
                f"another process ({holder}) runs on {database}; stop it first, "
                "or use PostgreSQL for several replicas"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()
