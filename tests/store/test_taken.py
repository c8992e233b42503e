"""That a call came, and when, is sealed with what came of it; on both databases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.store import Leader, Store, taken
from bot.store.check import Tampered, check, verify
from bot.store.schema import delivery, history
from tests.conftest import NOW


async def settled(store: Store, count: int, fence: int) -> list[str]:
    """Take `count` calls in, one a day."""
    keys = []
    for day in range(count):
        at = NOW + timedelta(days=day)
        key = await store.accept("alerts", f"call {day}".encode(), at)
        await store.settle({key: "not on the watch list"}, at, fence=fence)
        keys.append(key)
    return keys


async def test_a_call_of_which_nothing_came_cannot_be_made_away_with(
    store: Store,
) -> None:
    """
    Whoever would hide that Azure had called could delete the row, and nobody saw it.
    """
    fence = (await Leader.elect(store, "driver")).epoch
    keys = await settled(store, 3, fence)
    waits = await store.accept("alerts", b"not looked at yet", NOW)
    assert (0, 3) == await verify(store)

    gone = sa.delete(delivery).where(delivery.c.id == keys[1])
    await store.write(lambda db: db.execute(gone))
    with pytest.raises(Tampered, match=f"{keys[1][:12]}… is gone"):
        await store.read(check)
    assert [waits] == [each.id for each in await store.new_deliveries()]


async def test_calls_of_an_older_version_are_counted_not_accused(store: Store) -> None:
    fence = (await Leader.elect(store, "driver")).epoch
    old = [await store.accept("alerts", f"{n}".encode(), NOW) for n in range(3)]
    await store.write(lambda db: db.execute(sa.update(delivery).values(state="taken")))
    assert "" == await store.read(taken.wrong)

    await settled(store, 2, fence)
    assert "" == await store.read(taken.wrong)

    gone = sa.delete(delivery).where(delivery.c.id == old[0])
    await store.write(lambda db: db.execute(gone))
    assert (await store.read(taken.wrong)).startswith("2 deliveries have no record")


async def test_what_is_taken_in_together_is_one_record(store: Store) -> None:
    """
    In a storm thousands come a minute: their journal must not grow as fast.
    """
    fence = (await Leader.elect(store, "driver")).epoch
    keys = [await store.accept("alerts", f"{n}".encode(), NOW) for n in range(700)]

    await store.settle(dict.fromkeys(keys, ""), NOW, fence=fence)
    await store.settle({}, NOW, fence=fence)

    count = sa.select(sa.func.count()).select_from(history)
    assert 1 == await store.read(lambda db: db.execute(count).scalar())
    assert "" == await store.read(taken.wrong)
