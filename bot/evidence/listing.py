"""The index of incidents, for a reader who has the database and nothing else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.schema import incident, micros, moment


def listing(db: sa.Connection, limit: int = 10_000) -> list[dict[str, Any]]:
    """Return one document an incident, newest first."""
    query = sa.select(incident).order_by(incident.c.number.desc()).limit(limit)
    return [
        {
            "id": row.id,
            "endpoint": row.endpoint,
            "status": row.status,
            "request": row.request or None,
            "records": row.revision,
            "opened_at": moment(row.opened_at).isoformat(),
            "updated_at": moment(row.updated_at).isoformat(),
        }
        for row in db.execute(query)
    ]


def of_model(
    db: sa.Connection, names: Sequence[str], period: tuple[datetime, datetime]
) -> list[str]:
    """Return what a pack over endpoints is made of: keys of incidents and ledgers.

    `names` are ARM ids or short names. An incident counts that was open at any time in
    the period, as far as its last record tells. An endpoint named by its id is in the
    pack without one too: that nothing happened is evidence.
    """
    wanted = {name.lower() for name in names}
    query = (
        sa.select(incident.c.id, incident.c.endpoint)
        .where(incident.c.opened_at < micros(period[1]))
        .where(
            (incident.c.updated_at >= micros(period[0]))
            | (incident.c.status != "resolved")
        )
        .order_by(incident.c.number)
    )
    rows = [r for r in db.execute(query) if _is(r.endpoint, wanted)]
    named = {name for name in wanted if name.startswith("/")}
    endpoints = sorted({r.endpoint for r in rows} | named)
    return [r.id for r in rows] + [f"E:{endpoint}" for endpoint in endpoints]


def _is(endpoint: str, wanted: set[str]) -> bool:
    return endpoint in wanted or endpoint.rsplit("/", 1)[-1] in wanted
