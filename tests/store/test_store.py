"""What the store promises, on SQLite and on PostgreSQL alike."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.incident import (
    Acknowledged,
    Actor,
    EffectParked,
    Fold,
    Follow,
    Incident,
    Noted,
    RollbackImpossible,
    ShiftFailed,
    ShiftTraffic,
    ShowCard,
)
from bot.store import (
    CannotOpen,
    Conflict,
    Deposed,
    Leader,
    Store,
    Unreadable,
    Unwritable,
    taken,
)
from bot.store.schema import delivery, history, outbox
from tests.conftest import NOW
from tests.incidents import NEW, received

PRIYA = Actor("t", "o-1", "Priya Raman")


def now(effect: ShowCard | ShiftTraffic) -> Follow:
    return Follow(effect=effect, due_at=NOW)


async def test_a_repeated_delivery_is_kept_once(store: Store) -> None:
    """
    Azure Monitor repeats a call it believes lost; the copy must not open a second row.
    """
    ids = await asyncio.gather(*(store.accept("alerts", b"{}", NOW) for _ in range(6)))

    assert 1 == len(set(ids))
    assert [b"{}"] == [d.body for d in await store.new_deliveries()]


async def rows(store: Store) -> list[str]:
    """Return the states of all deliveries, by their text."""
    query = sa.select(delivery.c.state).order_by(delivery.c.body)
    return list(await store.read(lambda db: db.execute(query).scalars().all()))


async def test_a_repeat_is_known_whatever_became_of_the_first(
    database_url: str,
) -> None:
    """
    It comes a minute later or a day, and we were started anew in between.
    """
    store = Store.open(database_url)
    fence = (await Leader.elect(store, "driver")).epoch
    keys = [await store.accept("alerts", body, NOW) for body in (b"1", b"2", b"3")]
    await store.settle({keys[0]: "", keys[1]: "unknown"}, NOW, fence=fence)
    for _ in range(2):
        again = (store.accept("alerts", body, NOW) for body in (b"1", b"2", b"3", b"3"))
        assert [*keys, keys[2]] == await asyncio.gather(*again)
        assert ["taken", "unhandled", "new"] == await rows(store)
        store.close()
        store = Store.open(database_url)
    store.close()


async def test_a_batch_that_failed_is_not_taken_for_kept(tmp_path: Path) -> None:
    """
    What was only tried is not on disk: the repeat has to be written, not remembered.
    """
    store = Store.open(f"sqlite:///{tmp_path / 'a.db'}")
    await store.accept("alerts", b"1", NOW)
    away, back = (
        sa.text(f"ALTER TABLE {a} RENAME TO {b}")
        for a, b in (("delivery", "gone"), ("gone", "delivery"))
    )
    await store.write(lambda db: db.execute(away))
    with pytest.raises(Unwritable):
        await store.accept("alerts", b"2", NOW)
    await store.write(lambda db: db.execute(back))
    await store.accept("alerts", b"2", NOW)
    kept = await rows(store)
    store.close()

    assert ["new", "new"] == kept


async def test_two_processes_that_keep_one_call_leave_one(tmp_path: Path) -> None:
    """
    `watchkeeper reconcile` writes to the file beside the service, which remembers.
    """
    url = f"sqlite:///{tmp_path / 'a.db'}"
    store, beside = Store.open(url), Store.open(url, role="reconcile")
    fence = (await Leader.elect(store, "driver")).epoch
    later = NOW + timedelta(seconds=1)
    await beside.accept("own", b"0", NOW)
    await store.accept("own", b"0", NOW)
    for each, at in ((store, NOW), (beside, later), (store, later), (beside, NOW)):
        await each.accept("own", b"1", at)
    beside.close()
    waiting = await store.new_deliveries()
    assert {(b"0", NOW), (b"1", NOW)} == {(d.body, d.received_at) for d in waiting}

    await store.settle(dict.fromkeys((d.id for d in waiting), ""), NOW, fence=fence)
    left, odd = await rows(store), await store.read(taken.wrong)
    store.close()
    assert (["taken", "taken"], "") == (left, odd)


async def test_the_same_bytes_at_two_doors_are_two_deliveries(store: Store) -> None:
    await store.accept("alerts", b"{}", NOW)
    await store.accept("events", b"{}", NOW)

    assert 2 == len(await store.new_deliveries())


async def test_an_incident_is_read_back_as_it_was_written(store: Store) -> None:
    written = await store.append(NEW, [received()])
    written = await store.append(written, [Acknowledged(at=NOW, by=PRIYA, note="mine")])

    assert "A-1" == written.id
    assert written == await store.load("A-1")
    assert written == await store.newest(NEW.group_key)


async def test_two_who_decide_at_once_give_one_winner(store: Store) -> None:
    """
    Two approvals that both read revision 1 must not both become event 2.
    """
    incident = await store.append(NEW, [received()])
    acks = [Acknowledged(at=NOW, by=PRIYA, note=str(n)) for n in range(8)]

    results = await asyncio.gather(
        *(store.append(incident, [ack], [now(ShowCard())]) for ack in acks),
        return_exceptions=True,
    )

    assert 7 == sum(isinstance(r, Conflict) for r in results)
    after = await store.load(incident.id)
    assert after is not None
    assert 2 == after.revision
    assert 1 == len(await store.outbox.due("driver", NOW))


async def test_what_follows_is_queued_with_the_event_or_not_at_all(
    store: Store,
) -> None:
    incident = await store.append(NEW, [received()], [now(ShowCard())])

    with pytest.raises(Conflict):
        await store.append(outdated(incident.id), [received()], [now(ShowCard())])

    assert [incident.id] == [d.incident for d in await store.outbox.due("driver", NOW)]


def outdated(key: str) -> Incident:
    """A view of an incident of whose history nothing was read."""
    return Incident(id=key, group_key=NEW.group_key, endpoint=NEW.endpoint)


async def test_the_end_of_what_was_approved_goes_before_other_edits(
    store: Store,
) -> None:
    """
    An approver waits at the screen; a channel that others fill made that twenty seconds.
    """
    found: dict[str, int] = {}
    ends = {
        "failed": ShiftFailed(at=NOW, request="R-1", reason="no", live=None),
        "impossible": RollbackImpossible(at=NOW, asked=1, reason="no"),
        "an alert": received(fingerprint="f-2"),
    }
    for name, event in ends.items():
        before = await store.append(replace(NEW, group_key=name), [received()])
        after = await store.append(before, [event], [now(ShowCard())])
        due = await store.outbox.due("driver", NOW)
        found[name] = next(d.rank for d in due if d.incident == after.id)

    assert 0 == found["failed"] == found["impossible"]
    assert 0 < found["an alert"]


async def test_an_old_request_is_found_behind_many_incidents(store: Store) -> None:
    """
    The index ends after five hundred; a request that waits may be older than that.
    """
    asked = RollbackImpossible(at=NOW, asked=1, reason="stands for any event")
    old = await store.append(NEW, [received(), asked])
    for first in range(0, 501, 50):  # all at once they lose patience on a busy machine
        await asyncio.gather(
            *(
                store.append(replace(NEW, group_key=f"k-{n}"), [received()])
                for n in range(first, min(first + 50, 501))
            )
        )

    plain = await store.incidents(endpoint=NEW.endpoint)
    having = await store.incidents(endpoint=NEW.endpoint, having=RollbackImpossible)

    assert old.id not in [line.id for line in plain]
    assert [old.id] == [line.id for line in having]
    assert [] == await store.incidents(endpoint=NEW.endpoint, having=Noted)


async def test_only_the_executor_is_offered_traffic(store: Store) -> None:
    follow = [now(ShowCard()), now(ShiftTraffic("R-1"))]
    await store.append(NEW, [received()], follow)

    driver = await store.outbox.due("driver", NOW)
    executor = await store.outbox.due("executor", NOW)

    assert [ShowCard()] == [d.effect for d in driver]
    assert [ShiftTraffic("R-1")] == [d.effect for d in executor]


async def test_an_effect_waits_for_its_time(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    await store.outbox.queue("A-1", Follow(effect=ShowCard(), due_at=later))

    assert [] == await store.outbox.due("driver", NOW)
    assert later == await store.outbox.next_due("driver")
    assert 1 == len(await store.outbox.due("driver", later))


async def test_an_attempt_is_counted_before_it_is_made(store: Store) -> None:
    """
    After a crash the second attempt must know that the first may have arrived.
    """
    fence = (await Leader.elect(store, "driver")).epoch
    await store.outbox.queue("A-1", now(ShowCard()))
    [due] = await store.outbox.due("driver", NOW)

    assert await store.outbox.claim(due.id, "driver", fence=fence)
    [again] = await store.outbox.due("driver", NOW)
    assert (0, 1) == (due.attempts, again.attempts)

    await store.outbox.finish(due.id, "driver", fence=fence)
    assert not await store.outbox.claim(due.id, "driver", fence=fence)


async def test_an_attempt_for_an_earlier_event_is_known_to_the_later(
    store: Store,
) -> None:
    """
    Each event may want the card shown; that of the first may stand there, unanswered.
    """
    fence = (await Leader.elect(store, "driver")).epoch
    await store.outbox.queue("A-1", now(ShowCard()))
    [first] = await store.outbox.due("driver", NOW)
    await store.outbox.claim(first.id, "driver", fence=fence)
    assert not await store.outbox.tried_before(first)

    await store.outbox.queue("A-1", now(ShowCard()))
    await store.outbox.queue("A-2", now(ShowCard()))
    _, second, other = await store.outbox.due("driver", NOW)
    for due in (second, other):
        await store.outbox.claim(due.id, "driver", fence=fence)

    assert await store.outbox.tried_before(second)
    assert not await store.outbox.tried_before(other)
    [again, *_] = await store.outbox.due("driver", NOW)
    await store.outbox.claim(again.id, "driver", fence=fence)
    assert await store.outbox.tried_before(again)


async def test_an_attempt_in_one_channel_says_nothing_of_another(store: Store) -> None:
    fence = (await Leader.elect(store, "driver")).epoch
    for channel in ("19:a", "19:b"):
        await store.outbox.queue("", Follow(effect=Fold(channel), due_at=NOW))
    first, _ = await store.outbox.due("driver", NOW)
    await store.outbox.claim(first.id, "driver", fence=fence)
    await store.outbox.queue("", Follow(effect=Fold("19:a"), due_at=NOW))
    _, other, second = await store.outbox.due("driver", NOW)
    for due in (other, second):
        await store.outbox.claim(due.id, "driver", fence=fence)

    assert (False, True) == (
        await store.outbox.tried_before(other),
        await store.outbox.tried_before(second),
    )


async def test_a_deposed_leader_writes_nothing(store: Store) -> None:
    """
    A process that was stopped for ten minutes must not act on what it once held.
    """
    old = await store.write(lambda db: _raise_epoch(db, 1))
    await store.outbox.queue("A-1", now(ShowCard()))
    [due] = await store.outbox.due("driver", NOW)
    await store.write(lambda db: _raise_epoch(db, 2))

    with pytest.raises(Deposed):
        await store.outbox.claim(due.id, "driver", fence=old)
    with pytest.raises(Deposed):
        await store.append(NEW, [received()], leader=("driver", old))
    assert [] == await store.incidents()


def _raise_epoch(db: sa.Connection, epoch: int) -> int:
    from bot.store import statements  # noqa: PLC0415

    found = statements.next_number(db, "epoch:driver")
    assert epoch == found
    return found


async def test_a_parked_effect_is_kept_and_no_longer_tried(store: Store) -> None:
    fence = (await Leader.elect(store, "driver")).epoch
    await store.outbox.queue("A-1", now(ShowCard()))
    [due] = await store.outbox.due("driver", NOW)

    await store.outbox.park(due.id, "driver", "the channel is gone", fence=fence)

    assert [] == await store.outbox.due("driver", NOW)
    assert {"new": 0, "due": 0, "parked": 1} == await store.outbox.waiting()


async def test_one_bad_write_does_not_spoil_its_neighbours(store: Store) -> None:
    """
    Requests share a transaction; a conflict of one must not lose the other's alert.
    """

    def fail(db: sa.Connection) -> None:
        db.execute(sa.insert(outbox).values(incident="x"))

    results = await asyncio.gather(
        store.write(fail), store.accept("alerts", b"1", NOW), return_exceptions=True
    )

    assert isinstance(results[0], sa.exc.IntegrityError)
    assert 1 == len(await store.new_deliveries())


async def test_a_broken_database_is_told_not_swallowed(store: Store) -> None:
    await store.write(lambda db: db.execute(sa.text("DROP TABLE delivery")) and None)

    with pytest.raises(Exception, match=r"delivery") as caught:
        await store.accept("alerts", b"{}", NOW)

    assert isinstance(caught.value, Unwritable | sa.exc.ProgrammingError)


async def test_history_never_changes_by_our_own_hand(store: Store) -> None:
    incident = await store.append(NEW, [received()])
    first = await store.read(lambda db: db.execute(sa.select(history)).all())

    await store.append(incident, [Acknowledged(at=NOW, by=PRIYA)])

    rows = await store.read(
        lambda db: db.execute(sa.select(history).order_by(history.c.seq)).all()
    )
    assert first == rows[:1]


async def test_a_second_start_finds_everything(database_url: str) -> None:
    first = Store.open(database_url)
    await first.append(NEW, [received()], [now(ShowCard())])
    await first.remember("19:c", {"serviceUrl": "https://s"}, NOW)
    first.close()

    again = Store.open(database_url)

    assert ["A-1"] == [i.id for i in await again.incidents()]
    assert {"serviceUrl": "https://s"} == await again.reference("19:c")
    assert 1 == len(await again.outbox.due("driver", NOW))
    again.close()


async def test_unhandled_deliveries_are_listed_with_their_reason(store: Store) -> None:
    fence = (await Leader.elect(store, "driver")).epoch
    key = await store.accept("alerts", b"{}", NOW)

    await store.settle({key: "not on the watch list"}, NOW, fence=fence)

    assert [] == await store.new_deliveries()
    assert [(key, "not on the watch list")] == [
        (u.id, u.reason) for u in await store.unhandled()
    ]


async def test_numbers_are_given_out_once(store: Store) -> None:
    numbers = await asyncio.gather(*(store.number("request") for _ in range(20)))

    assert list(range(1, 21)) == sorted(numbers)


def test_a_database_from_the_future_is_refused(database_url: str) -> None:
    store = Store.open(database_url)
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()

    with pytest.raises(CannotOpen, match="newer Watchkeeper"):
        Store.open(database_url)


async def test_giving_up_and_saying_so_are_one_step(store: Store) -> None:
    """
    A kill between the two would leave an effect that nobody tries and nobody sees.
    """
    leader = await Leader.elect(store, "driver")
    incident = await store.append(NEW, [received()], [now(ShowCard())])
    [due] = await store.outbox.due("driver", NOW)
    stale = replace(incident, history=())
    told = EffectParked(at=NOW, effect="ShowCard", reason="the channel is gone")

    with pytest.raises(Conflict):
        await store.append(stale, [told], parked=(due.id, told.reason))
    assert [due] == await store.outbox.due("driver", NOW)
    await store.append(
        incident, [told], parked=(due.id, told.reason), leader=("driver", leader.epoch)
    )
    assert 1 == (await store.outbox.waiting())["parked"]


async def test_what_a_newer_version_wrote_waits_for_it(store: Store) -> None:
    """
    Old and new run side by side during an upgrade: what the old one does not know it
    must neither drop nor choke on.
    """
    known = await store.append(NEW, [received()], [now(ShowCard())])
    await store.append(NEW, [received()], [now(ShowCard())])
    later = sa.update(outbox).where(outbox.c.incident == known.id)
    event = sa.update(history).where(history.c.incident == known.id)
    await store.write(lambda db: db.execute(later.values(type="FromTheFuture")))
    await store.write(lambda db: db.execute(event.values(type="FromTheFuture")))

    assert ["A-2"] == [d.incident for d in await store.outbox.due("driver", NOW)]
    assert 2 == (await store.outbox.waiting())["due"]
    assert 2 == len(await store.incidents())
    with pytest.raises(Unreadable, match="update Watchkeeper"):
        await store.load(known.id)
