"""What lies beside the log: the index over the histories, and the bytes that came in.

Neither is sealed. The index has to say what the records say; a delivery has to be what
its id is the digest of, and once it was looked at there is a record of it.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from bot.incident import EvidenceCollected, Incident
from bot.store import codec, taken
from bot.store.derived import Firings, added, numbers
from bot.store.schema import delivery, history, incident, unsealed
from bot.store.store import digest

# Events that neither state nor request of an incident is read off, and long ones.
_IDLE = ("SignalsEvaluated", "CardShown", "ChangesFound", "OutcomeWatched", "CardLost")


def wrong(db: sa.Connection) -> str:
    """Return the first thing that is not as the records have it, "" when all is."""
    rows = (_rows, _empty, _waiting, _times, _states, numbers)
    checks = (added, *rows, _deliveries, taken.wrong)
    return next((words for check in checks if (words := check(db))), "")


def _rows(db: sa.Connection) -> str:
    """Look for a history with a gap, or of another length than the index says.

    That of an endpoint ("E:…") or a conversation ("C:…") has no line in the index.
    """
    own = sa.or_(history.c.incident.like("E:%"), history.c.incident.like("C:%"))
    last = (
        sa.select(
            history.c.incident,
            sa.func.count().label("rows"),
            sa.func.min(history.c.seq).label("first"),
            sa.func.max(history.c.seq).label("last"),
            sa.case((own, 1), else_=0).label("own"),
        )
        .group_by(history.c.incident)
        .subquery()
    )
    listed = sa.and_(
        last.c.own == 0,
        incident.c.revision.is_(None) | (incident.c.revision != last.c.last),
    )
    query = (
        sa.select(last, incident.c.revision)
        .outerjoin(incident, incident.c.id == last.c.incident)
        .where((last.c.rows != last.c.last) | (last.c.first != 1) | listed)
        .order_by(last.c.incident)
        .limit(1)
    )
    found = db.execute(query).one_or_none()
    if found is None:
        return ""
    says = "" if found.own else f", and the index says {found.revision}"
    return f"{found.incident} has {found.rows} rows, the last is {found.last}{says}"


def _empty(db: sa.Connection) -> str:
    known = sa.select(history.c.incident)
    query = sa.select(incident.c.id).where(incident.c.id.not_in(known))
    found = db.execute(query.order_by(incident.c.number).limit(1)).scalar()
    return f"the index lists {found}, of which no record is left" if found else ""


def _waiting(db: sa.Connection) -> str:
    """Look for a record that waits to be sealed, and is none."""
    same = sa.and_(
        history.c.incident == unsealed.c.incident, history.c.seq == unsealed.c.seq
    )
    query = sa.select(unsealed).outerjoin(history, same).where(history.c.seq.is_(None))
    found = db.execute(query.limit(1)).one_or_none()
    return f"record {found.incident}/{found.seq} waited and is gone" if found else ""


def _times(db: sa.Connection) -> str:
    first, last = history.alias("first"), history.alias("last")
    opened = sa.and_(first.c.incident == incident.c.id, first.c.seq == 1)
    updated = sa.and_(
        last.c.incident == incident.c.id, last.c.seq == incident.c.revision
    )
    query = (
        sa.select(incident.c.id)
        .join(first, opened)
        .join(last, updated)
        .where(
            (first.c.at != incident.c.opened_at) | (last.c.at != incident.c.updated_at)
        )
        .order_by(incident.c.number)
        .limit(1)
    )
    found = db.execute(query).scalar()
    return f"the index has other times for {found} than its records" if found else ""


def _states(db: sa.Connection) -> str:
    """Look for a state, request, endpoint or number that the records do not give."""
    firings, unread = Firings(), False
    for key, several in groupby(_told(db), lambda row: str(row.id)):
        rows = [*several]
        listed = rows[0]
        try:
            events = tuple(
                codec.read_event(r.type, r.version, r.body) for r in rows if r.type
            )
        except (codec.Unreadable, ValueError):
            unread = True
            continue  # from another version: sealed all the same, but not understood
        read = Incident(
            id=key,
            endpoint=listed.endpoint,
            group_key=listed.group_key,
            history=events,
        )
        if odd := firings.add(read):
            return odd
        says = {
            "status": (listed.status, read.status),
            "request": (
                listed.request,
                read.request.request if read.request else "",
            ),
            "number": (key, f"A-{listed.number}"),
        }
        if kept := read.last(EvidenceCollected):
            says["endpoint"] = (listed.endpoint, kept.endpoint)
        for what, (index, records) in says.items():
            if index != records:
                return (
                    f"the index has another {what} for {key} than its records: "
                    f"{index or 'none'}, not {records or 'none'}"
                )
    return "" if unread else firings.wrong(db)


def _told(db: sa.Connection) -> Iterator[Any]:
    own = sa.and_(history.c.incident == incident.c.id, history.c.type.not_in(_IDLE))
    query = (
        sa.select(incident, history.c.type, history.c.version, history.c.body)
        .outerjoin(history, own)
        .order_by(incident.c.id, history.c.seq)
    )
    with db.execute(query.execution_options(yield_per=5000)) as found:
        yield from found


def _deliveries(db: sa.Connection) -> str:
    query = sa.select(delivery.c.id, delivery.c.route, delivery.c.body)
    ordered = query.order_by(delivery.c.received_at, delivery.c.id)
    with db.execute(ordered.execution_options(yield_per=1000)) as found:
        for row in found:
            if digest(row.route, row.body) != row.id:
                return f"the delivery {row.id[:12]}… was changed"
    return ""
