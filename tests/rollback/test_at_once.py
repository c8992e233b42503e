"""Two people at the same moment, on both databases, each in a process of their own.

On PostgreSQL every desk has a store of its own: real transactions that race. SQLite lets
one process serve, so there two desks share its store.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from random import SystemRandom
from typing import Any, cast

import pytest

from bot.approval.agreement import unagreed
from bot.approval.oversight import EndpointLocked, ShiftHeld
from bot.approval.proposal import propose
from bot.desk import Desk
from bot.incident import (
    Actor,
    Deployment,
    EndpointState,
    Incident,
    RollbackApproved,
    RollbackAsked,
    RollbackRequested,
    ShiftTraffic,
    Snoozed,
)
from bot.simulator import people
from bot.simulator.identity import TENANT
from bot.simulator.people import Account
from bot.store import Conflict, Listed, Store
from bot.turns import Answer, DialogSent, Pressed, Say, ShowCard, Typed
from bot.watch import Approval, Endpoint, Person, WatchList
from bot.worker import Means
from cards import Links
from tests.conftest import NOW
from tests.incidents import ENDPOINT, received

CHAT = "19:priya@unq.gbl.spaces"
NAME = "loan-prescreening"
ROUNDS = 6


def watch(count: int = 1, roles: dict[str, tuple[Any, ...]] | None = None) -> WatchList:
    listed = tuple(
        Person(**{**p.model_dump(), "roles": (roles or {}).get(p.name, p.roles)})
        for p in people.people()
    )
    endpoint = Endpoint(
        id=ENDPOINT,
        owner=people.PRIYA.person,
        channel=people.ALERTS.key,
        rollback_target="green",
        approval=Approval(count=count),
    )
    return WatchList(
        tenant=TENANT,
        people=listed,
        channels=people.channels(),
        endpoints=(endpoint,),
    )


def means(store: Store, listed: WatchList) -> Means:
    return Means(
        store=store,
        watch=listed,
        clock=lambda: NOW + timedelta(minutes=1),
        random=SystemRandom(),
        links=Links(),
        sign=lambda key, revision: f"{key}.{revision}",
        signed=lambda token, key, revision: token == f"{key}.{revision}",
    )


@pytest.fixture
def stores(store: Store, database_url: str) -> Iterator[tuple[Store, Store]]:
    """Two replicas' stores; on SQLite it is one and the same."""
    second = Store.open(database_url) if "postgres" in database_url else store
    yield store, second
    if second is not store:
        second.close()


def actor(who: Account) -> Actor:
    return Actor(who.tenant, who.oid, who.name)


async def requested(store: Store, listed: WatchList, number: int) -> Incident:
    """Record a request that waits for approval."""
    state = EndpointState(
        at=NOW,
        traffic={"blue": 90, "green": 10},
        deployments=tuple(
            Deployment(name=n, model=f"loan:{m}", provisioning_state="Succeeded")
            for n, m in (("blue", 14), ("green", 13))
        ),
        provisioning_state="Succeeded",
        digest="",
    )
    asked = RollbackAsked(at=NOW, by=actor(people.JONAS), reason="13 copes")
    endpoint, request = listed.endpoints[0], f"R-{number}"
    found = propose(asked, 1, endpoint, state, [], request=request, now=NOW)
    assert isinstance(found, RollbackRequested)
    new = Incident(id="", group_key=f"g-{number}", endpoint=ENDPOINT)
    return await store.append(new, [received(), asked, found])


def press(incident: Incident, who: Account, request: str) -> Pressed:
    data = {"id": incident.id, "rev": "3", "t": f"{incident.id}.3", "ref": request}
    data["accepts"] = "true"  # nobody has measured anything here
    return Pressed(
        actor=actor(who),
        conversation=CHAT,
        activity="a-1",
        id="click-1",
        verb="approve",
        data=data,
    )


async def moves(store: Store) -> list[str]:
    """Return the requests whose move is queued."""
    due = await store.outbox.due("executor", NOW + timedelta(days=1))
    return sorted(d.effect.request for d in due if isinstance(d.effect, ShiftTraffic))


async def test_two_approvals_at_once_queue_one_move(
    stores: tuple[Store, Store],
) -> None:
    listed = watch()
    desks = [Desk(means(store, listed)) for store in stores]
    for number in range(1, ROUNDS + 1):
        incident = await requested(stores[0], listed, number)
        turns = [
            desk.hear(press(incident, who, f"R-{number}"))
            for desk in desks
            for who in (people.MEI, people.LENA)
        ]

        answers = await asyncio.gather(*turns)

        after = await stores[0].load(incident.id)
        assert after is not None
        assert 1 == len(after.every(RollbackApproved))
        refused = [a.text for a in answers if isinstance(a, Say)]
        assert 3 == len(refused)
        assert all("is not waiting any more" in text for text in refused)
    assert [f"R-{n}" for n in range(1, ROUNDS + 1)] == await moves(stores[0])


async def test_of_two_who_are_needed_neither_is_lost(
    stores: tuple[Store, Store],
) -> None:
    """
    Both click at the same moment: both count, once each, and one move follows.
    """
    listed = watch(count=2)
    desks = [Desk(means(store, listed)) for store in stores]
    for number in range(1, ROUNDS + 1):
        incident = await requested(stores[0], listed, number)
        pair = zip(desks, (people.MEI, people.LENA), strict=True)

        await asyncio.gather(
            *(d.hear(press(incident, w, f"R-{number}")) for d, w in pair)
        )

        after = await stores[0].load(incident.id)
        assert after is not None
        assert {"Mei Chen", "Lena Vogt"} == {a.person for a in after.approvals}
    assert [f"R-{n}" for n in range(1, ROUNDS + 1)] == await moves(stores[0])


async def test_two_accounts_of_one_person_are_one_approval(
    stores: tuple[Store, Store],
) -> None:
    listed = watch(count=2)
    twin = next(
        p for p in listed.people if len(p.accounts) > 1 and "approver" in p.roles
    )
    incident = await requested(stores[0], listed, 1)
    desks = [Desk(means(store, listed)) for store in stores]
    accounts = [a for a in people.ACCOUNTS if a.oid in twin.accounts]

    await asyncio.gather(
        *(
            d.hear(press(incident, a, "R-1"))
            for d, a in zip(desks, accounts, strict=False)
        )
    )

    after = await stores[0].load(incident.id)
    assert after is not None
    assert 1 == len(after.approvals)
    assert [] == await moves(stores[0])


async def test_a_button_works_once_for_each_person(
    stores: tuple[Store, Store],
) -> None:
    """
    A captured press that is played back, under another id, with other words, after what
    it did was taken back, and to another replica that has never heard of it.
    """
    first, second = (Desk(means(store, watch())) for store in stores)
    incident = await requested(stores[0], watch(), 1)
    data = {"id": incident.id, "rev": "3", "t": f"{incident.id}.3"}

    def snooze(click: str, who: Account = people.PRIYA) -> DialogSent:
        sent = {**data, "until": "2 h", "reason": f"the feed is late, {click}"}
        return DialogSent(
            actor=actor(who), conversation=CHAT, activity="a-1", id=click,
            verb="snooze", data=sent,
        )  # fmt: skip

    async def unack() -> object:
        words = replace(press(incident, people.PRIYA, ""), verb="unack")
        return await first.hear(words)

    await first.hear(snooze("click-1"))
    assert isinstance(await unack(), ShowCard)
    for desk in (first, second, Desk(means(stores[1], watch()))):
        await desk.hear(snooze("click-2"))

    after = await stores[0].load(incident.id)
    assert after is not None
    [made] = after.every(Snoozed)
    assert ("snooze 3", "the feed is late, click-1") == (made.pressed, made.reason)
    await second.hear(snooze("click-3", people.JONAS))  # not he: his own press counts
    after = await stores[0].load(incident.id)
    assert after is not None
    assert 2 == len(after.every(Snoozed))


async def heard(store: Store, who: Account) -> Answer:
    """Let somebody ask for a rollback, of no incident, through a desk of their own."""
    typed = Typed(
        actor=actor(who),
        conversation=CHAT,
        activity="a-1",
        thread="",
        text=f"rollback {NAME} the release was a mistake",
    )
    return await Desk(means(store, watch())).hear(typed)


async def test_two_asks_without_an_incident_open_one(
    stores: tuple[Store, Store],
) -> None:
    """
    Jonas and Priya both see trouble before any alert does.
    """
    who = (people.JONAS, people.PRIYA)
    await asyncio.gather(*(heard(s, w) for s, w in zip(stores, who, strict=True)))

    [listed] = await stores[0].incidents()
    incident = await stores[0].load(listed.id)
    assert incident is not None
    assert 1 == len(incident.every(RollbackAsked))


class Interrupted:
    """A store after whose first look at the index somebody else gets a word in."""

    def __init__(self, store: Store, word: Callable[[], Awaitable[object]]) -> None:
        self._store, self._words = store, [word]

    async def incidents(self, **wanted: Any) -> list[Listed]:
        found = await self._store.incidents(**wanted)
        while self._words:
            await self._words.pop()()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_an_ask_between_two_looks_opens_no_second_incident(
    stores: tuple[Store, Store],
) -> None:
    """
    What Priya opened while Jonas's ask was read is what he means too.
    """
    slow = cast("Store", Interrupted(stores[0], lambda: heard(stores[1], people.PRIYA)))
    await heard(slow, people.JONAS)

    [listed] = await stores[1].incidents()
    incident = await stores[1].load(listed.id)
    assert incident is not None
    assert 1 == len(incident.every(RollbackAsked))


async def test_the_role_is_read_at_the_click(stores: tuple[Store, Store]) -> None:
    """
    The watch list was read anew while the request waited: Mei approves no more.
    """
    incident = await requested(stores[0], watch(), 1)
    later = watch(roles={"Mei Chen": ("viewer",)})

    answer = await Desk(means(stores[1], later)).hear(
        press(incident, people.MEI, "R-1")
    )

    assert isinstance(answer, Say)
    assert "You cannot decide R-1. Who can: Lena Vogt" in answer.text
    assert [] == await moves(stores[0])


async def test_who_asked_has_to_be_known_at_the_click(
    stores: tuple[Store, Store],
) -> None:
    """
    Jonas was taken off the list: that he and Mei are two people is nobody's to tell.
    """
    listed = watch()
    incident = await requested(stores[0], listed, 1)
    people_left = tuple(p for p in listed.people if p.name != "Jonas Weber")
    later = listed.model_copy(update={"people": people_left})

    answer = await Desk(means(stores[1], later)).hear(
        press(incident, people.MEI, "R-1")
    )

    assert isinstance(answer, Say)
    assert "Jonas Weber, who asked for it, is not on the watch list" in answer.text
    assert [] == await moves(stores[0])
    request, yes = (
        incident.request,
        RollbackApproved(
            at=NOW,
            by=actor(people.MEI),
            request="R-1",
            person="Mei Chen",
            accepted=("health", "capacity", "lock"),
        ),
    )
    assert request
    endpoint = later.endpoints[0]
    assert "not on the watch list" in unagreed(request, [yes], endpoint, later)
    assert "" == unagreed(request, [yes], endpoint, listed)


# -- the endpoint's own history --------------------------------------------------------


async def test_one_of_many_holds_the_endpoint(stores: tuple[Store, Store]) -> None:
    """
    Whoever reads the same state of the ledger, only one may take it.
    """
    ledgers = [await store.ledger(ENDPOINT) for store in stores for _ in range(4)]
    taking = [
        (stores[n % 2]).append(ledger, [ShiftHeld(at=NOW, request=f"R-{n}")])
        for n, ledger in enumerate(ledgers)
    ]

    ends = await asyncio.gather(*taking, return_exceptions=True)

    count = Counter(type(end) for end in ends)
    assert {Conflict: 7, Incident: 1} == count
    assert 1 == (await stores[1].ledger(ENDPOINT)).revision


async def test_a_lock_and_a_hold_at_once_are_both_seen(
    stores: tuple[Store, Store],
) -> None:
    """
    The loser reads again, and then finds what the winner wrote.
    """
    first, second = [await store.ledger(ENDPOINT) for store in stores]
    lock = EndpointLocked(at=NOW, by=actor(people.PRIYA), reason="month end")
    ends = await asyncio.gather(
        stores[0].append(first, [lock]),
        stores[1].append(second, [ShiftHeld(at=NOW, request="R-1")]),
        return_exceptions=True,
    )

    assert 1 == sum(isinstance(end, Conflict) for end in ends)
    assert 1 == len((await stores[0].ledger(ENDPOINT)).history)
