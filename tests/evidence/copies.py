"""A database to damage as often as one likes: each time a copy of the same one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa


@contextmanager
def copied(url: str) -> Iterator[str]:
    """Yield the address of a copy of the database at `url`, which nobody has open."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        copy = Path(f"{parsed.database}.copy")
        shutil.copy(str(parsed.database), copy)
        yield f"sqlite:///{copy}"
        for name in ("", "-wal", "-shm", "-journal"):
            Path(f"{copy}{name}").unlink(missing_ok=True)
        return
    name = f"copy_{uuid4().hex}"
    server = engine(url.replace(f"/{parsed.database}?", "/postgres?", 1))
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{parsed.database}"')
        yield url.replace(f"/{parsed.database}?", f"/{name}?", 1)
        db.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.dispose()


def engine(url: str) -> sa.Engine:
    """Return a way in that keeps no connection open behind our back."""
    driver = url.replace("postgresql:", "postgresql+psycopg:", 1)
    return sa.create_engine(driver, poolclass=sa.NullPool)


def quick(server: str) -> None:
    """Let a server of ours alone forget its last second, should the power go."""
    with engine(server).connect() as db:
        quickly = db.execution_options(isolation_level="AUTOCOMMIT")
        quickly.exec_driver_sql("ALTER SYSTEM SET fsync = off")
        quickly.exec_driver_sql("SELECT pg_reload_conf()")
