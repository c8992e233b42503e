"""What a remote command asks for, and the effects that several of them share."""

import time
from datetime import timedelta
from typing import Any, TypeAlias

from aiohttp import web

from bot.simulator.azure.arm import key
from bot.simulator.world import World

Body: TypeAlias = dict[str, Any]
EARLIER = timedelta(minutes=10)
_MOST = 1_000_000


async def body_of(request: web.Request) -> Body:
    try:
        body = await request.json()
    except ValueError:
        raise wrong("the body is not JSON") from None
    if not isinstance(body, dict):
        raise wrong("the body is not an object")
    return body


def number_of(body: Body, name: str, usual: float) -> float:
    """Return the number that `body` says, `usual` where it says none."""
    try:
        found = float(body.get(name, usual))
    except (TypeError, ValueError):
        found = -1
    if not 0 <= found <= _MOST:
        raise wrong(f"{name} is a number from 0 to {_MOST:,}")
    return found


def endpoint_of(world: World, body: Body) -> str:
    """Return the key of the endpoint that `body` names, or of the only one there is."""
    wanted = str(body.get("endpoint", "")).lower()
    found = [
        k
        for k, d in world.all("arm")
        if k.rsplit("/", 2)[-2] == "onlineendpoints" and wanted in ("", k, d["name"])
    ]
    if len(found) != 1:
        raise wrong("name an endpoint that exists")
    return found[0]


def name_of(world: World, endpoint: str) -> str:
    return str((world.get("arm", endpoint) or {})["id"])


def busiest(world: World, endpoint: str) -> str:
    traffic = (world.get("arm", endpoint) or {})["properties"]["traffic"]
    return str(max(traffic, key=lambda name: traffic[name]))


def affect(
    world: World,
    endpoint: str,
    deployment: str,
    effect: Body,
    *,
    over: bool,
    since: timedelta = EARLIER,
) -> None:
    """Let the metrics tell the same story as the alert; `over` ends what is changed."""
    document = world.get("metrics", key(endpoint)) or {"changes": []}
    changes = document.get("changes", [])
    if over:
        changes = [{**c, "until": c.get("until") or time.time()} for c in changes]
    elif effect:
        begun = time.time() - since.total_seconds()
        changes = [*changes, {"since": begun, "deployment": deployment, **effect}]
    world.put("metrics", key(endpoint), {**document, "changes": changes})


def wrong(why: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=why)
