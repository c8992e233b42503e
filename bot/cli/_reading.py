"""Readings at the command line: recorded in the database before anything is given away."""

import getpass
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.cli._place import Place, refuse

if TYPE_CHECKING:
    import sqlalchemy as sa

    from bot.approval.oversight import EvidenceRead
    from bot.incident import Actor

_TRIES = 8  # when a service writes to the same journal at this moment


def noted(
    command: str, place: Place, endpoints: Iterable[str], of: str, how: str
) -> None:
    """Record that who runs this command reads `of`; end with 2 where it cannot be.

    The service may run meanwhile: it is one more row of a journal, and no table is
    changed, so that an old database stays as old as it is.
    """
    import sqlalchemy as sa  # noqa: PLC0415 `--help` stays quick

    from bot.approval.oversight import EvidenceRead  # noqa: PLC0415
    from bot.store import CannotOpen, Conflict  # noqa: PLC0415
    from bot.store.engine import create  # noqa: PLC0415

    read = EvidenceRead(at=datetime.now(UTC), by=who(), of=of[:40], how=how)
    try:
        engine = create(place.database)
        try:
            for endpoint in sorted(set(endpoints)):
                _append(engine, endpoint, read)
        finally:
            engine.dispose()
    except (CannotOpen, Conflict, sa.exc.SQLAlchemyError) as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        if isinstance(error, Conflict):
            why = "its row is refused"
        refuse(
            f"evidence {command}",
            f"this reading cannot be recorded, so nothing is given away ({why}); "
            "with a database that cannot be written to, take a copy of it",
        )


def _append(engine: "sa.Engine", endpoint: str, read: "EvidenceRead") -> None:
    from bot.approval.oversight import readers_of  # noqa: PLC0415
    from bot.store import Conflict, statements  # noqa: PLC0415

    for left in reversed(range(_TRIES)):
        try:
            with engine.begin() as db:
                journal = statements.journal(db, readers_of(endpoint, read.at))
                statements.append(db, journal, [read])
        except Conflict:
            if not left:
                raise
        else:
            return


def who() -> "Actor":
    """Return who runs the command: a person of this machine, not of the tenant."""
    from bot.incident import Actor  # noqa: PLC0415

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = "unknown"
    return Actor("command line", user, f"{user} (command line)")
