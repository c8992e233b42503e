"""Random edits of a packet and of a database, as somebody might make who has both."""

import random
import sqlite3
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.evidence.zipped import pack, unpack
from bot.store import merkle
from bot.store.log import head_bytes, leaf_data
from bot.store.schema import moment


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


def database_edit(chance: random.Random, file: Path) -> str:
    """Edit the database in `file`, and say how."""
    kind = chance.choice(
        [
            "byte",
            "row cut",
            "row added",
            "tail cut",
            "rewritten",
            "order",
            "head",
            "leaf",
            "index",
        ]
    )
    db = sqlite3.connect(file)
    try:
        db.row_factory = sqlite3.Row
        _EDITS[kind](chance, db)
        db.commit()
    finally:
        db.close()
    return kind


def _byte(chance: random.Random, db: sqlite3.Connection) -> None:
    """Change one character of one field of one record."""
    row = _any(chance, db)
    field = chance.choice(["body", "type", "at", "version", "incident"])
    value = row[field]
    if isinstance(value, int):
        changed: object = value + chance.choice([-1, 1, 1000])
    else:
        place = chance.randrange(len(value))
        letter = chance.choice([c for c in "aZ0 {" if c != value[place]])
        changed = value[:place] + letter + value[place + 1 :]
    with suppress(sqlite3.IntegrityError):  # another record has that name already
        db.execute(
            f"UPDATE history SET {field} = ? WHERE incident = ? AND seq = ?",  # noqa: S608
            (changed, row["incident"], row["seq"]),
        )
        return
    _byte(chance, db)


def _cut(chance: random.Random, db: sqlite3.Connection) -> None:
    row = _any(chance, db)
    key = (row["incident"], row["seq"])
    db.execute("DELETE FROM history WHERE incident = ? AND seq = ?", key)
    if chance.random() < 0.5:
        db.execute("DELETE FROM log_leaf WHERE incident = ? AND seq = ?", key)


def _added(chance: random.Random, db: sqlite3.Connection) -> None:
    row = _any(chance, db)
    last = db.execute(
        "SELECT max(seq) FROM history WHERE incident = ?", (row["incident"],)
    ).fetchone()[0]
    values = (row["incident"], last + 1, row["type"], row["version"], row["at"])
    db.execute(
        "INSERT INTO history (incident, seq, type, version, at, body) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (*values, row["body"]),
    )
    db.execute("UPDATE incident SET revision = revision + 1 WHERE id = ?", values[:1])


def _tail(chance: random.Random, db: sqlite3.Connection) -> None:
    """Cut the newest records, their leaves, their heads and what the index says."""
    size = db.execute("SELECT count(*) FROM log_leaf").fetchone()[0]
    keep = chance.randrange(size)
    gone = db.execute(
        "SELECT incident, seq FROM log_leaf WHERE position >= ?", (keep,)
    ).fetchall()
    for incident, seq in gone:
        key = (incident, seq)
        db.execute("DELETE FROM history WHERE incident = ? AND seq = ?", key)
    db.execute("DELETE FROM log_leaf WHERE position >= ?", (keep,))
    db.execute("DELETE FROM log_head WHERE size > ?", (keep,))
    if chance.random() < 0.5:
        _sign(db)
    _index(db)


def _rewritten(chance: random.Random, db: sqlite3.Connection) -> None:
    """Change a record, then all hashes and heads, with a key of the editor's own."""
    _byte(chance, db)
    query = (
        "SELECT l.position, h.* FROM log_leaf l LEFT JOIN history h "
        "ON h.incident = l.incident AND h.seq = l.seq ORDER BY l.position"
    )
    for row in db.execute(query).fetchall():
        if row["type"] is None:
            continue
        record = sqlite_row(row)
        db.execute(
            "UPDATE log_leaf SET hash = ? WHERE position = ?",
            (merkle.leaf_hash(leaf_data(record)), row["position"]),
        )
    _sign(db)


def _order(chance: random.Random, db: sqlite3.Connection) -> None:
    """Let two records change places, leaf and all."""
    size = db.execute("SELECT count(*) FROM log_leaf").fetchone()[0]
    one, other = chance.sample(range(size), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        db.execute(
            "UPDATE log_leaf SET position = ? WHERE position = ?", (after, before)
        )


def _head(chance: random.Random, db: sqlite3.Connection) -> None:
    sizes = [r[0] for r in db.execute("SELECT size FROM log_head")]
    size, field = chance.choice(sizes), chance.choice(["root", "signature", "gone"])
    if field == "gone":
        db.execute("DELETE FROM log_head WHERE size = ?", (size,))
        return
    query = f"SELECT {field} FROM log_head WHERE size = ?"  # noqa: S608
    value = bytearray(db.execute(query, (size,)).fetchone()[0])
    value[chance.randrange(len(value))] ^= chance.randrange(1, 256)
    change = f"UPDATE log_head SET {field} = ? WHERE size = ?"  # noqa: S608
    db.execute(change, (bytes(value), size))


def _leaf(chance: random.Random, db: sqlite3.Connection) -> None:
    size = db.execute("SELECT count(*) FROM log_leaf").fetchone()[0]
    place = chance.randrange(size)
    db.execute(
        "UPDATE log_leaf SET hash = ? WHERE position = ?", (chance.randbytes(32), place)
    )


def _listed(chance: random.Random, db: sqlite3.Connection) -> None:
    """Let the index say something else of an incident."""
    keys = [r[0] for r in db.execute("SELECT id FROM incident")]
    field, value = chance.choice(
        [
            ("status", "false positive"),
            ("revision", 99),
            ("request", "R-99"),
            ("opened_at", 7),
            ("updated_at", 7),
            ("number", 99),
            ("id", "A-99"),
            ("endpoint", "/subscriptions/other"),
        ]
    )
    change = f"UPDATE incident SET {field} = ? WHERE id = ?"  # noqa: S608
    db.execute(change, (value, chance.choice(keys)))


def _sign(db: sqlite3.Connection) -> None:
    """Make every head anew over the leaves as they are now."""
    key, frontier = Ed25519PrivateKey.generate(), merkle.Frontier()
    heads = {r["size"]: r["at"] for r in db.execute("SELECT * FROM log_head")}
    for row in db.execute("SELECT hash FROM log_leaf ORDER BY position").fetchall():
        frontier.add(row["hash"])
        if (at := heads.get(frontier.size)) is not None:
            signed = head_bytes(frontier.size, frontier.root, moment(at))
            db.execute(
                "UPDATE log_head SET root = ?, signature = ? WHERE size = ?",
                (frontier.root, key.sign(signed), frontier.size),
            )


def _index(db: sqlite3.Connection) -> None:
    """Let the index agree with what is left, as a careful editor would."""
    db.execute(
        "UPDATE incident SET revision = coalesce((SELECT max(seq) FROM history "
        "WHERE history.incident = incident.id), 0)"
    )
    db.execute("DELETE FROM incident WHERE revision = 0")


class sqlite_row:  # noqa: N801 a row by attributes, as SQLAlchemy hands them out
    def __init__(self, row: sqlite3.Row) -> None:
        self._row = row

    def __getattr__(self, name: str) -> object:
        return self._row[name]


def _any(chance: random.Random, db: sqlite3.Connection) -> sqlite3.Row:
    count = db.execute("SELECT count(*) FROM history").fetchone()[0]
    query = "SELECT * FROM history ORDER BY incident, seq LIMIT 1 OFFSET ?"
    row: sqlite3.Row = db.execute(query, (chance.randrange(count),)).fetchone()
    return row


_EDITS = {
    "byte": _byte,
    "row cut": _cut,
    "row added": _added,
    "tail cut": _tail,
    "rewritten": _rewritten,
    "order": _order,
    "head": _head,
    "leaf": _leaf,
    "index": _listed,
}
