"""A Merkle tree over an append-only list, as RFC 6962 section 2.1 defines it.

A hash chain alone is not enough: whoever can rewrite the rows can rewrite the chain.
The root of this tree is signed and kept elsewhere, and a proof of a few hashes shows
that a row is under a root, or that one root continues another.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry; the prefix keeps a leaf from posing as a node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its full subtrees, left to right.

    Adding a leaf costs one hash on average, whatever the size.

    >>> a, b, c = (leaf_hash(x) for x in (b"a", b"b", b"c"))
    >>> Frontier([a, b, c]).root == node_hash(node_hash(a, b), c)
    True
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._roots: list[bytes] = []
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        self._roots.append(leaf)
        self.size += 1
        full = self.size
        while full % 2 == 0:
            right = self._roots.pop()
            self._roots.append(node_hash(self._roots.pop(), right))
            full //= 2

    def copy(self) -> "Frontier":
        twin = Frontier()
        twin.size, twin._roots = self.size, [*self._roots]
        return twin

    @property
    def root(self) -> bytes:
        if not self._roots:
            return EMPTY_ROOT
        root = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            root = node_hash(left, root)
        return root


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    return Frontier(leaves).root


class Tree:
    """A whole tree in memory, 64 bytes a leaf: many proofs for the price of one pass.

    `rows[0]` are the leaves; each further row has one hash for two of the row below. A
    last one without a partner is carried up as it is, which gives the shape of the RFC.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        row = [*leaves]
        self.rows = [row]
        while len(row) > 1:
            paired = zip(row[::2], row[1::2], strict=False)
            above = [node_hash(left, right) for left, right in paired]
            row = above + (row[-1:] if len(row) % 2 else [])
            self.rows.append(row)

    @property
    def root(self) -> bytes:
        return self.rows[-1][0] if self.rows[0] else EMPTY_ROOT

    def inclusion(self, position: int) -> tuple[bytes, ...]:
        """Return the audit path of the leaf at `position` (RFC 6962, 2.1.1)."""
        path = []
        for row in self.rows[:-1]:
            if (sibling := position ^ 1) < len(row):
                path.append(row[sibling])
            position //= 2
        return tuple(path)

    def consistency(self, size: int) -> tuple[bytes, ...]:
        """Return the proof that this tree continues its first `size` leaves (2.1.2).

        ValueError unless 0 < size <= the tree's own.
        """
        whole = len(self.rows[0])
        if not 0 < size <= whole:
            raise ValueError(f"no proof from {size} to {whole}")
        if size == whole:
            return ()
        # Climb from the right edge of the old tree to its lowest full subtree.
        level, first, last = 0, size - 1, whole - 1
        while first % 2:
            level, first, last = level + 1, first // 2, last // 2
        proof = [self.rows[level][first]] if first else []
        while last:
            row = self.rows[level]
            if first % 2:
                proof.append(row[first - 1])
            elif first < last:
                proof.append(row[first + 1])
            level, first, last = level + 1, first // 2, last // 2
        return tuple(proof)


def inclusion(leaves: Sequence[bytes], position: int) -> tuple[bytes, ...]:
    """Return the audit path of one leaf; for several, keep the `Tree`."""
    return Tree(leaves).inclusion(position)


def is_included(
    leaf: bytes, position: int, size: int, path: Sequence[bytes], expected: bytes
) -> bool:
    """Return whether `path` leads from the leaf to the root of a tree of `size`."""
    if not 0 <= position < size:
        return False
    first, last, node = position, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if first % 2 or first == last:
            node = node_hash(sibling, node)
            while first % 2 == 0 and first:
                first, last = first // 2, last // 2
        else:
            node = node_hash(node, sibling)
        first, last = first // 2, last // 2
    return last == 0 and node == expected


def is_consistent(
    first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether the tree `new` of `second` leaves continues `old` of `first`.

    Every tree continues the empty one. As RFC 9162, 2.1.4.2 says it.
    """
    if not 0 <= first <= second:
        return False
    if first in (0, second):
        same = old == (EMPTY_ROOT if first == 0 else new)
        return same and not proof
    path = list(proof)
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place // 2, last // 2
    if place:
        if not path:
            return False
        ours = theirs = path.pop(0)
    else:
        ours = theirs = old
    for node in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            ours, theirs = node_hash(node, ours), node_hash(node, theirs)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            theirs = node_hash(theirs, node)
        place, last = place // 2, last // 2
    return last == 0 and (ours, theirs) == (old, new)
