"""Neighbours of the hostile activities, written by ourselves, against the whole house.

Each is a good activity with something changed or left out (`set`, `drop`: by dotted path).
It has its status, the words that answer it, and nothing of the incident changes.
"""

import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.simulator.identity import BOT_APP
from bot.simulator.people import PRIYA
from bot.simulator.teams.line import from_person, installs, send
from bot.simulator.teams.places import CHANNELS
from tests.conftest import FIXTURES
from tests.house import QUIET, House, open_house
from tests.story.remote import until

CASES = json.loads((FIXTURES / "hostile" / "neighbours.json").read_text("utf-8"))
BASES = ("message", "execute", "submit", "fetch", "search", "install")
# What is recorded of somebody who only tried or read.
TRACES = {"CommandRefused", "EvidenceRead"}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all: none of them may change anything."""
    folder = tmp_path_factory.mktemp("house")
    with pytest.MonkeyPatch.context() as patch:
        async with open_house(folder, folder, patch, endpoint=QUIET) as house:
            await house.start("serve")
            await house.alert()
            await house.event("SignalsEvaluated")
            await until("the edit", house.types, lambda t: t.count("CardShown") > 1)
            yield house


async def state(house: House) -> Any:
    """Return all that a person could have changed."""
    listed = await house.get(f"{house.bot}/api/incidents")
    events = [t for t in await house.types() if t not in TRACES]
    return [i["id"] for i in listed["incidents"]], [
        t for t in events if t not in ("CardShown", "ChangesFound", "EvidenceCollected")
    ]


def base(house: House, kind: str, card: Any) -> dict[str, Any]:
    """Return the good activity: what Teams sends when Priya does it."""
    if kind == "install":
        return installs(house.sim, CHANNELS[0])[1]
    invoked = kind in ("execute", "fetch", "search")
    sort = "invoke" if invoked else "message"
    frame = from_person(house.sim, sort, PRIYA, CHANNELS[0], card["id"])
    buttons: dict[str, Any] = {
        a["title"]: a.get("data") for a in card["card"]["actions"]
    }
    if kind == "message":
        return frame | {"text": "help", "entities": [_mention()]}
    if kind == "search":
        asked = [{"name": "text", "value": "loan"}]
        query: dict[str, Any] = {"commandId": "findEvidence", "parameters": asked}
        return frame | {"name": "composeExtension/query", "value": query}
    frame |= {"replyToId": card["id"]}
    if kind == "submit":
        return frame | {"value": buttons["Acknowledge"]}
    if kind == "fetch":
        return frame | {"name": "task/fetch", "value": {"data": buttons["Evidence"]}}
    action = {"type": "Action.Execute", "verb": "ack", "data": buttons["Acknowledge"]}
    value: dict[str, Any] = {"action": action, "trigger": "manual"}
    return frame | {"name": "adaptiveCard/action", "value": value}


def _mention() -> dict[str, Any]:
    mentioned = {"id": f"28:{BOT_APP}", "name": "Watchkeeper"}
    return {"type": "mention", "text": "<at>x</at>", "mentioned": mentioned}


def changed(activity: dict[str, Any], case: dict[str, Any], card: str) -> Any:
    """Return the activity as the case wants it; "@repeat x 9" stands for a long text."""
    made = copy.deepcopy(activity)
    for path in case.get("drop", ()):
        parent, name = _reach(made, path)
        del parent[name]
    for path, wanted in case.get("set", {}).items():
        parent, name = _reach(made, path)
        parent[name] = wanted
        if isinstance(wanted, str):
            parent[name] = wanted.replace("{card}", card)
            if wanted.startswith("@repeat "):
                _, unit, count = wanted.split()
                parent[name] = unit * int(count)
    return made


def _reach(document: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *outer, name = path.split(".")
    for each in outer:
        document = document[each]
    return document, name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_a_neighbour_changes_nothing(house: House, case: dict[str, Any]) -> None:
    [card] = await house.cards()
    before = await state(house)
    activity = changed(base(house, case["base"], card), case, card["id"])

    answer = await send(house.sim, activity)

    body = answer.body if isinstance(answer.body, bytes) else b""
    assert answer.status in case["status"], body
    assert case.get("says", "") in body.decode()
    assert b"Traceback" not in body
    assert before == await state(house)


async def test_the_good_ones_are_heard(house: House) -> None:
    """
    What the cases are neighbours of does its work: else they would prove nothing.
    """
    [card] = await house.cards()
    for kind in BASES:
        if kind != "submit":
            answer = await send(house.sim, base(house, kind, card))
            assert 200 == answer.status, kind

    assert 1 == (await house.types()).count("Acknowledged")
