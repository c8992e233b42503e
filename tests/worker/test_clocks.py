"""Timers: who is called when nobody comes, the end of a snooze, the digest."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.incident import Follow, SendDigest
from bot.store import Store
from bot.watch import Channel
from bot.worker.digest import following
from tests.house import QUIET, House, Opened
from tests.story.remote import until

SOON = {"owner_minutes": 0.01, "team_minutes": 0.02, "risk_minutes": 0.03}
PLATFORM = "19:ml-platform@thread.tacv2"


def risk(listed: dict[str, Any]) -> None:
    listed["risk_channel"] = "platform"


async def elsewhere(house: House, conversation: str) -> list[Any]:
    params = {"conversation": conversation}
    found: list[Any] = await house.get(f"{house.cloud}/sim/activities", params=params)
    return found


async def test_owner_team_and_risk_are_called_in_turn(build: Opened) -> None:
    house = await build(endpoint={**QUIET, "escalation": SOON}, watch=risk)
    await house.alert()

    await until("three calls", house.types, lambda t: t.count("Escalated") == 3)
    await house.shown("Escalated")

    async def called() -> list[str]:
        return [
            str(a["card"])
            for a in await house.activities()
            if a["replyToId"] and a["card"]
        ]

    calls = await until("three calls in the thread", called, lambda c: len(c) == 3)
    assert "<at>Priya Raman</at>" in calls[0]
    assert "<at>Sam Okafor</at>" in calls[2]
    there = await until(
        "the risk channel to be told", lambda: elsewhere(house, PLATFORM), bool
    )
    assert 1 == len(there)
    assert "nobody has acknowledged A-1" in str(there)

    body = {"conversation": PLATFORM, "text": "ack 1 the owner is away"}
    await house.post(f"{house.cloud}/sim/people/mei/say", body)
    assert "the owner is away" == (await house.event("Acknowledged"))["note"]


async def test_nobody_is_called_once_somebody_has_it(build: Opened) -> None:
    slow = {"owner_minutes": 0.03}
    house = await build(endpoint={**QUIET, "escalation": slow})
    await house.alert()
    await house.press("priya", "Acknowledge")

    await asyncio.sleep(2.5)  # the clock would have rung

    assert "Escalated" not in await house.types()


async def test_a_clock_survives_a_kill_and_rings_once(build: Opened) -> None:
    house = await build(endpoint={**QUIET, "escalation": {"owner_minutes": 0.03}})
    await house.alert()
    await until("the clocks", lambda: due(house, "Escalate"))
    await house.crash("serve")
    await asyncio.sleep(2)
    await house.start("serve")

    await until("the call", house.types, lambda t: "Escalated" in t)
    await house.crash("serve")
    await house.start("serve")
    await house.told("nobody has acknowledged A-1")
    assert 1 == (await house.types()).count("Escalated")


async def due(house: House, kind: str) -> bool:
    """Return whether an effect of this kind is queued."""
    ready = await house.get(f"{house.bot}/readyz")
    return bool(ready["due"]) and bool(kind)


async def test_the_digest_is_posted_once_and_set_again(build: Opened) -> None:
    """
    It was due while we were down: it comes late, once, and the next is set for tomorrow.
    """

    def daily(listed: dict[str, Any]) -> None:
        moment = datetime.now(UTC) + timedelta(minutes=1)
        channel = listed["channels"]["model-alerts"]
        channel |= {"time_zone": "UTC", "digest_at": f"{moment:%H:%M}"}

    house = await build(endpoint=QUIET, watch=daily)
    await house.alert()
    await house.crash("serve")
    await house.start("serve")

    await house.told("Daily digest")
    await house.crash("serve")
    await house.start("serve")
    await asyncio.sleep(1)
    digests = [a for a in await house.activities() if "Daily digest" in str(a["card"])]
    assert 1 == len(digests)
    assert "1 of 1 endpoint with open alerts" in str(digests)


async def test_a_digest_that_was_refused_is_tried_again_the_next_day(
    build: Opened,
) -> None:
    """
    A channel without the bot must not lose its digest for good.
    """

    def daily(listed: dict[str, Any]) -> None:
        listed["channels"]["model-alerts"] |= {"time_zone": "UTC", "digest_at": "00:00"}

    house = await build(endpoint=QUIET, watch=daily, start=False)
    await house.start("serve")
    await house.stop("serve")  # by now it is in the channels
    store = Store.open(house.settings.database_url)
    late = datetime.now(UTC) - timedelta(hours=1)
    missed = Follow(effect=SendDigest("model-alerts", "2026-01-01"), due_at=late)
    await store.outbox.queue("", missed)
    store.close()
    await house.fail("POST", "/v3/conversations/19", status=403, times=5)
    await house.start("serve")

    async def refused() -> bool:
        return any(r["status"] == 403 for r in house.requests("POST", "/activities"))

    await until("it to be refused", refused)
    await asyncio.sleep(1)
    await house.stop("serve")
    store = Store.open(house.settings.database_url)
    again = await store.outbox.next_due("driver")
    store.close()
    assert again is not None
    assert again > datetime.now(UTC)


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])


@given(
    st.integers(0, 10 * 366 * 24 * 60),
    ZONES,
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_a_digest_comes_once_a_day_at_its_time(
    minute: int, zone: str, hour: int, past: int
) -> None:
    """
    Also over the nights in which clocks change: never twice a day, never a day without.
    """
    channel = Channel(id="c", time_zone=zone, digest_at=f"{hour:02}:{past:02}")
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)

    first = following("c", channel, now)
    second = following("c", channel, first.due_at)

    assert now < first.due_at <= now + timedelta(hours=25)
    assert timedelta(hours=22) < second.due_at - first.due_at < timedelta(hours=26)
    assert first.effect != second.effect
