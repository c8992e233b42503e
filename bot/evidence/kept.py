"""Whether the frozen objects are still what the histories name, or deleted on record."""

import json
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from bot.evidence.shelf import digest, object_name
from bot.store.schema import history


def looked_at(db: sa.Connection, folder: Path) -> tuple[int, str]:
    """Return how many objects are right, and the first that is not, in words.

    `folder` is that of the evidence. One that is gone is right where a record says that
    it was deleted; a record that cannot be read is left to the check of the log.
    """
    buried = {d for _, _, digests in _rows(db, "EvidenceExpired") for d in digests}
    seen: set[str] = set()
    kept = (*_rows(db, "EvidenceCollected"), *_captured(db))
    for incident, seq, digests in kept:
        for name in digests:
            if name in seen or name in buried:
                continue
            seen.add(name)
            if odd := _odd(folder, name):
                return len(seen) - 1, f"an object of record {incident}/{seq} {odd}"
    return len(seen), ""


def _odd(folder: Path, name: str) -> str:
    if len(name) != 64 or not name.isalnum():  # noqa: PLR2004 a SHA-256
        return "has no SHA-256 for a name"
    try:
        content = (folder / object_name(name)).read_bytes()
    except FileNotFoundError:
        return f"is gone, and no record says why: {name}"
    except OSError as error:
        return f"cannot be read ({error.strerror}): {name}"
    return "" if digest(content) == name else f"was changed: {name}"


def _captured(db: sa.Connection) -> Iterator[tuple[str, int, list[str]]]:
    """Yield what requests for a rollback were bound to, where it was kept."""
    query = sa.select(history.c.incident, history.c.seq, history.c.body)
    query = query.where(history.c.type == "RollbackRequested")
    for row in db.execute(query.order_by(history.c.incident, history.c.seq)).all():
        try:
            named = json.loads(row.body).get("kept") or ""
        except (ValueError, AttributeError):
            continue
        if named:
            yield row.incident, row.seq, [str(named)]


def _rows(db: sa.Connection, kind: str) -> Iterator[tuple[str, int, list[str]]]:
    query = sa.select(history.c.incident, history.c.seq, history.c.body)
    query = query.where(history.c.type == kind)
    for row in db.execute(query.order_by(history.c.incident, history.c.seq)).all():
        try:
            found = json.loads(row.body)["digests"]
            several = found.values() if isinstance(found, dict) else found
            yield row.incident, row.seq, sorted(map(str, several))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
