"""Random edits of a packet and of a database, as somebody might make who has both.

Each edit says what an answer to it has to name: the record that is wrong, or the first.
"""

import random
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.evidence.zipped import pack, unpack
from bot.store import merkle
from bot.store.log import head_bytes, leaf_data
from bot.store.schema import (
    condition,
    delivery,
    history,
    incident,
    log_head,
    log_leaf,
    moment,
    reference,
    unsealed,
)

COVERED = (
    *(history, log_leaf, log_head, unsealed),
    *(incident, reference, condition, delivery),
)
_RANGE = re.compile(r"records (\d+) to (\d+) ")


def packet_edit(chance: random.Random, packet: bytes) -> tuple[str, bytes]:
    """Return what was done to a packet, and the packet afterwards."""
    kind = chance.choice(
        ["byte", "insert", "cut", "tail", "file", "swap", "packed anew"]
    )
    place = chance.randrange(len(packet))
    if kind == "byte":
        edited = bytearray(packet)
        edited[place] ^= chance.randrange(1, 256)
        return kind, bytes(edited)
    if kind == "insert":
        return kind, packet[:place] + chance.randbytes(1) + packet[place:]
    if kind == "cut":
        return kind, packet[:place] + packet[place + chance.randrange(1, 50) :]
    if kind == "tail":
        return kind, packet[:place]
    files = unpack(packet)
    name = chance.choice(sorted(files))
    if kind == "file":
        del files[name]
    elif kind == "swap":
        other = chance.choice(sorted(set(files) - {name}))
        files[name], files[other] = files[other], files[name]
    else:
        content = bytearray(files[name])
        content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
        files[name] = bytes(content)
    return kind, pack(files)


@dataclass(frozen=True)
class Edit:
    kind: str
    names: tuple[str, ...] = ()  # one of them has to be in the answer
    position: int | None = None  # of the first wrong record; a range over it will do

    def named_in(self, words: str) -> bool:
        """Return whether an answer names what is wrong, or the range that it lies in."""
        if any(re.search(rf"(?<!\w){re.escape(n)}(?!\d)", words) for n in self.names):
            return True
        found = _RANGE.search(words)
        if found is None or self.position is None:
            return False
        return int(found[1]) <= self.position <= int(found[2])


def database_edit(
    chance: random.Random, db: sa.Connection, ours: Ed25519PrivateKey
) -> Edit:
    """Edit the database, with our key in hand now and then, and say how."""
    kind = chance.choice(sorted(_EDITS))
    key = chance.choice([ours, Ed25519PrivateKey.generate()])
    names, position = _EDITS[kind](chance, db, key)
    return Edit(kind, tuple(names), position)


_Found = tuple[Collection[str], int | None]


def _field(chance: random.Random, db: sa.Connection, key: Ed25519PrivateKey) -> _Found:
    """Change one character, byte or number of any field of any covered table."""
    table, row = _any(chance, db, COVERED)
    column = chance.choice([*table.c])
    changed = _other(chance, _value(row, column))
    found = _names(db, table, row)
    try:
        with db.begin_nested():
            db.execute(
                sa.update(table).where(_same(table, row)).values({column: changed})
            )
    except sa.exc.DBAPIError:  # there is such a row already; no such number fits
        return _field(chance, db, key)
    also = str(changed)[: 12 if table is delivery else None]
    return (*found[0], *([also] if column.primary_key else ())), found[1]


def _other(chance: random.Random, value: Any) -> Any:
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 1000, -(10**6)])
    if isinstance(value, bytes):
        edited = bytearray(value or b"x")
        edited[chance.randrange(len(edited))] ^= chance.randrange(1, 256)
        return bytes(edited)
    if not value:
        return "x"
    place = chance.randrange(len(value))
    letter = chance.choice([c for c in 'aZ0 {"ä\u202e' if c != value[place]])
    return value[:place] + letter + value[place + 1 :]


def _gone(chance: random.Random, db: sa.Connection, _: Ed25519PrivateKey) -> _Found:
    """Cut one row of any covered table; of a record often its leaf too."""
    table, row = _any(chance, db, COVERED)
    found = _names(db, table, row)
    db.execute(sa.delete(table).where(_same(table, row)))
    if table is history and chance.random() < 0.5:
        db.execute(sa.delete(log_leaf).where(_record(log_leaf, row)))
    return found


def _closed(chance: random.Random, db: sa.Connection, key: Ed25519PrivateKey) -> _Found:
    """Cut the last record of a history, close the gap in the log, sign all anew."""
    last = sa.select(history.c.incident, sa.func.max(history.c.seq).label("seq"))
    rows = db.execute(last.group_by(history.c.incident)).all()
    row = chance.choice(sorted(rows))
    found = _names(db, log_leaf, _leaf_of(db, row))
    for table in (history, log_leaf):
        db.execute(sa.delete(table).where(_record(table, row)))
    later = sa.select(log_leaf.c.position).where(log_leaf.c.position > found[1])
    places: Sequence[int] = (
        db.execute(later.order_by(log_leaf.c.position)).scalars().all()
    )
    for place in places:
        mine = log_leaf.c.position == place
        db.execute(sa.update(log_leaf).where(mine).values(position=place - 1))
    db.execute(sa.delete(log_head).where(log_head.c.size > _size(db)))
    _sign(db, key, also=_size(db))
    _index(db)
    return found


def _added(chance: random.Random, db: sa.Connection, _: Ed25519PrivateKey) -> _Found:
    """Add a record that was never sealed, or a line to what leads to the records."""
    table, row = _any(chance, db, (history, reference, condition, delivery))
    values = {c.name: _value(row, c) for c in table.c}
    name = next(c.name for c in table.primary_key if c.name != "incident")
    if table is history:
        mine = history.c.incident == row.incident
        values[name] = db.execute(
            sa.select(sa.func.max(history.c.seq) + 1).where(mine)
        ).scalar_one()
        names = [f"{row.incident}/{values[name]}"]
        own = incident.c.id == row.incident
        db.execute(sa.update(incident).where(own).values(revision=values[name]))
    else:
        values[name] = f"{values[name]}x"
        if table is condition:
            values["fingerprint"] = "f-none"
        names = [str(values[name])[:12], str(values.get("fingerprint", "-"))]
    db.execute(sa.insert(table).values(values))
    return names, None


def _tail(chance: random.Random, db: sa.Connection, key: Ed25519PrivateKey) -> _Found:
    """Cut the newest records, their leaves, their heads and what the index says."""
    keep = chance.randrange(_size(db))
    gone = sa.select(log_leaf).where(log_leaf.c.position >= keep)
    for row in db.execute(gone).all():
        db.execute(sa.delete(history).where(_record(history, row)))
    db.execute(sa.delete(log_leaf).where(log_leaf.c.position >= keep))
    db.execute(sa.delete(log_head).where(log_head.c.size > keep))
    if chance.random() < 0.5:
        _sign(db, key, also=keep)
    _index(db)
    return (f"record {keep}",), keep


def _rewritten(
    chance: random.Random, db: sa.Connection, key: Ed25519PrivateKey
) -> _Found:
    """Change a record, then all hashes and heads, with whichever key is at hand."""
    _, row = _any(chance, db, (history,))
    found = _names(db, history, row)
    column = chance.choice([history.c.body, history.c.at])
    changed = {column: _other(chance, _value(row, column))}
    db.execute(sa.update(history).where(_same(history, row)).values(changed))
    record = db.execute(sa.select(history).where(_same(history, row))).one()
    leaf = merkle.leaf_hash(leaf_data(record))
    mine = _record(log_leaf, row)
    db.execute(sa.update(log_leaf).where(mine).values(hash=leaf))
    _sign(db, key)
    return found


def _order(chance: random.Random, db: sa.Connection, _: Ed25519PrivateKey) -> _Found:
    """Let two records change places, leaf and all."""
    one, other = sorted(chance.sample(range(_size(db)), 2))
    for before, after in ((one, -1), (other, one), (-1, other)):
        mine = log_leaf.c.position == before
        db.execute(sa.update(log_leaf).where(mine).values(position=after))
    return (f"record {one}",), one


def _head(chance: random.Random, db: sa.Connection, key: Ed25519PrivateKey) -> _Found:
    """Put another head in the place of one, well signed."""
    _, row = _any(chance, db, (log_head,))
    root = chance.randbytes(32)
    signed = key.sign(head_bytes(row.size, root, moment(row.at)))
    values = {"root": root, "signature": signed}
    db.execute(sa.update(log_head).where(_same(log_head, row)).values(values))
    return _names(db, log_head, row)


def _names(db: sa.Connection, table: sa.Table, row: Any) -> _Found:
    """Return what an answer has to name when this row is wrong."""
    if table in {history, log_leaf}:
        position = _leaf_of(db, row).position
        key = f"{row.incident}/{row.seq}"
        return (f"record {position}", f"record {position}: {key}", key), position
    if table is log_head:
        return (f"over {row.size} records", f"log ends at {row.size}"), None
    if table is condition:
        return (row.fingerprint,), None
    if table is incident:
        held = sa.select(condition.c.fingerprint).where(condition.c.incident == row.id)
        return (row.id, *db.execute(held).scalars()), None
    return (row.id[:12],), None


def _sign(db: sa.Connection, key: Ed25519PrivateKey, also: int = 0) -> None:
    """Make every head anew over the leaves as they are now; one more over `also`."""
    frontier = merkle.Frontier()
    known = {row.size: row.at for row in db.execute(sa.select(log_head))}
    if also and also not in known:
        known[also] = max(known.values(), default=0) + 1
        values = {"size": also, "at": known[also], "root": b"", "signature": b""}
        db.execute(sa.insert(log_head).values(values))
    leaves = sa.select(log_leaf.c.hash).order_by(log_leaf.c.position)
    found: Sequence[bytes] = db.execute(leaves).scalars().all()
    for leaf in found:
        frontier.add(leaf)
        if (at := known.get(frontier.size)) is not None:
            signed = key.sign(head_bytes(frontier.size, frontier.root, moment(at)))
            mine = log_head.c.size == frontier.size
            values = {"root": frontier.root, "signature": signed}
            db.execute(sa.update(log_head).where(mine).values(values))


def _index(db: sa.Connection) -> None:
    """Let the index agree with what is left, as a careful editor would."""
    mine = sa.select(sa.func.max(history.c.seq)).where(
        history.c.incident == incident.c.id
    )
    left = sa.func.coalesce(mine.scalar_subquery(), 0)
    db.execute(sa.update(incident).values(revision=left))
    db.execute(sa.delete(incident).where(incident.c.revision == 0))


def _any(
    chance: random.Random, db: sa.Connection, tables: Collection[sa.Table]
) -> tuple[sa.Table, Any]:
    """Return a row of one of `tables`, each of which is as likely as the others."""
    counted = {
        table: db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in tables
    }
    table = chance.choice([t for t, count in counted.items() if count])
    place = chance.randrange(counted[table])
    ordered = sa.select(table).order_by(*table.primary_key)
    return table, db.execute(ordered.limit(1).offset(place)).one()


def _value(row: Any, column: sa.ColumnElement[Any]) -> Any:
    return row._mapping[column]  # noqa: SLF001 public, in spite of its name


def _same(table: sa.Table, row: Any) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == _value(row, column) for column in table.primary_key))


def _record(table: sa.Table, row: Any) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.incident == row.incident, table.c.seq == row.seq)


def _leaf_of(db: sa.Connection, row: Any) -> Any:
    return db.execute(sa.select(log_leaf).where(_record(log_leaf, row))).one()


def _size(db: sa.Connection) -> int:
    found = db.execute(sa.select(sa.func.count()).select_from(log_leaf))
    return int(found.scalar_one())


_EDITS: dict[
    str, Callable[[random.Random, sa.Connection, Ed25519PrivateKey], _Found]
] = {
    "field": _field,
    "row cut": _gone,
    "row cut, gap closed": _closed,
    "row added": _added,
    "tail cut": _tail,
    "rewritten": _rewritten,
    "order": _order,
    "head": _head,
}
