"""Where a request or an answer of the gate stands, by its own number."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
_NUMBERED = {"RollbackRequested": "request", "GateAnswered": "number"}


def upgrade() -> None:
    table = op.create_table(
        "reference",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("incident", sa.String, nullable=False),
    )
    history = sa.table(
        "history", sa.column("incident"), sa.column("type"), sa.column("body")
    )
    rows = op.get_bind().execute(
        sa.select(history).where(history.c.type.in_(sorted(_NUMBERED)))
    )
    found = {json.loads(r.body)[_NUMBERED[r.type]]: r.incident for r in rows}
    op.bulk_insert(table, [{"id": k, "incident": i} for k, i in found.items()])
