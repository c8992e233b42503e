"""Calls on record: when each came and what came of it, so that the log seals that too."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.approval.oversight import DELIVERIES, DeliveriesTaken, Taken
from bot.store import codec, statements
from bot.store.schema import LATEST, delivery, history, moment, waiting

_JOURNALS = f"C:{DELIVERIES}%"


def record(
    db: sa.Connection, reasons: Mapping[str, str], at: datetime, until: int = LATEST
) -> None:
    """Put on record which deliveries are looked at; `reasons` by id, "" where none.

    In the transaction that settles them, and before it does.
    """
    query = sa.select(delivery.c.id, delivery.c.received_at)
    query = query.where(waiting, delivery.c.received_at <= until)
    ordered = query.order_by(delivery.c.id, delivery.c.received_at)
    found: dict[str, Taken] = {}
    for keys in statements.portions(sorted(reasons)):
        for row in db.execute(ordered.where(delivery.c.id.in_(keys))).all():
            if row.id in found:
                _one_of(db, row.id)
                continue
            came = moment(row.received_at)
            taken = Taken(id=row.id, received_at=came, reason=reasons[row.id])
            found[row.id] = taken
    if not found:
        return
    deliveries = tuple(found.values())
    key = f"C:{DELIVERIES}{at:%Y-%m-%d}"
    event = DeliveriesTaken(at=at, deliveries=deliveries, before=_before(db, key))
    statements.note(db, key, event)


def _one_of(db: sa.Connection, key: str) -> None:
    """Keep the first of the rows with one id: two processes wrote to SQLite at once."""
    same = sa.and_(waiting, delivery.c.id == key)
    first = sa.select(sa.func.min(delivery.c.received_at)).where(same)
    db.execute(
        sa.delete(delivery).where(
            same, delivery.c.received_at > first.scalar_subquery()
        )
    )
    row: sa.ColumnElement[int] = sa.literal_column("rowid")
    lowest = sa.select(sa.func.min(row)).select_from(delivery).where(same)
    db.execute(sa.delete(delivery).where(same, row > lowest.scalar_subquery()))


def _before(db: sa.Connection, key: str) -> int:
    """Return how many were settled with no record, when this will be the first."""
    today = sa.select(history.c.seq).where(history.c.incident == key).limit(1)
    # All days are looked through once a day.
    if db.execute(today).first() or db.execute(_records().limit(1)).first():
        return 0
    settled = delivery.c.state != "new"
    count = sa.select(sa.func.count()).select_from(delivery).where(settled)
    return int(db.execute(count).scalar_one())


def wrong(db: sa.Connection) -> str:
    """Return the first delivery that is not as its record has it, "" when all are.

    One that waits to be looked at has no record yet.
    """
    told: dict[str, Taken] = {}
    before = 0
    for row in db.execute(_records()):
        try:
            event = codec.read_event(row.type, row.version, row.body)
        except (codec.Unreadable, ValueError):
            return ""  # from another version: sealed all the same, but not understood
        if isinstance(event, DeliveriesTaken):
            told |= {each.id: each for each in event.deliveries}
            before += event.before
    return _compared(db, told, before) if told else ""


def _compared(db: sa.Connection, told: dict[str, Taken], before: int) -> str:
    unknown = []
    for row in _listed(db):
        each = told.pop(row.id, None)
        if each is None:
            unknown += [row.id] if row.state != "new" else []
        elif moment(row.received_at) != each.received_at:
            return f"the delivery {row.id[:12]}… has another time than its record"
        elif (row.state, row.reason) != (_state(each), each.reason):
            return f"the delivery {row.id[:12]}… has another end than its record"
    if told:
        return f"the delivery {min(told)[:12]}… is gone, and its record is not"
    if unknown and not before:
        return f"the delivery {unknown[0][:12]}… has no record that it was looked at"
    if len(unknown) != before:
        return (
            f"{len(unknown)} deliveries have no record that they were looked at, "
            f"where {before} came before there were such records"
        )
    return ""


def _state(each: Taken) -> str:
    return "unhandled" if each.reason else "taken"


def _records() -> sa.Select[Any]:
    query = sa.select(history).where(history.c.incident.like(_JOURNALS))
    return query.order_by(history.c.incident, history.c.seq)


def _listed(db: sa.Connection) -> Iterator[Any]:
    columns = (delivery.c.id, delivery.c.received_at, delivery.c.state)
    query = sa.select(*columns, delivery.c.reason).order_by(delivery.c.id)
    with db.execute(query.execution_options(yield_per=5000)) as found:
        yield from found
