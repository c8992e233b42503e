"""Changes of an endpoint that take their time, as ARM's long-running operations."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bot.simulator.azure.activity import log
from bot.simulator.people import JONAS
from bot.simulator.world import Document, World

# How the next operations end: "differs" says Succeeded but serves something else,
# "moved" says Failed though it serves what was asked for.
OUTCOMES = ("Succeeded", "Failed", "Canceled", "stuck", "differs", "moved")
WRITE = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write"
SOMEBODY = JONAS.oid  # who changes things behind the bot's back
_ERRORS = {
    "Failed": {
        "code": "BadArgument",
        "message": "Endpoint update failed: not enough quota in the region.",
    },
    "Canceled": {"code": "OperationCanceled", "message": "The update was cancelled."},
}
_READ_ONLY = ("provisioningState", "scoringUri", "swaggerUri")


def plan(world: World, *, seconds: float, outcome: str = "", times: int = 1) -> None:
    """Set how long operations take; the next `times` of them end with `outcome`."""
    document = {"seconds": seconds, "outcome": outcome, "times": times}
    world.put("azure", "operations", document)


def begin(world: World, endpoint: str, body: Document, by: str = "") -> str:
    """Start an operation that puts `body` in place of an endpoint; return its id."""
    planned = world.get("azure", "operations") or {"seconds": 2.0}
    outcome = "Succeeded"
    if planned.get("outcome") and planned.get("times", 0) > 0:
        outcome = planned["outcome"]
        world.put("azure", "operations", {**planned, "times": planned["times"] - 1})
    key = str(uuid4())
    world.put(
        "operation",
        key,
        {
            "endpoint": endpoint,
            "body": body,
            "outcome": outcome,
            "started": time.time(),
            "ends": time.time() + planned["seconds"],
            "status": "InProgress",
            "by": by,
        },
    )
    document = world.get("arm", endpoint) or {}
    _state(world, endpoint, document, "Updating")
    log(world, document["id"], WRITE, by=by, status="Started", correlation=key)
    settle(world)
    return key


def settle(world: World) -> None:
    """Finish every operation whose time has come; called before anything is read."""
    for key, operation in world.all("operation"):
        due = operation["status"] == "InProgress" and operation["ends"] <= time.time()
        if due and operation["outcome"] != "stuck":
            _finish(world, key, operation)


def _finish(world: World, key: str, operation: Document) -> None:
    endpoint, outcome = operation["endpoint"], operation["outcome"]
    before = world.get("arm", endpoint)
    if outcome in ("Failed", "Canceled", "moved") or before is None:
        status = "Canceled" if outcome == "Canceled" else "Failed"
        told = {**operation, "status": status, "error": _ERRORS[status]}
        world.put("operation", key, told)
        _ended(world, key, operation, status)
        if before is not None:
            moved = outcome == "moved"
            after = _replaced(before, operation["body"]) if moved else before
            _state(world, endpoint, after, "Succeeded")
            remember(world, endpoint)
        return
    after = _replaced(before, operation["body"])
    if outcome == "differs":
        after["properties"]["traffic"] = before["properties"]["traffic"]
    _state(world, endpoint, after, "Succeeded")
    remember(world, endpoint)
    world.put("operation", key, {**operation, "status": "Succeeded"})
    _ended(world, key, operation, "Succeeded")


def _ended(world: World, key: str, operation: Document, status: str) -> None:
    resource = (world.get("arm", operation["endpoint"]) or {}).get("id", "")
    if resource:
        by = operation.get("by", "")
        log(world, resource, WRITE, by=by, status=status, correlation=key)


def _replaced(before: Document, body: Document) -> Document:
    """Return `body` as ARM stores it: a PUT replaces what it does not repeat, too."""
    kept = {k: before[k] for k in ("id", "name", "type") if k in before}
    fixed = {k: v for k, v in before["properties"].items() if k in _READ_ONLY}
    system = {**before.get("systemData", {}), "lastModifiedAt": _zulu()}
    return {
        **body,
        **kept,
        "properties": {**body["properties"], **fixed},
        "systemData": system,
    }


def _state(world: World, endpoint: str, document: Document, state: str) -> None:
    properties = {**document["properties"], "provisioningState": state}
    world.put("arm", endpoint, {**document, "properties": properties})


def set_traffic(world: World, endpoint: str, traffic: dict[str, int]) -> None:
    """Change an endpoint's traffic at once, as if a colleague had used the portal."""
    document: dict[str, Any] = world.get("arm", endpoint) or {}
    properties = {**document["properties"], "traffic": traffic}
    system = {**document.get("systemData", {}), "lastModifiedAt": _zulu()}
    changed = {**document, "properties": properties, "systemData": system}
    world.put("arm", endpoint, changed)
    log(world, document["id"], WRITE, by=SOMEBODY)
    remember(world, endpoint)


def remember(world: World, endpoint: str) -> None:
    """Write down from when on which traffic was served: metrics need the past."""
    traffic = (world.get("arm", endpoint) or {})["properties"]["traffic"]
    steps = (world.get("traffic", endpoint) or {"steps": []})["steps"]
    world.put("traffic", endpoint, {"steps": [*steps, [time.time(), traffic]]})


def _zulu() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
