"""Signed heads outside the database: who can rewrite the rows cannot rewrite these.

A file holds every head since the last file, under the size of its newest: a later check
finds any of them, and none is ever replaced.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.evidence import signing
from bot.evidence.shelf import Differs, Shelf
from bot.store.log import Head
from bot.store.schema import micros, moment

FOLDER = "heads/"


class BadAnchor(Exception):
    """A file among the anchored heads is not one of ours, or was changed."""


def head_document(head: Head) -> dict[str, Any]:
    return {
        "size": head.size,
        "root": head.root.hex(),
        "at": micros(head.at),
        "signature": head.signature.hex(),
    }


def read_head(document: dict[str, Any]) -> Head:
    """Return the head; KeyError, TypeError or ValueError when it is none."""
    return Head(
        size=int(document["size"]),
        root=bytes.fromhex(document["root"]),
        at=moment(int(document["at"])),
        signature=bytes.fromhex(document["signature"]),
    )


async def last(shelf: Shelf) -> int:
    """Return the size of the newest anchored head, 0 when there is none."""
    names = await shelf.names(FOLDER)
    return max((_size(name) for name in names), default=0)


async def keep(shelf: Shelf, heads: Sequence[Head], key: Ed25519PublicKey) -> None:
    """Anchor `heads`, the smallest first. Raises NotKept, Differs."""
    document = {
        "what": "signed heads of a Watchkeeper log, each over its first `size` records",
        "key": signing.in_hex(key),
        "heads": [head_document(head) for head in heads],
    }
    content = json.dumps(document, indent=1).encode() + b"\n"
    await shelf.put(f"{FOLDER}{heads[-1].size:012d}.json", content)


async def read(shelf: Shelf) -> tuple[list[Head], list[str]]:
    """Return all anchored heads, and the keys that the files name (64 digits each).

    Raises BadAnchor, NotKept.
    """
    heads: dict[int, Head] = {}
    keys: dict[str, None] = {}
    try:
        names = await shelf.names(FOLDER)
    except Differs as error:
        raise BadAnchor(f"among the anchored heads {error}") from None
    for name in names:
        content = await shelf.get(name) or b""
        try:
            document = json.loads(content)
            found = [read_head(each) for each in document["heads"]]
            keys[str(document["key"])] = None
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            raise BadAnchor(f"{name} among the anchored heads cannot be read") from None
        for head in found:
            if heads.setdefault(head.size, head).root != head.root:
                raise BadAnchor(
                    f"two anchored heads over {head.size} records differ: "
                    "history went two ways"
                )
        if not found or found[-1].size != _size(name):
            raise BadAnchor(f"{name} among the anchored heads was changed")
    return [heads[size] for size in sorted(heads)], list(keys)


def merged(several: Iterable[Sequence[Head]]) -> list[Head]:
    """Return the heads of several places as one list, the smallest first.

    Raises BadAnchor when two places tell of two histories.
    """
    heads: dict[int, Head] = {}
    for head in chain.from_iterable(several):
        if heads.setdefault(head.size, head).root != head.root:
            raise BadAnchor(
                f"the places of anchored heads differ over {head.size} records: one of "
                "them, or history, was written anew"
            )
    return [heads[size] for size in sorted(heads)]


def _size(name: str) -> int:
    digits = name.removeprefix(FOLDER).removesuffix(".json")
    return int(digits) if digits.isdigit() else 0
