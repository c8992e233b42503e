"""Teams is away for hours: nothing is lost, and its return brings no storm."""

from collections import Counter
from datetime import timedelta

import sqlalchemy as sa

from bot.store.engine import create
from bot.store.schema import outbox
from tests.house import QUIET, House, Opened
from tests.intake.test_storm import many, notice, posts, send
from tests.story.remote import until

SIX_HOURS = timedelta(hours=6)
FIRED = 24  # while it was away
ENDED = 4  # of them, before it came back
POST = r"/v3/conversations"


CALM = {**QUIET, "escalation": {}}  # nobody is called meanwhile


async def keys(house: House) -> list[str]:
    listed = await house.get(f"{house.bot}/api/incidents")
    return [one["id"] for one in listed["incidents"]]


async def tried(house: House) -> int:
    """Return how many cards were tried at least once."""
    engine = create(house.settings.database_url)
    waits = sa.select(sa.func.count()).where(
        outbox.c.type == "ShowCard", outbox.c.attempts > 0
    )
    with engine.connect() as db:
        found: int = db.execute(waits).scalar_one()
    engine.dispose()
    return found


async def test_a_return_after_hours_brings_no_storm(build: Opened) -> None:
    """
    Cards of six hours are told in one message, the worst have their own, and what ended
    meanwhile is only named.
    """
    house = await build(watch=many, start=False)
    await house.start("serve")
    await house.fail("POST", POST, status=503, times=10_000)
    for n in range(FIRED):
        assert 202 == await send(house, notice(n, severity=1 + n % 3))
    await until("the incidents", lambda: keys(house), lambda k: len(k) == FIRED)
    for n in range(ENDED):
        assert 202 == await send(house, notice(n, 1 + n % 3, condition="Resolved"))
    await until("some to be tried", lambda: tried(house), lambda n: n > 2)
    sent = len(posts(house))
    await house.session.delete(f"{house.cloud}/sim/faults")

    house.ahead = SIX_HOURS

    await house.shown("more incident")
    told = await house.shown("ended without a card")
    cards = await until("the worst", house.cards, lambda c: len(c) > 1)
    assert FIRED > len(cards)
    assert 60 >= len(posts(house)) - sent
    assert 0 == Counter(r["status"] for r in posts(house))[429]
    named = {key for key in await keys(house) if key in str(told["card"])}
    assert named
    assert FIRED == len(await keys(house))


async def test_a_card_that_is_late_is_told_another_way(build: Opened) -> None:
    """
    Teams takes nothing, a Workflows address does: once for all that wait there.
    """
    house = await build(endpoint=CALM, start=False)
    url = f"{house.cloud}/workflows/1?sig=secret"
    house.settings = house.settings.model_copy(update={"workflow_url": url})
    await house.start("serve")
    await house.fail("POST", POST, status=503, times=10_000)
    await house.sim_post("azure/alerts", kind="latency")
    await until("an attempt", lambda: tried(house))
    house.ahead = SIX_HOURS

    told = await house.event("ToldElsewhere")

    assert "workflow" == told["way"]
    [card] = await house.get(f"{house.cloud}/sim/workflows")
    assert "It is still being tried" in str(card)
    await house.session.delete(f"{house.cloud}/sim/faults")
    await until("the card", house.cards)


async def test_after_a_restart_it_is_not_told_again(build: Opened) -> None:
    """
    The process that told it is gone; who drives next finds it in the histories.
    """
    house = await build(watch=many, start=False)
    url = f"{house.cloud}/workflows/1?sig=secret"
    house.settings = house.settings.model_copy(update={"workflow_url": url})
    await house.start("serve")
    await house.fail("POST", POST, status=503, times=10_000)
    for n in range(2):
        assert 202 == await send(house, notice(n, severity=2))
    await until("the incidents", lambda: keys(house), lambda k: len(k) == 2)
    house.ahead = SIX_HOURS
    await until("it to be told", lambda: workflows(house))
    await until("it to be recorded", lambda: told(house))
    await house.crash("serve")
    house.ahead = SIX_HOURS + timedelta(minutes=20)  # a wait of its own is over too

    before = len(posts(house))
    await house.start("serve")
    await until("more tries", lambda: tries(house), lambda n: n > before + 2)

    assert 1 == len(await workflows(house))


async def told(house: House) -> bool:
    return any(["ToldElsewhere" in await house.types(key) for key in await keys(house)])


async def workflows(house: House) -> list[object]:
    return list(await house.get(f"{house.cloud}/sim/workflows"))


async def tries(house: House) -> int:
    return len(posts(house))
