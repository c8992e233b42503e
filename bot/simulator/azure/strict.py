"""What Azure ML refuses of a PUT on an online endpoint, with the status it does so."""

from collections.abc import Mapping
from typing import Any

from bot.simulator.azure.gate import refuse
from bot.simulator.world import Document

AT_REST = ("Succeeded", "Failed", "Canceled")
_WHOLE = 100
_MIRROR_MOST = 50
# What ARM compares with the address or with the resource: it cannot be changed by a PUT.
_FIXED = ("id", "name", "type", "location", "kind")


def check(before: Document, body: Any, states: Mapping[str, str]) -> None:
    """Refuse `body` as Azure would; `states` of the deployments, by name in lower case."""
    if before["properties"]["provisioningState"] not in AT_REST:
        refuse(409, "Conflict", "The endpoint is being updated; try again later.")
    if not isinstance(body, dict) or not isinstance(body.get("properties"), dict):
        refuse(400, "InvalidRequestContent", "The request content is not valid.")
    if not body.get("location"):
        refuse(400, "LocationRequired", "The location property is required.")
    for name in _FIXED:
        if name in body and str(body[name]).lower() != str(before.get(name)).lower():
            refuse(400, "InvalidRequestContent", f"The {name} cannot be changed.")
    properties = body["properties"]
    if properties.get("authMode") != before["properties"].get("authMode"):
        refuse(400, "BadArgument", "The authMode is required and cannot be changed.")
    live = _percent("traffic", properties.get("traffic"))
    mirror = _percent("mirrorTraffic", properties.get("mirrorTraffic"))
    _served(live, mirror, states)


def _percent(name: str, split: Any) -> dict[str, int]:
    """Return the shares that are not 0, by name in lower case."""
    split = {} if split is None else split
    whole = isinstance(split, dict) and all(
        type(p) is int and 0 <= p <= _WHOLE for p in split.values()
    )
    if not whole:
        refuse(400, "BadArgument", f"The {name} must be whole percent from 0 to 100.")
    if len({n.lower() for n in split}) < len(split):
        refuse(400, "BadArgument", f"A deployment stands twice in {name}.")
    return {n.lower(): p for n, p in split.items() if p}


def _served(
    live: Mapping[str, int], mirror: Mapping[str, int], states: Mapping[str, str]
) -> None:
    if sum(live.values()) not in (0, _WHOLE):
        refuse(400, "BadArgument", "The sum of traffic must be 0 or 100.")
    for name in sorted({*live, *mirror}):
        if name not in states:
            refuse(400, "BadArgument", f"Deployment {name} does not exist.")
        if states[name] != "Succeeded":
            refuse(400, "BadArgument", f"Deployment {name} is {states[name]}.")
    if len(mirror) > 1 or sum(mirror.values()) > _MIRROR_MOST:
        most = f"one deployment, and {_MIRROR_MOST} percent of the requests"
        refuse(400, "BadArgument", f"Mirrored traffic goes to {most} at most.")
    if both := sorted({*live} & {*mirror}):
        refuse(400, "BadArgument", f"{both[0]} has live traffic; it cannot mirror too.")
