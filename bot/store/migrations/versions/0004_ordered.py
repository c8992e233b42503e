"""SQLite keeps deliveries as they come, and indexes the digests of those looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
_COLUMNS = "id, route, body, received_at, state, reason"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return  # whose replicas of either version rely on the key
    op.create_table(
        "delivery_ordered",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("route", sa.String, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.execute(
        f"INSERT INTO delivery_ordered ({_COLUMNS}) "  # noqa: S608 our own
        f"SELECT {_COLUMNS} FROM delivery ORDER BY received_at, id"
    )
    op.drop_table("delivery")
    op.rename_table("delivery_ordered", "delivery")
    op.create_index("delivery_state", "delivery", ["state", "received_at"])
    op.create_index(
        "delivery_settled",
        "delivery",
        ["id"],
        unique=True,
        sqlite_where=sa.text("state <> 'new'"),
    )
