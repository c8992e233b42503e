"""The statements; each runs inside its caller's transaction."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.incident import Event, Follow, Incident
from bot.store import codec
from bot.store.records import Conflict, Deposed
from bot.store.schema import (
    counter,
    delivery,
    history,
    incident,
    micros,
    outbox,
    reference,
    unsealed,
)


def insert_once(db: sa.Connection, table: sa.Table, row: dict[str, Any]) -> None:
    """Insert, or leave the row that is there."""
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    db.execute(dialect.insert(table).values(row).on_conflict_do_nothing())


def settle(db: sa.Connection, key: str, state: str, reason: str) -> None:
    row = sa.update(delivery).where(delivery.c.id == key)
    db.execute(row.values(state=state, reason=reason))


def fence(db: sa.Connection, role: str, epoch: int) -> None:
    """Raise Deposed unless `epoch` is still the newest leader's."""
    query = sa.select(counter.c.value).where(counter.c.name == f"epoch:{role}")
    if db.execute(query.with_for_update(read=True)).scalar() != epoch:
        raise Deposed(role)


def next_number(db: sa.Connection, name: str) -> int:
    row = sa.update(counter).where(counter.c.name == name)
    one_more = row.values(value=counter.c.value + 1).returning(counter.c.value)
    found = db.execute(one_more).scalar()
    if found is None:
        insert_once(db, counter, {"name": name, "value": 0})
        found = db.execute(one_more).scalar_one()
    return int(found)


def load(db: sa.Connection, key: str) -> Incident | None:
    row = db.execute(sa.select(incident).where(incident.c.id == key)).one_or_none()
    if row is None:
        return None
    return Incident(
        id=key,
        group_key=row.group_key,
        endpoint=row.endpoint,
        history=_history(db, key),
    )


def ledger(db: sa.Connection, endpoint: str) -> Incident:
    """Return the endpoint's own history; it has no line in the index of incidents."""
    key = f"E:{endpoint}"
    return Incident(id=key, group_key=key, endpoint=endpoint, history=_history(db, key))


def of_number(db: sa.Connection, name: str) -> Incident | None:
    """Return the incident, or the endpoint's history, that holds "R-7" or "G-3"."""
    query = sa.select(reference.c.incident).where(reference.c.id == name)
    key = db.execute(query).scalar()
    if key is None:
        return None
    return ledger(db, key[2:]) if key.startswith("E:") else load(db, key)


def _history(db: sa.Connection, key: str) -> tuple[Event, ...]:
    query = sa.select(history).where(history.c.incident == key).order_by(history.c.seq)
    return tuple(codec.read_event(e.type, e.version, e.body) for e in db.execute(query))


def newest(db: sa.Connection, group_key: str) -> Incident | None:
    query = (
        sa.select(incident.c.id)
        .where(incident.c.group_key == group_key)
        .order_by(incident.c.number.desc())
        .limit(1)
    )
    key = db.execute(query).scalar()
    return load(db, key) if key else None


def append(db: sa.Connection, before: Incident, events: Sequence[Event]) -> Incident:
    number = None
    key = before.id
    if not key:
        number = next_number(db, "incident")
        key = f"A-{number}"
    after = Incident(
        id=key,
        group_key=before.group_key,
        endpoint=before.endpoint,
        history=(*before.history, *events),
    )
    rows = [
        {
            "incident": key,
            "seq": seq,
            "type": type(event).__name__,
            "version": codec.VERSION,
            "at": micros(event.at),
            "body": codec.dump(event),
        }
        for seq, event in enumerate(events, before.revision + 1)
    ]
    try:
        if rows:
            db.execute(sa.insert(history), rows)
            db.execute(
                sa.insert(unsealed),
                [{"incident": key, "seq": row["seq"]} for row in rows],
            )
    except sa.exc.IntegrityError as error:
        raise Conflict(key) from error
    numbers = filter(None, map(codec.number_of, events))
    for name in numbers:
        db.execute(sa.insert(reference).values(id=name, incident=key))
    index(db, after, number)
    return after


def index(db: sa.Connection, after: Incident, number: int | None) -> None:
    values = {
        "status": after.status,
        "revision": after.revision,
        "request": after.request.request if after.request else "",
        "updated_at": micros(after.history[-1].at),
    }
    if number is None:
        db.execute(sa.update(incident).where(incident.c.id == after.id).values(values))
        return
    values |= {"id": after.id, "number": number, "group_key": after.group_key}
    values |= {"endpoint": after.endpoint, "opened_at": micros(after.opened_at)}
    db.execute(sa.insert(incident).values(values))


def queue(db: sa.Connection, about: str, follow: Follow) -> None:
    role = "executor" if isinstance(follow.effect, codec.EXECUTORS) else "driver"
    row = {
        "incident": about,
        "role": role,
        "type": type(follow.effect).__name__,
        "body": codec.dump(follow.effect),
        "state": "due",
        "due_at": micros(follow.due_at),
        "attempts": 0,
        "error": "",
    }
    db.execute(sa.insert(outbox).values(row))
