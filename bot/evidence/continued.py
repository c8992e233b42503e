"""That a newer head continues the one of a packet: RFC 6962's consistency proof.

A packet is under the head of its day. Years later only newer heads may be at hand: the
proof shows that nothing below the old head was changed since.
"""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.evidence.anchor import head_document, read_head
from bot.evidence.zipped import BadPacket
from bot.store import merkle
from bot.store.log import Head, heads
from bot.store.schema import log_leaf


class NoProof(Exception):
    """There is nothing to prove it with; the text says why."""


def prove(db: sa.Connection, old: Head) -> dict[str, Any]:
    """Return the proof from `old` to the newest head of the database.

    Raises NoProof, also when the database's history is another one.
    """
    newest = next(reversed(heads(db)), None)
    if newest is None or newest.size < old.size:
        raise NoProof("the database has no head as new as the packet's")
    query = sa.select(log_leaf.c.hash).where(log_leaf.c.position < newest.size)
    leaves: list[bytes] = list(
        db.execute(query.order_by(log_leaf.c.position)).scalars()
    )
    tree = merkle.Tree(leaves)
    path = tree.consistency(old.size)
    if not merkle.is_consistent(old.size, newest.size, old.root, tree.root, path):
        raise NoProof("the database's history does not continue the packet's")
    return {
        "what": "Watchkeeper: a newer head of the log continues an older one",
        "old": head_document(old),
        "new": head_document(newest),
        "path": [each.hex() for each in path],
    }


def continued(
    content: bytes, old: Head, key: Ed25519PublicKey | None, anchored: Sequence[Head]
) -> Head:
    """Return the newer head that `content` proves to continue `old`.

    Raises BadPacket when it does not, is not signed by `key`, or was anchored otherwise.
    """
    try:
        document = json.loads(content)
        new = read_head(document["new"])
        path = [bytes.fromhex(each) for each in document["path"]]
        named = read_head(document["old"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise BadPacket("the proof is not as we write it") from None
    if (named.size, named.root) != (old.size, old.root):
        raise BadPacket("the proof is about another packet's head")
    if not merkle.is_consistent(old.size, new.size, old.root, new.root, path):
        raise BadPacket(
            f"the head over {new.size} records does not continue the packet's: history "
            "was written anew"
        )
    if key is not None and not new.is_signed_by(key):
        raise BadPacket(f"the head over {new.size} records is not signed by the key")
    same = next((each for each in anchored if each.size == new.size), None)
    if same is not None and same.root != new.root:
        raise BadPacket(f"another head over {new.size} records was anchored")
    return new
