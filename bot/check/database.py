"""What we keep: reachable, and with which tables. Nothing is made or changed."""

from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext

from bot.azure.database import password
from bot.check.finding import Finding
from bot.settings import Settings
from bot.store import CannotOpen
from bot.store.engine import create
from bot.store.migrate import script
from bot.store.schema import conversation


def database(settings: Settings) -> tuple[set[str] | None, Finding]:
    """Return the conversations that we know of, and how the database is."""
    about, url = "database", settings.database_url
    file = url.removeprefix("sqlite:///")
    if url.startswith("sqlite") and not Path(file).exists():
        return None, Finding("ok", about, f"{file} will be made at the first start")
    try:
        with password(settings.database_identity) as token:
            engine = create(url, token)
            try:
                with engine.connect() as connection:
                    return _tables(connection)
            finally:
                engine.dispose()
    except CannotOpen as error:
        return None, Finding("fail", about, str(error), "mend DATABASE_URL")
    except sa.exc.SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        todo = "is the server up, and may this identity sign in? deploy/README.md, Database"
        return None, Finding("fail", about, f"it does not answer ({kind})", todo)


def _tables(connection: sa.Connection) -> tuple[set[str] | None, Finding]:
    current = MigrationContext.configure(connection).get_current_revision()
    head = script().get_current_head()
    if current is None:
        text = "reachable and empty: tables will be made at the first start"
        return None, Finding("ok", "database", text)
    known = {revision.revision for revision in script().walk_revisions()}
    if current not in known:
        todo = "start the newer version, or restore a backup from before it"
        text = f"it is at {current}, made by a newer Watchkeeper"
        return None, Finding("fail", "database", text, todo)
    query = sa.select(conversation.c.id)
    places = {str(row[0]) for row in connection.execute(query)}
    if current != head:
        text = f"at {current}; {head} comes with the next start"
        return places, Finding("look", "database", text, "start the service")
    return places, Finding("ok", "database", f"reachable, tables at {current}")
