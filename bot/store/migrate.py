"""Bring the tables to this version, once, whoever starts first."""

from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from bot.store.engine import CannotOpen
from bot.store.schema import metadata

_LOCK = 7_305_112_001  # an advisory lock of PostgreSQL; any number that is ours alone


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def migrate(engine: sa.Engine, to: str = "head") -> None:
    """Apply what is missing, in one transaction; a kill half-way leaves the old tables.

    Raises CannotOpen when the database belongs to a newer Watchkeeper.
    """
    scripts = script()
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # A large table takes its time, and so long the other replica waits.
            connection.execute(
                sa.text("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            )
            connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK}
            )
            connection.execute(sa.text("SET LOCAL lock_timeout = '60s'"))
        current = MigrationContext.configure(connection).get_current_revision()
        known = {revision.revision for revision in scripts.walk_revisions()}
        if current is not None and current not in known:
            raise CannotOpen(
                f"the database is at version {current}, made by a newer Watchkeeper"
            )
        if current == scripts.get_current_head():
            return
        environment = EnvironmentContext(
            Config(),
            scripts,
            fn=lambda revision, _: scripts._upgrade_revs(to, revision),  # noqa: SLF001 alembic offers no public way to upgrade on a given connection
        )
        with environment:
            environment.configure(connection=connection, target_metadata=metadata)
            environment.run_migrations()
