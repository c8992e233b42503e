"""What is read off the histories to find things by: it has to lead where they say.

Who could bend it would send a late notice to another incident, or an approval's number
to another history, and every record would still be as it was written.
"""

from collections import defaultdict

import sqlalchemy as sa

from bot.incident import AlertReceived, Incident
from bot.store import codec
from bot.store.schema import (
    condition,
    delivery,
    history,
    incident,
    metadata,
    micros,
    reference,
)

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
    """Return the name of a trigger, view or rule, which none of our tables has, or "".

    Such a thing answers queries with other rows than are stored, or changes what is
    written. On PostgreSQL also a policy that hides rows, and a table of our name in
    another schema, which the search path may find first.
    """
    if db.dialect.name == "sqlite":
        found = db.exec_driver_sql(_ADDED_SQLITE).scalar()
    else:
        names = {"names": [*metadata.tables]}
        found = db.execute(sa.text(_ADDED_POSTGRESQL), names).scalar()
    return f"the database has {found}, which is not ours" if found else ""


_ADDED_SQLITE = """
SELECT 'the ' || type || ' ' || name FROM sqlite_master
WHERE type IN ('trigger', 'view') ORDER BY name LIMIT 1
"""
_ADDED_POSTGRESQL = """
WITH ours AS (
    SELECT c.oid, c.relname, c.relkind, c.relnamespace, c.relrowsecurity
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = ANY(:names) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
)
SELECT what FROM (
    SELECT 'the trigger ' || t.tgname AS what
    FROM pg_trigger t JOIN ours ON ours.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'the rule ' || r.rulename
    FROM pg_rewrite r JOIN ours ON ours.oid = r.ev_class WHERE ours.relkind <> 'v'
    UNION ALL
    SELECT 'something else in the place of the table ' || relname
    FROM ours WHERE relkind <> 'r'
    UNION ALL
    SELECT 'row security on the table ' || relname FROM ours WHERE relrowsecurity
    UNION ALL
    SELECT 'a second table ' || relname
    FROM ours GROUP BY relname HAVING count(*) > 1
) AS found ORDER BY what LIMIT 1
"""
