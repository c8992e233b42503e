"""The index of incidents, for a reader who has the database and nothing else."""

from typing import Any

import sqlalchemy as sa

from bot.store.schema import incident, moment


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
