"""Azure's own list of alerts, with their state."""

from aiohttp import web

from bot.simulator.azure.gate import allow, refuse
from bot.simulator.world import WORLD

routes = web.RouteTableDef()
_ALERTS = "/subscriptions/{subscription}/providers/Microsoft.AlertsManagement/alerts"
_STATES = ("New", "Acknowledged", "Closed")
_READ = "microsoft.alertsmanagement/alerts/read"


@routes.get(_ALERTS)
async def listing(request: web.Request) -> web.Response:
    """List alerts, newest last; `targetResource` and `alertState` filter."""
    allow(request, _READ)
    target = request.query.get("targetResource", "").lower()
    state = request.query.get("alertState")
    found = []
    for _, alert in request.app[WORLD].all("alert"):
        essentials = alert["properties"]["essentials"]
        wanted = target in ("", essentials["targetResource"].lower())
        if wanted and state in (None, essentials["alertState"]):
            found.append(alert)
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
    allow(request, "microsoft.alertsmanagement/alerts/changestate/action")
    world, name = request.app[WORLD], request.match_info["alert"]
    alert, state = world.get("alert", name), request.query.get("newState")
    if alert is None:
        refuse(404, "NotFound", "There is no such alert.")
    if state not in _STATES:
        refuse(400, "BadRequest", f"newState is one of {', '.join(_STATES)}")
    properties = alert["properties"]
    essentials = {**properties["essentials"], "alertState": state}
    changed = {**alert, "properties": {**properties, "essentials": essentials}}
    return web.json_response(world.put("alert", name, changed))
