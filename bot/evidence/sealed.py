"""An incident's rows as they were written, with the proof that the log holds them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.incident import Incident
from bot.store import codec, merkle
from bot.store.log import Head, heads, leaf_data
from bot.store.schema import history, incident, log_leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row. `position` None: the sealer had not taken it up yet."""

    text: str  # the bytes that its leaf is the hash of
    position: int | None
    path: tuple[bytes, ...] = ()

    @property
    def leaf(self) -> bytes:
        return merkle.leaf_hash(self.text.encode())

    @property
    def fields(self) -> tuple[str, int, str, int, int, str]:
        """Return incident, seq, type, version, microseconds and body."""
        key, seq, kind, version, at, body = json.loads(self.text)
        return str(key), int(seq), str(kind), int(version), int(at), str(body)


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """Rows of one or more incidents, under the first head that covers them all.

    The first, not the newest: what happens elsewhere later does not change a packet.
    """

    records: tuple[Record, ...]
    head: Head | None  # None: not one of the rows is sealed
    index: tuple[tuple[str, str, str], ...]  # incident, endpoint, group key

    def incidents(self) -> Iterator[Incident]:
        """Yield the incidents. Raises codec.Unreadable for a row from the future."""
        yield from self._read

    @cached_property
    def _read(self) -> tuple[Incident, ...]:
        """Read once: objects, pages and tables all ask, of a thousand histories."""
        events: dict[str, list[tuple[str, int, str]]] = {}
        for record in self.records:
            key, _, kind, version, _, body = record.fields
            events.setdefault(key, []).append((kind, version, body))
        return tuple(
            Incident(
                id=key,
                endpoint=endpoint,
                group_key=group_key,
                history=tuple(codec.read_event(*row) for row in events.get(key, [])),
            )
            for key, endpoint, group_key in self.index
        )


def read(
    db: sa.Connection, keys: Sequence[str], signer: Ed25519PublicKey | None = None
) -> Sealed:
    """Return what the database holds of the incidents `keys`; unknown ones are not in.

    The head is the first that `signer` signed, if any: after a rotation of keys it
    covers what older ones did, and one key answers for all of a packet.
    "E:<ARM id>" is an endpoint's own history, which has no line in the index, and is
    listed without a record too.
    """
    query = sa.select(incident.c.id, incident.c.endpoint, incident.c.group_key)
    found = db.execute(
        query.where(incident.c.id.in_(keys)).order_by(incident.c.number)
    ).all()
    rows = [(r, leaf_data(r).decode()) for r in _rows(db, keys)]
    own = sorted({key for key in keys if key.startswith("E:")})
    listed = [(r.id, r.endpoint, r.group_key) for r in found]
    listed += [(key, key[2:], key) for key in own]
    head = _head(
        db,
        max((r.position for r, _ in rows if r.position is not None), default=None),
        signer,
    )
    tree = merkle.Tree(_leaves(db, head.size)) if head else None
    records = tuple(
        Record(text=text, position=None)
        if tree is None or r.position is None
        else Record(text=text, position=r.position, path=tree.inclusion(r.position))
        for r, text in rows
    )
    order = {key: place for place, (key, _, _) in enumerate(listed)}
    every = [(order[r.fields[0]], r.fields[1], r) for r in records]
    every.sort(key=lambda each: each[:2])
    return Sealed(records=tuple(r for _, _, r in every), head=head, index=tuple(listed))


def _rows(
    db: sa.Connection, keys: Sequence[str]
) -> Sequence[sa.Row[tuple[object, ...]]]:
    same = sa.and_(
        log_leaf.c.incident == history.c.incident, log_leaf.c.seq == history.c.seq
    )
    query = (
        sa.select(history, log_leaf.c.position)
        .outerjoin(log_leaf, same)
        .where(history.c.incident.in_(keys))
    )
    return db.execute(query).all()


def _head(
    db: sa.Connection, last: int | None, signer: Ed25519PublicKey | None
) -> Head | None:
    if last is None:
        return None
    found = heads(db, above=last)
    signed = (
        head for head in found if signer is not None and head.is_signed_by(signer)
    )
    return next(signed, None) or next(iter(found), None)


def _leaves(db: sa.Connection, size: int) -> list[bytes]:
    query = sa.select(log_leaf.c.hash).where(log_leaf.c.position < size)
    return list(db.execute(query.order_by(log_leaf.c.position)).scalars())
