"""The Merkle log of all histories: sealed by the leader, verified by anyone.

A leaf is the hash of one history row as it was written. The head over all leaves is
signed; an old head that is kept elsewhere shows whether history was rewritten since.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import sqlalchemy as sa

from bot.store import merkle, statements
from bot.store.schema import history, log_head, log_leaf, micros, unsealed
from bot.store.store import Store

SEAL_AT_ONCE = 1000


class Signer(Protocol):
    def sign(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The root over the first `size` rows, and our signature of both."""

    size: int
    root: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        return head_bytes(self.size, self.root)


class Tampered(Exception):
    """The history is not what was sealed; the text names the first wrong record."""


def head_bytes(size: int, root: bytes) -> bytes:
    """Return what is signed: a name, the size, the root in hex, one line each."""
    return f"watchkeeper log v1\n{size}\n{root.hex()}\n".encode()


def leaf_data(row: Any) -> bytes:
    """Return the bytes of a history row that its leaf is the hash of."""
    fields = [row.incident, row.seq, row.type, row.version, row.at, row.body]
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


class Log:
    """The leader's end of the log. The frontier is kept between calls."""

    def __init__(self, store: Store, signer: Signer) -> None:
        self._store = store
        self._signer = signer
        self._frontier: merkle.Frontier | None = None

    async def seal(self, now: datetime, *, fence: int) -> Head | None:
        """Take up rows that are not in the log yet; None when there are none."""
        known, self._frontier = self._frontier, None  # until the commit is certain
        frontier = known if known is not None else await self._store.read(_frontier)
        sealing = partial(self._seal, last=frontier, now=now, fence=fence)
        taken, head = await self._store.write(sealing)
        self._frontier = taken
        return head

    def _seal(
        self, db: sa.Connection, *, last: merkle.Frontier, now: datetime, fence: int
    ) -> tuple[merkle.Frontier, Head | None]:
        statements.fence(db, "driver", fence)
        frontier = last.copy()
        rows = db.execute(_UNSEALED).all()
        if not rows:
            return frontier, None
        leaves = []
        for row in rows:
            leaf = merkle.leaf_hash(leaf_data(row))
            place = {"position": frontier.size, "hash": leaf}
            leaves.append({**place, "incident": row.incident, "seq": row.seq})
            frontier.add(leaf)
        db.execute(sa.insert(log_leaf), leaves)
        keys = [{"i": row.incident, "s": row.seq} for row in rows]
        mine = sa.and_(
            unsealed.c.incident == sa.bindparam("i"),
            unsealed.c.seq == sa.bindparam("s"),
        )
        db.execute(sa.delete(unsealed).where(mine), keys)
        signature = self._signer.sign(head_bytes(frontier.size, frontier.root))
        head = Head(size=frontier.size, root=frontier.root, signature=signature)
        values = {"size": head.size, "root": head.root, "signature": signature}
        db.execute(sa.insert(log_head).values(values | {"at": micros(now)}))
        return frontier, head


_UNSEALED = (
    sa.select(history)
    .join(
        unsealed,
        sa.and_(
            unsealed.c.incident == history.c.incident, unsealed.c.seq == history.c.seq
        ),
    )
    .order_by(history.c.at, history.c.incident, history.c.seq)
    .limit(SEAL_AT_ONCE)
)


def _frontier(db: sa.Connection) -> merkle.Frontier:
    leaves = sa.select(log_leaf.c.hash).order_by(log_leaf.c.position)
    return merkle.Frontier(db.execute(leaves).scalars())


async def head(store: Store) -> Head | None:
    """Return the newest signed head."""
    newest = sa.select(log_head).order_by(log_head.c.size.desc()).limit(1)
    row = await store.read(lambda db: db.execute(newest).one_or_none())
    if row is None:
        return None
    return Head(size=row.size, root=row.root, signature=row.signature)


async def verify(store: Store) -> tuple[int, int]:
    """Return how many rows are sealed and how many wait; raise Tampered otherwise.

    Every leaf is compared with its row, every row must have a leaf or be known to wait,
    and the root over all leaves must be the newest head's.
    """
    return await store.read(_verify)


def _verify(db: sa.Connection) -> tuple[int, int]:
    frontier = merkle.Frontier()
    for position, expected, row in _rows(db):
        if position != frontier.size:
            raise Tampered(f"record {frontier.size} of the log is gone")
        if row.type is None:
            raise Tampered(f"record {position}: {row.incident}/{row.seq} is gone")
        if merkle.leaf_hash(leaf_data(row)) != expected:
            raise Tampered(f"record {position}: {row.incident}/{row.seq} was changed")
        frontier.add(expected)
    newest = sa.select(log_head).order_by(log_head.c.size.desc()).limit(1)
    sealed = db.execute(newest).one_or_none()
    if (sealed.size if sealed else 0) != frontier.size:
        raise Tampered(f"the log ends at {frontier.size}, its head says otherwise")
    if sealed and sealed.root != frontier.root:
        raise Tampered("the log's root is not the one that was signed")
    total = db.execute(sa.select(sa.func.count()).select_from(history)).scalar_one()
    waiting = db.execute(sa.select(sa.func.count()).select_from(unsealed)).scalar_one()
    if total != frontier.size + waiting:
        raise Tampered(
            f"{total} rows, but {frontier.size} sealed and {waiting} waiting"
        )
    return frontier.size, waiting


def _rows(db: sa.Connection) -> Iterator[tuple[int, bytes, Any]]:
    query = (
        sa.select(
            log_leaf.c.position,
            log_leaf.c.hash,
            log_leaf.c.incident,
            log_leaf.c.seq,
            history.c.type,
            history.c.version,
            history.c.at,
            history.c.body,
        )
        .outerjoin(
            history,
            sa.and_(
                history.c.incident == log_leaf.c.incident,
                history.c.seq == log_leaf.c.seq,
            ),
        )
        .order_by(log_leaf.c.position)
    )
    for row in db.execute(query):
        yield row.position, row.hash, row
