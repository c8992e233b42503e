"""Whether the history is what was sealed: every record, every head, and nothing else."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.store import beside, merkle
from bot.store.log import Head, heads, leaf_data, rows
from bot.store.schema import history, log_leaf, unsealed
from bot.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check went over without finding anything wrong."""

    sealed: int  # records under a head
    waiting: int  # records that the sealer has not taken up yet
    heads: int
    anchored: int  # heads that were compared with copies kept elsewhere
    newest: Head | None


class Tampered(Exception):
    """The history is not what was sealed; the text names the first wrong record."""


async def verify(store: Store) -> tuple[int, int]:
    """Return how many rows are sealed and how many wait; raise Tampered otherwise."""
    checked = await store.read(check)
    return checked.sealed, checked.waiting


def check(
    db: sa.Connection,
    *,
    key: Ed25519PublicKey | None = None,
    retired: Sequence[Ed25519PublicKey] = (),
    anchored: Sequence[Head] = (),
) -> Checked:
    """Compare rows with leaves, leaves with signed heads, heads with `anchored` ones.

    `anchored` are heads that were kept outside the database: only they show a history
    that was written anew with fresh hashes, or cut. Without `key` signatures are not
    looked at; `retired` keys signed before it, and none comes back once another signed.
    Raises Tampered.
    """
    signed = heads(db)
    known = _Heads(signed, anchored)
    frontier = merkle.Frontier()
    with closing(rows(db)) as sealed:
        for position, expected, row in sealed:
            name = f"{row.incident}/{row.seq}"
            if position < frontier.size:
                raise Tampered(f"the log has {name} at {position}, where none can be")
            if position > frontier.size:
                raise Tampered(f"record {frontier.size} of the log is gone")
            if row.type is None:
                raise Tampered(f"record {position}: {name} is gone")
            if merkle.leaf_hash(leaf_data(row)) != expected:
                raise Tampered(f"record {position}: {name} was changed")
            frontier.add(expected)
            known.compare(name, frontier)
    known.end(frontier.size)
    if key is not None:
        _signatures([*signed, *anchored], (key, *retired))
    waiting = _complete(db, frontier.size)
    if odd := beside.wrong(db):
        raise Tampered(odd)
    return Checked(
        sealed=frontier.size,
        waiting=waiting,
        heads=len(signed),
        anchored=known.anchored,
        newest=max(signed, key=lambda head: head.size, default=None),
    )


class _Heads:
    """Signed heads and their anchored copies, compared with the tree as it grows.

    Only a copy that was kept outside tells a changed record from a changed head, so a
    signed head that does not fit waits for the next copy, if one is to come.
    """

    def __init__(self, signed: Iterable[Head], anchored: Iterable[Head]) -> None:
        self._signed = {each.size: each for each in signed}
        self._outside = {each.size: each for each in anchored}
        self._last = max(self._outside, default=0)
        self._sure = 0  # records under the last head that is right
        self._first = ""  # the name of the one after those
        self._doubted = 0  # size of a signed head that does not fit

    @property
    def anchored(self) -> int:
        return len(self._outside)

    def compare(self, name: str, tree: merkle.Frontier) -> None:
        """Take up the record that `tree` grew by; Tampered when a head says otherwise."""
        if tree.size == self._sure + 1:
            self._first = name
        signed, copy = self._signed.get(tree.size), self._outside.get(tree.size)
        if copy is not None and copy.root != tree.root:
            raise Tampered(f"{self._since(name, tree)} that was anchored outside")
        fits = signed is None or signed.root == tree.root
        if not fits and tree.size > self._last:
            raise Tampered(f"{self._since(name, tree)} that was signed")
        self._doubted = self._doubted or (0 if fits else tree.size)
        if copy is not None and self._doubted:
            raise Tampered(
                f"the signed head over {self._doubted} records was changed: they are "
                "those of the head that was anchored outside"
            )
        if copy is not None or (signed is not None and tree.size > self._last):
            self._sure = tree.size

    def end(self, size: int) -> None:
        """Raise Tampered unless the log ends, at `size`, where its heads end."""
        newest, cut = (
            max(self._signed, default=0),
            f"record {size} and all after it are",
        )
        if self._last > size:
            open_ = (
                f"records {self._sure} to {size - 1} are under no head that was kept"
            )
            raise Tampered(
                f"the log ends at {size}, but the head that was anchored outside has "
                f"{self._last}: {cut} cut{f'; {open_}' if self._sure < size else ''}"
            )
        if gone := sorted(set(self._outside) - set(self._signed)):
            raise Tampered(f"the head over {gone[0]} records was anchored, and is gone")
        if newest > size:
            raise Tampered(f"the log ends at {size}, its head says {newest}: {cut} cut")
        if newest < size:
            raise Tampered(
                f"the log ends at {size}, its head says {newest}: the head over "
                f"records {newest} to {size - 1} is gone"
            )

    def _since(self, name: str, tree: merkle.Frontier) -> str:
        """Return which records it may be, as the start of a sentence."""
        last = tree.size - 1
        if self._sure == last:
            return f"record {last}: {name} is not the one"
        return (
            f"one of records {self._sure} to {last} "
            f"({self._first} to {name}) is not the one"
        )


def _signatures(every: Sequence[Head], keys: Sequence[Ed25519PublicKey]) -> None:
    """Each head is signed by a key of ours, and each key is used for one stretch.

    Who still holds a key that was retired must not be able to sign what came later.
    """
    current, done = None, list[Ed25519PublicKey]()
    for each in sorted(every, key=lambda head: head.size):
        if current is not None and each.is_signed_by(current):
            continue
        signer = next((key for key in keys if each.is_signed_by(key)), None)
        if signer is None:
            raise Tampered(
                f"the head over {each.size} records is not signed by our key"
            )
        if signer in done:
            raise Tampered(
                f"the head over {each.size} records is signed by a key that was retired"
            )
        done += [current] if current is not None else []
        current = signer


def _complete(db: sa.Connection, sealed: int) -> int:
    """Return how many rows wait; Tampered when a row is neither sealed nor waiting."""
    total = db.execute(sa.select(sa.func.count()).select_from(history)).scalar_one()
    waiting = db.execute(sa.select(sa.func.count()).select_from(unsealed)).scalar_one()
    if total == sealed + waiting:
        return int(waiting)
    taken, waits = log_leaf.c.seq.is_not(None), unsealed.c.seq.is_not(None)
    rows = sa.select(history.c.incident, history.c.seq, taken).where(taken == waits)
    for table in (log_leaf, unsealed):
        same = table.c.incident == history.c.incident, table.c.seq == history.c.seq
        rows = rows.outerjoin(table, sa.and_(*same))
    ordered = rows.order_by(history.c.incident, history.c.seq)
    if odd := db.execute(ordered.limit(1)).one_or_none():
        key, seq, both = odd
        how = "sealed, and waits for it" if both else "not sealed, and does not wait"
        raise Tampered(f"the record {key}/{seq} is {how}")
    counted = f"{total} rows, but {sealed} sealed and {waiting} waiting"
    raise Tampered(beside.wrong(db) or counted)
