"""Hundreds of incidents at once: Teams is not flooded, and the worst is seen at once."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from bot.simulator.scenarios import scenario
from bot.simulator.teams.throttle import THROTTLE
from tests.conftest import FIXTURES
from tests.house import QUIET, House, Opened
from tests.story.remote import until

SAMPLE = FIXTURES / "alerts" / "cas_metric_aml_latency_p95.json"
[ENDPOINT] = scenario("none").watch()["endpoints"]
ENDPOINTS = 60


def named(number: int) -> str:
    """Return the ARM id of one of the endpoints; the first is the scenario's own."""
    return f"{ENDPOINT['id']}-{number}" if number else str(ENDPOINT["id"])


def many(listed: dict[str, Any]) -> None:
    """Put the endpoints on the watch list, all in one channel."""
    [first] = listed["endpoints"]
    first |= {**QUIET, "tier": 3}  # which closes without a decision
    listed["endpoints"] = [{**first, "id": named(n)} for n in range(ENDPOINTS)]


def notice(
    number: int, severity: int = 2, condition: str = "Fired", mark: str = ""
) -> bytes:
    """Return a metric alert about an endpoint; `mark` makes it a condition of its own."""
    document = json.loads(SAMPLE.read_bytes())
    document["data"]["essentials"] |= {
        "alertId": f"/subscriptions/s/alerts/storm-{mark or number}",
        "alertTargetIDs": [named(number)],
        "severity": f"Sev{severity}",
        "monitorCondition": condition,
        "firedDateTime": f"{datetime.now(UTC):%Y-%m-%dT%H:00:00Z}",
    }
    return json.dumps(document).encode()


async def send(house: House, body: bytes) -> int:
    headers = {"Content-Type": "application/json"}
    url = f"{house.bot}/api/alerts"
    async with house.session.post(url, data=body, headers=headers) as answer:
        return answer.status


def posts(house: House) -> list[Any]:
    sends = house.requests("POST", "/activities") + house.requests("PUT", "/activities")
    return [r for r in sends if "/v3/conversations/" in r["path"]]


async def test_a_storm_is_told_within_the_budget_and_the_worst_first(
    build: Opened,
) -> None:
    """
    Sixty incidents in one channel, and in their middle one that stops the business.
    """
    house = await build(watch=many)
    assert house.sim[THROTTLE].on
    others = [n for n in range(ENDPOINTS) if n != 30]
    plain = [notice(n, 1 + n % 3) for n in others]
    answers = await asyncio.gather(*(send(house, b) for b in plain))
    await until("the storm to be told", lambda: found(house, "more incident"))
    assert 202 == await send(house, notice(30, severity=0))
    await until("the Sev0", lambda: found(house, "Sev 0"))

    assert {202} == set(answers)
    statuses = Counter(r["status"] for r in posts(house))
    assert 0 == statuses[429]
    assert 1 == len([c for c in await house.cards() if "more incident" in str(c)])
    assert len(await house.cards()) < ENDPOINTS


async def test_what_ends_while_it_waits_is_named_and_gets_no_card(
    build: Opened,
) -> None:
    house = await build(watch=many)
    await asyncio.gather(*(send(house, notice(n)) for n in range(ENDPOINTS)))
    [more] = await until("the folding", lambda: found(house, "more incident"))
    ended = [notice(n, condition="Resolved") for n in range(ENDPOINTS)]
    await asyncio.gather(*(send(house, body) for body in ended))
    [closed] = await until("the end", lambda: found(house, "Every open incident"))

    assert more["id"] == closed["id"]
    assert "ended without a card" in str(closed)
    assert len(await house.cards()) < ENDPOINTS
    assert 0 == Counter(r["status"] for r in posts(house))[429]


async def found(house: House, words: str) -> list[Any]:
    return [c for c in await house.cards() if words in str(c["card"])]
