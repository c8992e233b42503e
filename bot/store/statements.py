"""The statements; each runs inside its caller's transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.approval.awaited import ExecutorSilent
from bot.approval.retraining import RetrainingImpossible, RetrainingSubmitted
from bot.incident import (
    AlertReceived,
    EvaluateSignals,
    Event,
    Fold,
    Follow,
    Incident,
    Listen,
    Reconcile,
    RollbackImpossible,
    RollbackStale,
    ShiftFailed,
    ShiftInterrupted,
    ShowCard,
    TrafficShifted,
)
from bot.store import codec
from bot.store.recent import Recent
from bot.store.records import Conflict, Deposed
from bot.store.schema import (
    LATEST,
    condition,
    counter,
    delivery,
    history,
    incident,
    micros,
    moment,
    outbox,
    reference,
    settled,
    unsealed,
    waiting,
)

T = TypeVar("T")
# Each looks at the whole incident: one that still waits does for a later event as well.
ONCE = (EvaluateSignals, ShowCard, Fold, Listen, Reconcile)
# What nobody waits for at a screen; the rest goes first whatever it is about.
RANKED = (EvaluateSignals, ShowCard)
# Nobody's own words, but the answer to somebody who has asked for it or approved it.
AWAITED = (
    RollbackImpossible,
    RollbackStale,
    TrafficShifted,
    ShiftFailed,
    ShiftInterrupted,
    ExecutorSilent,
    RetrainingImpossible,
    RetrainingSubmitted,
)
MOST = 500  # names in one query


def insert_once(db: sa.Connection, table: sa.Table, row: dict[str, Any]) -> None:
    """Insert, or leave the row that is there."""
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    db.execute(dialect.insert(table).values(row).on_conflict_do_nothing())


def settle(db: sa.Connection, reasons: Mapping[str, str], until: int = LATEST) -> None:
    """Mark deliveries that wait as taken, or as unhandled where there is a reason."""
    by_reason: dict[str, list[str]] = {}
    for key, why in sorted(reasons.items()):
        by_reason.setdefault(why, []).append(key)
    for why, keys in by_reason.items():
        state = "unhandled" if why else "taken"
        for some in portions(keys):
            row = sa.update(delivery).where(waiting, delivery.c.received_at <= until)
            these = row.where(delivery.c.id.in_(some))
            db.execute(these.values(state=state, reason=why))


def received_at(db: sa.Connection, key: str) -> int | None:
    """Return when a delivery came, looked at or not; None: there is none."""
    came = sa.select(delivery.c.received_at).where(delivery.c.id == key)
    for where in (settled, waiting):
        if (at := db.execute(came.where(where)).scalar()) is not None:
            return int(at)
    return None


def conditions(
    db: sa.Connection, group_key: str, fingerprints: Collection[str]
) -> dict[str, dict[datetime, str]]:
    """Return by fingerprint which incident holds each firing, by its start."""
    found: dict[str, dict[datetime, str]] = {}
    for names in portions(sorted(fingerprints)):
        query = sa.select(condition).where(
            condition.c.group_key == group_key,
            condition.c.fingerprint.in_(names),
        )
        for row in db.execute(query):
            starts = found.setdefault(row.fingerprint, {})
            starts[moment(row.starts_at)] = row.incident
    return found


def heard(db: sa.Connection, fingerprints: Collection[str]) -> dict[str, list[str]]:
    """Return by fingerprint the incidents that know it, oldest firing first."""
    found: dict[str, list[str]] = {}
    for names in portions(sorted(fingerprints)):
        query = sa.select(condition).where(condition.c.fingerprint.in_(names))
        for row in db.execute(query.order_by(condition.c.starts_at)):
            found.setdefault(row.fingerprint, []).append(row.incident)
    return found


def portions(many: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield a long list in parts that a statement can hold."""
    for n in range(0, len(many), MOST):
        yield many[n : n + MOST]


def park(db: sa.Connection, job: int, why: str) -> None:
    row = sa.update(outbox).where(outbox.c.id == job)
    db.execute(row.values(state="parked", error=why))


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


def load(db: sa.Connection, key: str, recent: Recent) -> Incident | None:
    row = db.execute(sa.select(incident).where(incident.c.id == key)).one_or_none()
    if row is None:
        return None
    return Incident(
        id=key,
        group_key=row.group_key,
        endpoint=row.endpoint,
        history=recent.history(key, lambda after: _history(db, key, after)),
    )


def ledger(db: sa.Connection, endpoint: str) -> Incident:
    """Return the endpoint's own history; it has no line in the index of incidents."""
    key = f"E:{endpoint}"
    return Incident(id=key, group_key=key, endpoint=endpoint, history=_history(db, key))


def of_number(db: sa.Connection, name: str, recent: Recent) -> Incident | None:
    """Return the incident, or the endpoint's history, that holds "R-7" or "G-3"."""
    query = sa.select(reference.c.incident).where(reference.c.id == name)
    key = db.execute(query).scalar()
    if key is None:
        return None
    return ledger(db, key[2:]) if key.startswith("E:") else load(db, key, recent)


def journal(db: sa.Connection, conversation: str) -> Incident:
    """Return the history of a conversation: what was said there of many incidents."""
    key = f"C:{conversation}"
    return Incident(id=key, group_key=key, endpoint="", history=_history(db, key))


def _history(db: sa.Connection, key: str, after: int = 0) -> tuple[Event, ...]:
    query = sa.select(history).where(history.c.incident == key, history.c.seq > after)
    rows = db.execute(query.order_by(history.c.seq))
    return tuple(codec.read_event(e.type, e.version, e.body) for e in rows)


def group(
    db: sa.Connection, group_key: str, keys: Collection[str], recent: Recent
) -> list[Incident]:
    found = newest(db, group_key, recent)
    several = [found] if found else []
    known = {i.id for i in several}
    others = (load(db, key, recent) for key in sorted(set(keys) - known))
    return [*several, *(i for i in others if i is not None)]


def newest(db: sa.Connection, group_key: str, recent: Recent) -> Incident | None:
    query = (
        sa.select(incident.c.id)
        .where(incident.c.group_key == group_key)
        .order_by(incident.c.number.desc())
        .limit(1)
    )
    key = db.execute(query).scalar()
    return load(db, key, recent) if key else None


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
    rows = [_row(key, seq, e) for seq, e in enumerate(events, before.revision + 1)]
    try:
        if number is not None and before.alone:
            once = sa.insert(reference).values(id=before.group_key, incident=key)
            db.execute(once)
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
    _remember(db, after, events)
    return after


def note(db: sa.Connection, key: str, event: Event) -> None:
    """Append to a journal whose past nobody needs: it is not read for it."""
    last = sa.select(sa.func.max(history.c.seq)).where(history.c.incident == key)
    row = _row(key, (db.execute(last).scalar() or 0) + 1, event)
    db.execute(sa.insert(history), row)
    db.execute(sa.insert(unsealed), {"incident": key, "seq": row["seq"]})


def _row(key: str, seq: int, event: Event) -> dict[str, Any]:
    return {
        "incident": key,
        "seq": seq,
        "type": type(event).__name__,
        "version": codec.VERSION,
        "at": micros(event.at),
        "body": codec.dump(event),
    }


def _remember(db: sa.Connection, after: Incident, events: Sequence[Event]) -> None:
    """Note where each firing is kept; the first incident that held it keeps it."""
    alerts = [e.alert for e in events if isinstance(e, AlertReceived)]
    firings = sorted({(a.fingerprint, micros(a.starts_at)) for a in alerts})
    if not firings:
        return
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    rows = [
        {
            "group_key": after.group_key,
            "fingerprint": fingerprint,
            "starts_at": start,
            "incident": after.id,
        }
        for fingerprint, start in firings
    ]
    db.execute(dialect.insert(condition).on_conflict_do_nothing(), rows)


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


def urgency(after: Incident, events: Sequence[Event]) -> int:
    """Return the rank of what follows: a first card before all edits, people before all.

    Sev0 has 0, other severities their own number; 4 more where the card stands already.
    """
    waited = any(event.by or isinstance(event, AWAITED) for event in events)
    if after.severity == 0 or waited:
        return 0
    return after.severity + (4 if after.card else 0)


def queue(db: sa.Connection, about: str, follow: Follow, rank: int = 0) -> None:
    """Queue an effect about an incident, or about something else.

    One that waits untried serves the later event too. Locking its row makes sure of it:
    whoever begins it afterwards reads what we write now.
    """
    rank = rank if isinstance(follow.effect, RANKED) else 0
    row = {
        "incident": about,
        "role": "executor" if isinstance(follow.effect, codec.EXECUTORS) else "driver",
        "type": type(follow.effect).__name__,
        "body": codec.dump(follow.effect),
    }
    if isinstance(follow.effect, ONCE) and _waits(db, row, micros(follow.due_at), rank):
        return
    when = {"due_at": micros(follow.due_at), "rank": rank, "attempts": 0}
    db.execute(sa.insert(outbox).values({**row, **when, "state": "due", "error": ""}))


def _waits(db: sa.Connection, row: Mapping[str, str], due: int, rank: int) -> bool:
    """Return whether such an effect waits; it is now as urgent and early as this one.

    A card that was set back on purpose comes sooner only when it has become more urgent.
    """
    same = [outbox.c[name] == value for name, value in row.items()]
    query = sa.update(outbox).where(*same, outbox.c.state == "due")
    sooner = outbox.c.due_at > due
    if row["type"] == ShowCard.__name__:
        sooner = sa.and_(sooner, outbox.c.rank > rank)
    waits = query.where(outbox.c.attempts == 0).values(
        due_at=sa.case((sooner, due), else_=outbox.c.due_at),
        rank=sa.case((outbox.c.rank > rank, rank), else_=outbox.c.rank),
    )
    return db.execute(waits).rowcount > 0
