"""Moving to another database: every row, byte for byte, or nothing."""

from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext

from bot.store.engine import CannotOpen, FileLock, create
from bot.store.migrate import migrate, script
from bot.store.schema import metadata, outbox

AT_ONCE = 1000  # rows in memory


def copy(source: str, target: str) -> dict[str, int]:
    """Copy all tables from `source` to the empty database `target`; return rows by table.

    Both are addresses as in DATABASE_URL. A SQLite source is locked against the service
    meanwhile. One transaction: after a failure the target is as empty as before.
    Raises CannotOpen with a text for the operator.
    """
    if source == target:
        raise CannotOpen("source and target are the same database")
    if (
        source.startswith("sqlite")
        and not Path(sa.make_url(source).database or "").exists()
    ):
        raise CannotOpen(f"{source} is not there")
    old = create(source)
    locks: list[FileLock] = []
    try:
        if old.dialect.name == "sqlite":
            file = Path(str(old.url.database))
            locks = [FileLock(file, role) for role in ("serve", "execute")]
        new = create(target)
        try:
            migrate(new)
            return _copied(old, new)
        finally:
            new.dispose()
    finally:
        for lock in locks:
            lock.release()
        old.dispose()


def _copied(old: sa.Engine, new: sa.Engine) -> dict[str, int]:
    head = script().get_current_head()
    with old.connect() as reader, new.begin() as writer:
        found = MigrationContext.configure(reader).get_current_revision()
        if found != head:
            raise CannotOpen(
                f"the source is at {found}, this Watchkeeper's tables are at {head}; "
                "start the service on it once, then copy"
            )
        counts = {}
        for table in metadata.sorted_tables:
            if writer.execute(
                sa.select(sa.literal(1)).select_from(table).limit(1)
            ).first():
                raise CannotOpen(f"the target is not empty: {table.name} has rows")
        for table in metadata.sorted_tables:
            rows = reader.execute(sa.select(table)).mappings()
            counts[table.name] = 0
            for some in rows.partitions(AT_ONCE):
                writer.execute(sa.insert(table), [dict(row) for row in some])
                counts[table.name] += len(some)
        if new.dialect.name == "postgresql":
            writer.execute(_NEXT)
    return counts


# PostgreSQL counts on where we left off, not where its own count began.
_NEXT = sa.text(
    f"SELECT setval(pg_get_serial_sequence('{outbox.name}', 'id'), "  # noqa: S608 our own
    f"COALESCE((SELECT MAX(id) FROM {outbox.name}), 0) + 1, false)"
)
