"""Azure's own list of alerts, with their state."""

import json
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.simulator.azure.gate import allow, refuse
from bot.simulator.world import WORLD, Document, World

routes = web.RouteTableDef()
_ALERTS = "/subscriptions/{subscription}/providers/Microsoft.AlertsManagement/alerts"
_STATES = ("New", "Acknowledged", "Closed")
_READ = "microsoft.alertsmanagement/alerts/read"


@routes.get(_ALERTS)
async def listing(request: web.Request) -> web.Response:
    """List alerts, newest last; `targetResource` and `alertState` filter.

    What a rule measured is told to those who ask with `includeContext` alone.
    """
    allow(request, _READ)
    target = request.query.get("targetResource", "").lower()
    state = request.query.get("alertState")
    context = request.query.get("includeContext", "").lower() == "true"
    found = []
    for _, alert in request.app[WORLD].all("alert"):
        properties = alert.get("properties", {})
        essentials = properties.get("essentials", {})
        wanted = target in ("", essentials.get("targetResource", "").lower())
        if wanted and state in (None, essentials.get("alertState")):
            shown = {k: v for k, v in properties.items() if context or k != "context"}
            found.append({**alert, "properties": shown})
    return web.json_response({"value": found})


@routes.get(_ALERTS + "/{alert}")
async def one(request: web.Request) -> web.Response:
    allow(request, _READ)
    alert = request.app[WORLD].get("alert", request.match_info["alert"])
    if alert is None:
        refuse(404, "NotFound", "There is no such alert.")
    return web.json_response(alert)


@routes.post(_ALERTS + "/{alert}/changestate")
async def change_state(request: web.Request) -> web.Response:
    """Set what people did about an alert: `newState` New, Acknowledged or Closed."""
    who = allow(request, "microsoft.alertsmanagement/alerts/changestate/action")
    world, name = request.app[WORLD], request.match_info["alert"]
    alert, state = world.get("alert", name), request.query.get("newState")
    if alert is None:
        refuse(404, "NotFound", "There is no such alert.")
    if state not in _STATES:
        refuse(400, "BadRequest", f"newState is one of {', '.join(_STATES)}")
    comment = (await _sent(request)).get("comments", "")
    return web.json_response(_set(world, name, str(state), who, str(comment)))


def _set(world: World, name: str, state: str, who: str, comment: str) -> Document:
    """Change the state of an alert as Azure keeps it: who did it last, and when."""
    alert = world.get("alert", name) or {}
    properties = alert["properties"]
    essentials = {
        **properties["essentials"],
        "alertState": state,
        "lastModifiedUserName": who,
        "lastModifiedDateTime": datetime.now(UTC).isoformat(),
    }
    said = [*alert.get("comments", []), comment]
    changed = {**alert, "properties": {**properties, "essentials": essentials}}
    return world.put("alert", name, {**changed, "comments": said})


async def _sent(request: web.Request) -> dict[str, Any]:
    body = await request.read()
    found = json.loads(body) if body else {}
    return found if isinstance(found, dict) else {}


@routes.post("/sim/azure/alert-state")
async def in_portal(request: web.Request) -> web.Response:
    """Set an alert's state as a colleague in the portal: `{state, by?, alert?}`."""
    asked, world = await _sent(request), request.app[WORLD]
    names = [name for name, _ in world.all("alert")]
    name = str(asked.get("alert") or (names[-1] if names else ""))
    if world.get("alert", name) is None or asked.get("state") not in _STATES:
        return web.json_response(
            {"error": "no such alert, or no such state"}, status=400
        )
    by = str(asked.get("by", "jonas@contoso.example"))
    return web.json_response(_set(world, name, asked["state"], by, ""))
