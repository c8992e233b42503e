"""Every fault of Teams as often as its list asks, and what came of each run.

    python -m tests.bench.teams [--runs N] [FAULT …]

A run fires two alerts: the card of one meets the fault, the other's channel does not and
may not be held up. One incident ends with one card, whatever Teams does. Exit code 1
when a run ends otherwise. All the runs take a quarter of an hour.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from bot.simulator.people import ALERTS, SHARED
from bot.teams.marks import key_of
from tests.conftest import FIXTURES
from tests.house import House, open_house
from tests.intake.test_storm import many, named, notice, send
from tests.story.remote import until

FAULTS: Final = {
    fault["id"]: fault
    for fault in json.loads((FIXTURES / "teams" / "faults.json").read_text("utf-8"))
}
_SENDS = f"/v3/conversations/{ALERTS.id}/activities"
_ERROR = '{"error": {"code": "%s", "message": ""}}'
_AWAY: Final = ("teams-403", "teams-404")  # for good: told another way
HOW: Final[Mapping[str, Mapping[str, Any]]] = {
    "teams-429-ra": {"status": 429, "headers": {"Retry-After": "7"}},
    "teams-429-nora": {"status": 429},
    "teams-412": {"status": 412},
    "teams-500": {"status": 500},
    "teams-502": {"status": 502},
    "teams-503": {"status": 503},
    "teams-504": {"status": 504},
    "teams-413": {"status": 413, "text": _ERROR % "MessageSizeTooBig"},
    "teams-403": {
        "status": 403,
        "times": 99,
        "text": _ERROR % "BotNotInConversationRoster",
    },
    "teams-404": {"status": 404, "times": 99},
    "teams-401": {"status": 401},
    "teams-timeout-after-accept": {"drop": "after"},
    "teams-reset": {"drop": "before"},
    "teams-slow-drip": {"delay_s": 16, "drop": "after"},
    "teams-update-gone": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of one run."""

    cards: int  # in the channel, of the one incident
    sends: int  # of that card
    seconds: float  # until it was on record
    beside: float  # until the other channel had its card


def spread(runs: int) -> Any:
    """Return what puts two endpoints a run on the watch list, one a channel."""

    def change(listed: dict[str, Any]) -> None:
        many(listed)
        first = listed["endpoints"][0]
        listed["endpoints"] = [
            {**first, "id": named(n), "channel": SHARED.key if n % 2 else ALERTS.key}
            for n in range(2 * runs)
        ]

    return change


async def run(house: House, fault: str, n: int) -> Run:
    """Fire two alerts while Teams fails the first one's card; return what came of it."""
    wanted = {**HOW[fault]}
    if fault == "teams-reset" and n % 2:
        wanted["drop"] = "after"
    if wanted:
        await house.fail("POST", _SENDS, **wanted)
    started, before = time.monotonic(), len(house.requests("POST", _SENDS))
    assert 202 == await send(house, notice(2 * n + 1))
    assert 202 == await send(house, notice(2 * n))
    other, mine = await _key(house, 2 * n + 1), await _key(house, 2 * n)
    await until("the other channel", lambda: _shown(house, other))
    beside = time.monotonic() - started
    if fault in _AWAY:
        await _told_and_back(house, mine)
    await until(f"the card after {fault}", lambda: _shown(house, mine))
    if fault == "teams-update-gone":
        await _deleted(house, mine)
    return Run(
        cards=sum(key_of(c["card"]) == mine for c in await house.cards()),
        sends=len(house.requests("POST", _SENDS)) - before,
        seconds=time.monotonic() - started,
        beside=beside,
    )


async def _told_and_back(house: House, key: str) -> None:
    """See that the owner is told personally, then put the bot back into the channel."""
    told = await house.event("ToldElsewhere", key)
    assert "personal chat" == told["way"]
    assert (await house.get(f"{house.bot}/readyz"))["parked"] > 0
    async with house.session.delete(f"{house.cloud}/sim/faults") as answer:
        assert answer.ok
    await house.sim_post("install", conversation=ALERTS.id)


async def _deleted(house: House, key: str) -> None:
    """Delete the card as a person does, and see that the next edit posts it anew."""
    [card] = [c for c in await house.cards() if key_of(c["card"]) == key]
    async with house.session.delete(
        f"{house.cloud}/sim/activities/{card['id']}"
    ) as gone:
        assert gone.ok
    await house.say("priya", f"ack {key}")

    async def shown() -> int:
        return (await house.types(key)).count("CardShown")

    await until("a new card", shown, lambda times: times > 1)


async def _key(house: House, number: int) -> str:
    async def look() -> str:
        listed = (await house.get(f"{house.bot}/api/incidents"))["incidents"]
        found = (one["id"] for one in listed if one["endpoint"] == named(number))
        return next(found, "")

    return await until(f"the incident of endpoint {number}", look)


async def _shown(house: House, key: str) -> bool:
    return "CardShown" in await house.types(key)


def wrong(fault: str, found: Run) -> str:
    """Return what a run did that it should not have, "" when all is well."""
    if found.cards != 1:
        return f"{found.cards} cards"
    if fault == "teams-429-ra" and found.seconds < 7:
        return "it did not wait"
    if fault == "teams-413" and found.sends != 2:
        return f"sent {found.sends} times"
    held = HOW[fault].get("delay_s") or fault == "teams-429-ra"
    return "the other channel waited" if held and found.beside > found.seconds else ""


async def every(fault: str, runs: int) -> list[tuple[Run, str]]:
    patch = pytest.MonkeyPatch()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        async with open_house(place, place, patch, watch=spread(runs)) as house:
            await house.start("serve")
            found = [await run(house, fault, n) for n in range(runs)]
    patch.undo()
    return [(each, wrong(fault, each)) for each in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="all, if none")
    parser.add_argument("--runs", type=int, default=0, help="as the list says, if none")
    asked = parser.parse_args()
    failed = 0
    for fault in asked.faults or HOW:
        runs = asked.runs or FAULTS[fault]["runs"]
        found = asyncio.run(every(fault, runs))
        bad = [why for _, why in found if why]
        failed += len(bad)
        slowest = max(each.seconds for each, _ in found)
        cards = sum(each.cards for each, _ in found)
        text = f"{fault}: {runs} runs, {cards} cards, slowest {slowest:.0f} s"
        sys.stdout.write(f"{text}{'; ' + ', '.join(bad) if bad else ''}\n")
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
