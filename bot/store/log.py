"""The Merkle log of all histories: sealed by the leader; `bot.store.check` verifies it.

A leaf is the hash of one history row as it was written. The head over all leaves is
signed; an old head that is kept elsewhere shows whether history was rewritten since.
"""

import json
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from bot.store import merkle, statements
from bot.store.schema import (
    history,
    log_head,
    log_leaf,
    micros,
    moment,
    unsealed,
)
from bot.store.store import Store

SEAL_AT_ONCE = 1000


class Signer(Protocol):
    def sign(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The root over the first `size` rows at a time, and our signature of the three."""

    size: int
    root: bytes
    at: datetime
    signature: bytes

    @property
    def signed(self) -> bytes:
        return head_bytes(self.size, self.root, self.at)

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        try:
            key.verify(self.signature, self.signed)
        except InvalidSignature:
            return False
        return True


def head_bytes(size: int, root: bytes, at: datetime) -> bytes:
    """Return what is signed: a name, size, root in hex, microseconds; a line each."""
    return f"watchkeeper log v2\n{size}\n{root.hex()}\n{micros(at)}\n".encode()


def leaf_data(row: Any) -> bytes:
    """Return the bytes of a history row that its leaf is the hash of."""
    fields = [row.incident, row.seq, row.type, row.version, row.at, row.body]
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


class Log:
    """The leader's end of the log. The frontier is kept between calls.

    `announced` is the key that comes after `signer`. It is used once a head is signed
    by it, so by another replica that has it already: a key that is left never returns.
    """

    def __init__(
        self,
        store: Store,
        signer: Signer,
        announced: Ed25519PrivateKey | None = None,
    ) -> None:
        self._store = store
        self._signer = signer
        self._announced = announced
        self._frontier: merkle.Frontier | None = None

    async def seal(self, now: datetime, *, fence: int) -> Head | None:
        """Take up rows that are not in the log yet; None when there are none."""
        known, self._frontier = self._frontier, None  # until the commit is certain
        frontier = known
        if frontier is None:
            frontier = await self._store.read(_frontier)
            await self._follow()
        sealing = partial(self._seal, last=frontier, now=now, fence=fence)
        taken, head = await self._store.write(sealing)
        self._frontier = taken
        return head

    async def _follow(self) -> None:
        """Sign with the announced key from now on, if the log has moved to it."""
        if (key := self._announced) is None:
            return
        last = await head(self._store)
        if last is not None and last.is_signed_by(key.public_key()):
            self._signer, self._announced = key, None

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
        signed = head_bytes(frontier.size, frontier.root, now)
        head = Head(
            size=frontier.size,
            root=frontier.root,
            at=now,
            signature=self._signer.sign(signed),
        )
        values = {"size": head.size, "root": head.root, "signature": head.signature}
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
    return await store.read(newest)


def newest(db: sa.Connection) -> Head | None:
    query = sa.select(log_head).order_by(log_head.c.size.desc()).limit(1)
    return next(map(_head, db.execute(query)), None)


def heads(db: sa.Connection, above: int = 0) -> list[Head]:
    """Return the signed heads over more than `above` rows, the smallest first."""
    query = sa.select(log_head).where(log_head.c.size > above)
    return [_head(row) for row in db.execute(query.order_by(log_head.c.size))]


def _head(row: Any) -> Head:
    return Head(
        size=row.size, root=row.root, at=moment(row.at), signature=row.signature
    )


def rows(db: sa.Connection) -> Generator[tuple[int, bytes, Any]]:
    """Yield position, leaf hash and row of all that is sealed; close it when done."""
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
    with db.execute(query.execution_options(yield_per=5000)) as found:
        for row in found:
            yield row.position, row.hash, row
