"""What we keep: reachable, with which tables and rights. Nothing is made or changed."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext

from bot.azure.database import password
from bot.check.finding import Finding
from bot.settings import Settings
from bot.store import CannotOpen
from bot.store.engine import create
from bot.store.log import Head, newest
from bot.store.migrate import script
from bot.store.schema import conversation, counter
from bot.store.store import BEATS

_GRANTS = "run `watchkeeper store grant ROLE` as serve: deploy/README.md, Database"
SILENT = timedelta(minutes=2)  # it reports every ten seconds
_RIGHTS = sa.text("SELECT has_table_privilege('history', :right)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the database tells of itself.

    `places`: conversations, and the address of Teams for each; None: it cannot tell.
    """

    findings: tuple[Finding, ...]
    places: Mapping[str, str] | None = None
    head: Head | None = None


def database(settings: Settings, *, talks: bool = True) -> Found:
    """Look at the database as `serve` (`talks`) or `execute` would open it."""
    about, url = "database", settings.database_url
    file = url.removeprefix("sqlite:///")
    try:
        if url.startswith("sqlite") and not Path(file).exists():
            return Found(findings=(_to_be_made(Path(file)),))
        with password(settings.database_identity) as token:
            engine = create(url, token)
            try:
                with engine.connect() as connection:
                    found = _tables(connection)
                    if found.places is not None and talks:
                        seen = (*found.findings, _executor(connection))
                        found = replace(found, findings=seen)
                    if found.places is None or engine.dialect.name != "postgresql":
                        return found
                    rights = _rights(connection, talks=talks)
                    return replace(found, findings=(*found.findings, rights))
            finally:
                engine.dispose()
    except CannotOpen as error:
        finding = Finding("fail", about, str(error), "mend DATABASE_URL")
    except OSError as error:
        finding = Finding("fail", about, str(error.strerror), "mend DATABASE_URL")
    except sa.exc.SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        todo = "is the server up, and may this identity sign in? deploy/README.md, Database"
        finding = Finding("fail", about, f"it does not answer ({kind})", todo)
    return Found(findings=(finding,))


def _to_be_made(file: Path) -> Finding:
    """Return whether the first start can make the file, or the folders above it."""
    there = next(p for p in file.absolute().parents if p.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding("ok", "database", f"{file} will be made at the first start")
    todo = "let this user write there, or mend DATABASE_URL"
    return Finding("fail", "database", f"{there} cannot be written to", todo)


def _tables(connection: sa.Connection) -> Found:
    about = "database"
    current = MigrationContext.configure(connection).get_current_revision()
    steps = script()
    if current is None:
        text = "reachable and empty: tables will be made at the first start"
        return Found(findings=(Finding("ok", about, text),))
    if current not in {revision.revision for revision in steps.walk_revisions()}:
        todo = "start the newer version, or restore a backup from before it"
        text = f"it is at {current}, made by a newer Watchkeeper"
        return Found(findings=(Finding("fail", about, text, todo),))
    query = sa.select(conversation.c.id, conversation.c.reference)
    rows = connection.execute(query).all()
    kept = {str(row[0]): json.loads(str(row[1])) for row in rows}
    places = {key: str(found.get("serviceUrl") or "") for key, found in kept.items()}
    finding = Finding("ok", about, f"reachable, tables at {current}")
    if current != (head := steps.get_current_head()):
        text = f"at {current}; {head} comes with the next start"
        finding = Finding("look", about, text, "start the service")
    return Found(findings=(finding,), places=places, head=newest(connection))


def _executor(connection: sa.Connection) -> Finding:
    """Return whether the process that carries out what is approved has reported."""
    about, todo = (
        "executor",
        "start `watchkeeper execute`: nothing is carried out without",
    )
    query = sa.select(counter.c.value).where(counter.c.name == BEATS["executor"])
    found = connection.execute(query).scalar()
    if not found:
        return Finding("look", about, "none has ever reported", todo)
    at = datetime.fromtimestamp(found, UTC)
    age = datetime.now(UTC) - at
    if age > SILENT:
        text = f"none has reported since {at:%Y-%m-%d %H:%M} UTC"
        return Finding("look", about, text, todo)
    return Finding("ok", about, f"reported {max(age.total_seconds(), 0):.0f} s ago")


def _rights(connection: sa.Connection, *, talks: bool) -> Finding:
    """Return whether this role may append to the history, and the executor no more."""

    def may(right: str) -> bool:
        return bool(connection.execute(_RIGHTS, {"right": right}).scalar())

    about = "rights in the database"
    if missing := [right for right in ("SELECT", "INSERT") if not may(right)]:
        return Finding(
            "fail", about, f"missing on history: {', '.join(missing)}", _GRANTS
        )
    if talks:
        return Finding("ok", about, "it may append to the history")
    if more := [right for right in ("UPDATE", "DELETE", "TRUNCATE") if may(right)]:
        text = f"it may also {', '.join(more)} the history: it could hide what it did"
        return Finding("look", about, text, f"give it a role of its own; {_GRANTS}")
    return Finding(
        "ok", about, "it may append to the history, and change nothing in it"
    )
