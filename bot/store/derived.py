"""What is read off the histories to find things by: it has to lead where they say.

Who could bend it would send a late notice to another incident, or an approval's number
to another history, and every record would still be as it was written.
"""

from collections import defaultdict

import sqlalchemy as sa

from bot.incident import AlertReceived, Incident
from bot.store import codec
from bot.store.schema import condition, delivery, history, incident, micros, reference

_DIGEST = 64  # digits of a delivery's id
_NUMBERED = ("RollbackRequested", "RetrainingRequested", "GateAnswered")


def numbers(db: sa.Connection) -> str:
    """Return the first number that leads to another history than holds it, or ""."""
    expected: dict[str, str] = {}
    rows = sa.select(history).where(history.c.type.in_(_NUMBERED))
    for row in db.execute(rows.order_by(history.c.incident, history.c.seq)):
        try:
            event = codec.read_event(row.type, row.version, row.body)
        except (codec.Unreadable, ValueError):
            continue  # from another version: sealed all the same, but not understood
        expected[codec.number_of(event)] = row.incident
    for row in db.execute(sa.select(incident.c.id, incident.c.group_key)):
        if Incident(id="", group_key=row.group_key, endpoint="").alone:
            expected[row.group_key] = row.id
    there = {row.id: row.incident for row in db.execute(sa.select(reference))}
    for name in sorted(expected.keys() | there.keys()):
        says, ought = there.get(name), expected.get(name)
        if says != ought:
            return f"{name} leads to {says or 'nothing'}, not to {ought or 'nothing'}"
    return ""


class Firings:
    """Collects what the histories say of firings and deliveries; then compares."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        self._named: dict[str, str] = {}  # delivery -> an incident that came from it

    def add(self, found: Incident) -> str:
        """Take an incident of the index up; return what is odd about its group, or ""."""
        for event in found.every(AlertReceived):
            alert = event.alert
            key = (found.group_key, alert.fingerprint, micros(alert.starts_at))
            self._told[key].add(found.id)
            self._named.setdefault(event.delivery, found.id)
        first = next(iter(found.alerts), None)
        ours = found.group_key.startswith("/") and not found.alone
        group = f"{found.endpoint} {first.kind} " if first else ""
        if first and ours and not f"{found.group_key} ".startswith(group):
            return f"the index has another group for {found.id} than its records"
        return ""

    def wrong(self, db: sa.Connection) -> str:
        """Return the first firing or delivery that is not as the histories say, or ""."""
        there: dict[tuple[str, str, int], str] = {
            (row.group_key, row.fingerprint, row.starts_at): row.incident
            for row in db.execute(sa.select(condition))
        }
        for key in sorted(self._told.keys() | there.keys()):
            if there.get(key) not in self._told.get(key, ()):
                held = min(self._told.get(key, ()), default="nobody")
                says = there.get(key, "nobody")
                return (
                    f"the firing of {key[1]} is said to be held by {says}, not {held}"
                )
        return self._deliveries(db)

    def _deliveries(self, db: sa.Connection) -> str:
        kept: set[str] = set(db.execute(sa.select(delivery.c.id)).scalars())
        for name, key in sorted(self._named.items()):
            if len(name) == _DIGEST and name not in kept:
                return f"the delivery {name[:12]}… is gone, from which {key} came"
        return ""


def added(db: sa.Connection) -> str:
    """Return the name of a trigger or view, which none of our tables has, or ""."""
    if db.dialect.name != "sqlite":
        return ""
    query = "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')"
    found = db.exec_driver_sql(query).scalar()
    return (
        f"the database has a trigger or view that is not ours: {found}" if found else ""
    )
