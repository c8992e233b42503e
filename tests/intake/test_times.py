"""Clocks that cannot be believed: an alert's own, and ours."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from bot.consequences import STALE, follow
from bot.incident import (
    AlertReceived,
    Effect,
    Escalate,
    ExpireRequest,
    Follow,
    Reconcile,
    Reply,
    ShowCard,
    Wake,
)
from bot.simulator.scenarios import scenario
from bot.store import Due, Leader, Store
from bot.watch import WatchList
from bot.worker.hush import hushed
from bot.worker.intake import AHEAD, KEPT_BY_AZURE, timed
from bot.worker.loop import Worker
from bot.worker.means import Means
from bot.worker.rounds import Rounds
from cards import Links
from tests.conftest import FIXTURES, NOW
from tests.incidents import NEW, alert, received
from tests.story.remote import until

SAMPLE = "cas_metric_aml_latency_p95.json"


@given(st.timedeltas(min_value=-timedelta(days=900), max_value=timedelta(days=900)))
def test_no_start_lies_in_the_future_and_no_replay_calls_anybody(
    ago: timedelta,
) -> None:
    """
    A start in the year 2099 would hide every later alert of the same condition.
    """
    fired = timed(alert(starts_at=NOW + ago), NOW)
    event = AlertReceived(at=NOW, alert=fired, delivery="d")
    called = ShowCard() in [f.effect for f in follow(NEW, (event,))]

    assert fired.starts_at <= NOW + AHEAD
    assert called == (ago >= -KEPT_BY_AZURE)
    assert called != (STALE in fired.labels)


def test_a_late_resolved_is_never_stale() -> None:
    """
    A fault that lasted two months ends with a Resolved that carries the old start.
    """
    ended = timed(alert(status="resolved", starts_at=NOW - timedelta(days=60)), NOW)

    assert {} == ended.labels


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def waiting(store: Store, clock: Clock) -> Means:
    """Return the means of a driver whose channels gather alerts for a minute."""
    watch = WatchList.model_validate(scenario("none").watch())
    channels = {
        key: channel.model_copy(update={"group_wait_s": 60})
        for key, channel in watch.channels.items()
    }
    return Means(
        store=store,
        watch=watch.model_copy(update={"channels": channels}),
        clock=clock,
        random=Random(1),  # noqa: S311
        links=Links("http://127.0.0.1"),
        sign=lambda _what, _revision: "",
    )


@dataclass
class Life:
    """The driver from its start to its kill, on a store that outlives it."""

    url: str
    clock: Clock
    shown: list[datetime] = field(default_factory=list)  # when cards were due

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Store]:
        store = Store.open(self.url)
        means = waiting(store, self.clock)
        performs = dict.fromkeys(get_args(Effect), self._done) | {ShowCard: self._show}
        run = asyncio.create_task(Worker(means, "driver", performs).run())
        try:
            yield store
        finally:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
            store.close()

    async def _done(self, means: Means, due: Due, _: Any, leader: Leader) -> None:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)

    async def _show(self, means: Means, due: Due, effect: Any, leader: Leader) -> None:
        await hushed(means, await means.incident(due), leader)
        self.shown.append(self.clock.now)
        await self._done(means, due, effect, leader)


async def waits(store: Store, at: datetime) -> None:
    """Return once the card has been looked at, and waits until `at`."""

    async def found() -> bool:
        due = await store.outbox.due("driver", at)
        before = await store.outbox.due("driver", at - timedelta(seconds=1))
        cards = [[d for d in some if d.effect == ShowCard()] for some in (due, before)]
        return list(map(len, cards)) == [1, 0]

    await until(f"a card that waits until {at}", found)


def latency() -> bytes:
    document = json.loads((FIXTURES / "alerts" / SAMPLE).read_bytes())
    watch = WatchList.model_validate(scenario("none").watch())
    document["data"]["essentials"] |= {
        "alertTargetIDs": [watch.endpoints[0].id],
        "firedDateTime": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
    }
    return json.dumps(document).encode()


async def test_a_restart_in_a_group_wait_neither_loses_nor_lengthens_it(
    database_url: str,
) -> None:
    life = Life(database_url, Clock(NOW))
    async with life() as store:
        await store.accept("alerts", latency(), NOW)
        await waits(store, NOW + timedelta(seconds=60))
    life.clock.now = NOW + timedelta(seconds=40)
    async with life() as store:
        await waits(store, NOW + timedelta(seconds=60))
        life.clock.now = NOW + timedelta(seconds=61)
        store.changed.set()
        await until("the card", lambda: _one(life.shown))

    assert [NOW + timedelta(seconds=61)] == life.shown


async def test_a_clock_that_is_set_back_holds_up_no_card(database_url: str) -> None:
    """
    What waits by the wrong clock would wait for as long as it had been ahead.
    """
    life = Life(database_url, Clock(NOW + timedelta(hours=5)))
    async with life() as store:
        await store.accept("alerts", latency(), NOW)
        await waits(store, NOW + timedelta(hours=5, seconds=60))
    life.clock.now = NOW
    async with life():
        await until("the card", lambda: _one(life.shown))

    assert [NOW] == life.shown


async def test_a_clock_that_is_set_back_holds_up_no_answer_and_no_call(
    store: Store,
) -> None:
    """
    A timer that was set while the clock was right stays where it is.
    """
    wrong, clock = NOW + timedelta(hours=5), Clock(NOW)
    means = waiting(store, clock)
    right = await store.append(NEW, [received(at=NOW - timedelta(minutes=1))])
    misdated = await store.append(replace(NEW, group_key="g-2"), [received(at=wrong)])
    for about, effect, due in (
        (misdated, Reply(1), wrong),
        (misdated, Escalate(1, 0), wrong + timedelta(minutes=10)),
        (misdated, Wake(1), NOW + timedelta(hours=1)),
        (right, Escalate(1, 0), NOW + timedelta(minutes=10)),
        (right, ExpireRequest("R-1"), NOW + timedelta(hours=9)),
    ):
        await store.outbox.queue(about.id, Follow(effect=effect, due_at=due))
    await store.beat(wrong)
    await Rounds(means).begin()

    found = await store.outbox.due("driver", NOW + timedelta(days=1))
    after = [(d.incident, type(d.effect), d.due_at - NOW) for d in found if d.incident]
    assert [
        (misdated.id, Reply, timedelta()),
        (misdated.id, Wake, timedelta()),
        (right.id, Escalate, timedelta(minutes=10)),
        (misdated.id, Escalate, timedelta(minutes=10)),
        (right.id, ExpireRequest, timedelta(hours=9)),
    ] == sorted(after, key=lambda a: (a[2], a[0], a[1] is Wake))


async def test_a_clock_that_leaps_ahead_asks_azure_what_was_missed(
    database_url: str,
) -> None:
    """
    A machine that slept was as deaf as one that was down.
    """
    store = Store.open(database_url)
    clock = Clock(NOW)
    rounds = Rounds(waiting(store, clock))
    await rounds.begin()
    clock.now = NOW + timedelta(hours=3)
    await rounds.turn()
    clock.now = NOW + timedelta(hours=1)
    await rounds.turn()
    due = await store.outbox.due("driver", clock.now)
    asked = {d.effect.since for d in due if isinstance(d.effect, Reconcile)}
    beat = await store.last_beat()
    store.close()

    assert {None, NOW - timedelta(minutes=5)} == asked
    assert clock.now == beat


async def _one(shown: list[datetime]) -> bool:
    return len(shown) == 1
