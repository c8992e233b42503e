"""The corpus of hostile activities against a request that waits for approval.

Its words and ids are mapped to ours: "rollback.approve" is approve, R1 the request that
waits, the nonce the token of our buttons; its people stand in the watch list.
"""

import json
from typing import Any

from bot.simulator.people import ACCOUNTS, SHARED
from bot.simulator.teams.line import from_person, send
from bot.simulator.teams.places import PLACES
from tests.conftest import FIXTURES
from tests.house import CHANNEL, QUIET, House, Opened

Case = dict[str, Any]
CASES: list[Case] = json.loads(
    (FIXTURES / "hostile" / "activities.json").read_text("utf-8")
)
VERBS = {
    "rollback.approve": "approve",
    "ROLLBACK.APPROVE": "APPROVE",
    "rollback.request": "rollback",
    "rollback.execute": "shift",
}
OID = "77777777-aaaa-4bbb-8ccc-{:012}"
ROLES = {  # world.json, by the number in the object id
    "alice": ((1, 5), ["operator", "approver"]),  # two accounts, one person
    "bob": ((2,), ["approver"]),
    "carol": ((3,), ["viewer"]),
    "dave": ((4,), ["operator", "approver"]),
    "mallory": ((6,), ["approver"]),
    "gone": ((9,), ["viewer"]),  # was an approver when the card was posted
}
# Requests in other states than waiting: R2 expired, R3 executed, R6 dave's, R7 running.
OTHER = ("R2", "R3", "R6", "R7")


def _people(listed: dict[str, Any]) -> None:
    listed["people"] = [
        {
            "name": name,
            "accounts": [OID.format(n) for n in numbers],
            "roles": roles,
            "guest": name == "mallory",
        }
        for name, (numbers, roles) in ROLES.items()
    ]
    listed["endpoints"][0] |= {"owner": "alice", "approval": {}}


def _concerns(case: Case) -> bool:
    text = json.dumps(case.get("activity", {}))
    about = "rollback" in text.lower() or "approve" in text
    return case["expect"]["cls"] == "200-refused" and about


def _ref(case: Case) -> str:
    found = [r for r in OTHER if f'"{r}"' in json.dumps(case["activity"])]
    return found[0] if found else "R1"


async def _sent(house: House, case: Case, button: dict[str, Any], request: str) -> int:
    """Send the case as Teams would; return the status of the bot's answer."""
    theirs = case["activity"]
    where = PLACES[SHARED.id if "random" in json.dumps(theirs) else CHANNEL]
    frame = from_person(house.sim, theirs["type"], ACCOUNTS[0], where, "")
    kept = ("callerId", "onBehalfOf", "name", "properties", "role")
    frame |= {k: theirs[k] for k in kept if k in theirs}
    frame["from"] = theirs["from"]
    [card] = await house.cards()
    frame["replyToId"] = card["id"]
    if "text" in theirs:
        frame["text"] = str(theirs["text"]).replace("drift-bot", "Watchkeeper")
        frame["text"] = frame["text"].replace("R1", request)
    if "value" in theirs:
        frame["value"] = _value(theirs["value"], button, request)
    return (await send(house.sim, frame)).status


def _value(value: Any, button: dict[str, Any], request: str) -> Any:
    if "action" not in value:
        return _data({**value, "verb": VERBS[value["verb"]]}, button, request)
    action = dict(value["action"])
    if isinstance(action["verb"], str):
        action["verb"] = VERBS.get(action["verb"], action["verb"])
    action["data"] = _data(action["data"], button, request)
    return {**value, "action": action}


def _data(data: Any, button: dict[str, Any], request: str) -> Any:
    if not isinstance(data, dict) or "nonce" not in data:
        return data
    proof = {k: button[k] for k in ("id", "rev", "t")}
    short = {k: v for k, v in data.items() if k != "nonce"}
    ref = str(data.get("ref", ""))
    mapped = request if ref in ("R1", *OTHER) else ref.replace("r1", request.lower())
    return {**short, **proof, "ref": mapped}


async def _button(house: House, title: str) -> dict[str, Any]:
    [card] = await house.cards()
    found = [a for a in card["card"]["actions"] if a["title"] == title]
    data: dict[str, Any] = found[0]["data"]
    return data


async def test_no_hostile_activity_approves_or_moves(build: Opened) -> None:
    house = await build(endpoint=QUIET, watch=_people)
    await house.alert()
    await house.press("priya", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")
    button = await _button(house, "Approve rollback")
    cases = [c for c in CASES if _concerns(c)]
    waiting = [c for c in cases if _ref(c) == "R1"]
    assert len(waiting) >= 18

    for case in waiting:
        status = await _sent(house, case, button, "R-1")
        assert status in case["expect"]["status"], case["id"]
        assert "RollbackApproved" not in await house.types(), case["id"]
        assert 0 == len(house.requests("PUT", "onlineendpoints")), case["id"]
    tried = [e for e in await house.types() if e == "CommandRefused"]
    assert len(tried) >= 6  # those that came through as a decision left a trace

    await house.press("jonas", "Approve rollback")  # bob may
    await house.shown("Rolled back")
    done = [c for c in cases if _ref(c) in OTHER]
    assert done
    for case in done:
        status = await _sent(house, case, button, "R-1")
        assert status in case["expect"]["status"], case["id"]
    assert 1 == (await house.types()).count("RollbackApproved")
    assert 1 == len(house.requests("PUT", "onlineendpoints"))
