"""Whether the history is what was sealed: every record, every head, and nothing else."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.store import beside, merkle
from bot.store.log import Head, heads, leaf_data, rows
from bot.store.schema import history, unsealed
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
    signed = {each.size: each for each in heads(db)}
    outside = {each.size: each for each in anchored}
    frontier = merkle.Frontier()
    since: list[str] = []  # the records after the last head that was right
    with closing(rows(db)) as sealed:
        for position, expected, row in sealed:
            if position != frontier.size:
                raise Tampered(f"record {frontier.size} of the log is gone")
            if row.type is None:
                raise Tampered(f"record {position}: {row.incident}/{row.seq} is gone")
            if merkle.leaf_hash(leaf_data(row)) != expected:
                raise Tampered(
                    f"record {position}: {row.incident}/{row.seq} was changed"
                )
            frontier.add(expected)
            since.append(f"{row.incident}/{row.seq}")
            if _under(frontier, since, signed, outside):
                since.clear()
    _ends(frontier.size, signed, outside)
    if key is not None:
        _signatures([*signed.values(), *anchored], (key, *retired))
    waiting = _complete(db, frontier.size)
    if odd := beside.wrong(db):
        raise Tampered(odd)
    return Checked(
        sealed=frontier.size,
        waiting=waiting,
        heads=len(signed),
        anchored=len(outside),
        newest=signed.get(frontier.size),
    )


def _under(
    frontier: merkle.Frontier,
    since: Sequence[str],
    signed: Mapping[int, Head],
    outside: Mapping[int, Head],
) -> bool:
    """Return whether a head ends here; Tampered when its root is another."""
    found = False
    for kept, words in ((signed, "signed"), (outside, "anchored outside")):
        if (there := kept.get(frontier.size)) is None:
            continue
        found = True
        if there.root != frontier.root:
            first = frontier.size - len(since)
            which = (
                f"record {first}: {since[0]} is"
                if len(since) == 1
                else f"one of records {first} to {frontier.size - 1} "
                f"({since[0]} to {since[-1]}) is"
            )
            raise Tampered(f"{which} not the one that was {words}")
    return found


def _ends(size: int, signed: Mapping[int, Head], outside: Mapping[int, Head]) -> None:
    newest = max(signed, default=0)
    if newest != size:
        raise Tampered(f"the log ends at {size}, its head says {newest}")
    if (anchored := max(outside, default=0)) > size:
        raise Tampered(
            f"the log ends at {size}, but the head that was anchored outside has "
            f"{anchored}: record {size} and all after it are cut"
        )
    if gone := sorted(set(outside) - set(signed)):
        raise Tampered(f"the head over {gone[0]} records was anchored, and is gone")


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
    if total != sealed + waiting:
        raise Tampered(f"{total} rows, but {sealed} sealed and {waiting} waiting")
    return int(waiting)
