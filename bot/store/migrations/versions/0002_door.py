"""Where each firing of a condition was put, and which effect is more urgent."""

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from bot.store.schema import micros

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "outbox", sa.Column("rank", sa.Integer, nullable=False, server_default="0")
    )
    condition = op.create_table(
        "condition",
        sa.Column("group_key", sa.String, primary_key=True),
        sa.Column("fingerprint", sa.String, primary_key=True),
        sa.Column("starts_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("incident", sa.String, nullable=False),
    )
    rows = _conditions(op.get_bind())
    if rows:
        op.bulk_insert(condition, rows)


def _conditions(db: sa.Connection) -> list[dict[str, object]]:
    """Return what the histories say; the first incident that held a firing keeps it."""
    query = sa.text(
        "SELECT i.id, i.group_key, h.body FROM history h "
        "JOIN incident i ON i.id = h.incident "
        "WHERE h.type = 'AlertReceived' ORDER BY i.number, h.seq"
    )
    found: dict[tuple[str, str, int], str] = {}
    for row in db.execute(query):
        alert = json.loads(str(row.body))["alert"]
        start = micros(datetime.fromisoformat(alert["starts_at"]))
        found.setdefault((str(row.group_key), alert["fingerprint"], start), str(row.id))
    return [
        {"group_key": g, "fingerprint": f, "starts_at": s, "incident": i}
        for (g, f, s), i in found.items()
    ]
