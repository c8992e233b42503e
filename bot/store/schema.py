"""The tables. Times are whole microseconds since 1970 UTC: they sort alike everywhere."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

metadata = sa.MetaData()
LATEST = 2**63 - 1  # later than all times
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICRO


def moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


# What came in, byte for byte. The id is the digest of route and body: a repeat is the
# same row. SQLite's table has no key: rows lie as they come, and the digest of one is
# indexed once it was looked at, for its place in the index is a page of its own to flush.
delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("route", sa.String, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String, nullable=False),  # new, taken, unhandled
    sa.Column("reason", sa.String, nullable=False),  # why it is unhandled
    sa.Index("delivery_state", "state", "received_at"),
    sa.Index(
        "delivery_settled", "id", unique=True, sqlite_where=sa.text("state <> 'new'")
    ).ddl_if("sqlite"),
)
# As it has to be written for SQLite to use the index of digests.
waiting = sa.literal_column("delivery.state") == sa.literal_column("'new'")
settled = sa.literal_column("delivery.state") != sa.literal_column("'new'")

# What happened. (incident, seq) lets one of two writers win. Rows are never changed.
history = sa.Table(
    "history",
    metadata,
    sa.Column("incident", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("body", sa.String, nullable=False),  # JSON, kept as it was written
)

# An index over the histories; it can be made anew from them.
incident = sa.Table(
    "incident",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, unique=True),
    sa.Column("group_key", sa.String, nullable=False),
    sa.Column("endpoint", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("request", sa.String, nullable=False),  # newest rollback request or ""
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Index("incident_group", "group_key", "number"),
    sa.Index("incident_request", "request"),
)

# Whose history holds what has a number of its own: a request, an answer of the gate.
reference = sa.Table(
    "reference",
    metadata,
    sa.Column("id", sa.String, primary_key=True),  # "R-7", "G-3"
    sa.Column("incident", sa.String, nullable=False),  # key of the history
)

# What must still be done. Gone when done; kept when parked.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("incident", sa.String, nullable=False),  # "" when about none
    sa.Column("role", sa.String, nullable=False),  # who performs it: driver, executor
    sa.Column("type", sa.String, nullable=False),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),  # due, parked
    sa.Column("due_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),  # begun, not ended
    sa.Column("error", sa.String, nullable=False),
    # Severity of what it is about; 0 also for what a person waits for. Lowest first.
    sa.Column("rank", sa.Integer, nullable=False, server_default="0"),
    sa.Index("outbox_due", "role", "state", "due_at"),
)

# Which incident holds which firing of a condition; read off the histories. A notice that
# comes late, or again, finds the incident that it belongs to however many came since.
condition = sa.Table(
    "condition",
    metadata,
    sa.Column("group_key", sa.String, primary_key=True),
    sa.Column("fingerprint", sa.String, primary_key=True),
    sa.Column("starts_at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("incident", sa.String, nullable=False),
)

# Where we may speak: the conversation reference that Teams gave us at installation.
conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("reference", sa.String, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.String, primary_key=True),  # "incident", "request", "epoch:…"
    sa.Column("value", sa.Integer, nullable=False),
)

# History rows that the log does not hold yet; written with the row, so none is missed.
unsealed = sa.Table(
    "unsealed",
    metadata,
    sa.Column("incident", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
)

log_leaf = sa.Table(
    "log_leaf",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("incident", sa.String, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("incident", "seq", name="log_leaf_row"),
)

log_head = sa.Table(
    "log_head",
    metadata,
    sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)
