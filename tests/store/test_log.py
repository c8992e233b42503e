"""The log finds every change to a history that was sealed."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bot.incident import Acknowledged, Actor, Incident
from bot.store import Leader, Store, merkle
from bot.store.check import Tampered, verify
from bot.store.log import Log, head
from bot.store.schema import history, log_head, log_leaf
from tests.conftest import NOW
from tests.incidents import NEW, received

KEY = Ed25519PrivateKey.generate()
PRIYA = Actor("t", "o-1", "Priya Raman")


async def sealed(store: Store, count: int) -> None:
    """Write and seal `count` events, a few at a time."""
    leader = await Leader.elect(store, "driver")
    log = Log(store, KEY)
    incident = await store.append(NEW, [received()])
    for n in range(count - 1):
        ack = Acknowledged(at=NOW, by=PRIYA, note=str(n))
        incident = await store.append(incident, [ack])
        if n % 3 == 0:
            await log.seal(NOW, fence=leader.epoch)
    await log.seal(NOW, fence=leader.epoch)
    leader.resign()


async def test_an_untouched_history_verifies(store: Store) -> None:
    await sealed(store, 10)

    newest = await head(store)

    assert (10, 0) == await verify(store)
    assert newest is not None
    KEY.public_key().verify(newest.signature, newest.signed)


async def test_a_new_leader_goes_on_where_the_old_one_stopped(store: Store) -> None:
    await sealed(store, 5)
    leader = await Leader.elect(store, "driver")
    await store.append(
        Incident(id="", group_key="other", endpoint=NEW.endpoint), [received()]
    )

    await Log(store, KEY).seal(NOW, fence=leader.epoch)

    assert (6, 0) == await verify(store)
    leader.resign()


async def test_rows_that_wait_for_the_sealer_are_told(store: Store) -> None:
    await store.append(NEW, [received()])

    assert (0, 1) == await verify(store)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            sa.update(history).where(history.c.seq == 4).values(at=1),
            "A-1/4 was changed",
        ),
        (sa.delete(history).where(history.c.seq == 4), "A-1/4 is gone"),
        (sa.delete(log_leaf).where(log_leaf.c.position == 3), "record 3 of the log"),
        (sa.delete(log_leaf).where(log_leaf.c.position == 9), "ends at 9"),
        (sa.update(log_head).values(root=b"x" * 32), "not the one that was signed"),
        (sa.delete(log_head), "ends at 10"),
    ],
)
async def test_tampering_is_found_and_the_first_record_named(
    store: Store, change: sa.Executable, words: str
) -> None:
    await sealed(store, 10)
    await store.write(lambda db: db.execute(change) and None)

    with pytest.raises(Tampered, match=words):
        await verify(store)


hashes = st.lists(st.binary(max_size=4).map(merkle.leaf_hash), min_size=1, max_size=70)


def naive(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(naive(leaves[:k]), naive(leaves[k:]))


@given(hashes)
def test_the_root_is_the_one_of_the_rfc(leaves: list[bytes]) -> None:
    assert naive(leaves) == merkle.root(leaves)


@given(hashes, st.data())
def test_every_leaf_proves_that_it_is_in_the_tree(
    leaves: list[bytes], data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle.inclusion(leaves, position)
    check: Callable[..., bool] = merkle.is_included

    assert check(leaves[position], position, len(leaves), path, merkle.root(leaves))
    other = merkle.leaf_hash(b"something else entirely")
    assert not check(other, position, len(leaves), path, merkle.root(leaves))
    assert not check(
        leaves[position], position, len(leaves), path, merkle.leaf_hash(b"root")
    )


def test_an_empty_log_has_the_empty_root() -> None:
    assert merkle.EMPTY_ROOT == merkle.root([])
