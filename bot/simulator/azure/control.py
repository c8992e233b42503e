"""The remote control: POST /sim/azure/… changes the world from outside."""

from datetime import timedelta

from aiohttp import web

from bot.simulator.azure import activity, firing, jobs, operations
from bot.simulator.azure.asked import affect, body_of, endpoint_of, number_of, wrong
from bot.simulator.azure.state import AZURE
from bot.simulator.identity import NAMES
from bot.simulator.world import WORLD

routes = web.RouteTableDef()


@routes.post("/sim/azure/traffic")
async def traffic(request: web.Request) -> web.Response:
    """Change traffic behind the bot's back: {traffic: {deployment: %}, endpoint?}."""
    body = await body_of(request)
    world = request.app[WORLD]
    wanted = body.get("traffic")
    if not isinstance(wanted, dict) or not all(
        isinstance(p, int) for p in wanted.values()
    ):
        raise wrong("traffic is whole percent by deployment")
    endpoint = endpoint_of(world, body)
    operations.set_traffic(world, endpoint, wanted)
    return web.json_response({"traffic": wanted})


@routes.post("/sim/azure/deployments")
async def deployments(request: web.Request) -> web.Response:
    """Set a deployment's state: {deployment, state, endpoint?}.

    state: "Succeeded", "Failed", "Updating" …, or "deleted".
    """
    body = await body_of(request)
    world, state = request.app[WORLD], str(body.get("state", ""))
    path = (
        f"{endpoint_of(world, body)}/deployments/{body.get('deployment', '')}".lower()
    )
    document = world.get("arm", path)
    if document is None or not state:
        raise wrong("deployment and state are needed; is there such a deployment?")
    if state == "deleted":
        world.delete("arm", path)
    else:
        properties = {**document["properties"], "provisioningState": state}
        world.put("arm", path, {**document, "properties": properties})
    verb = "delete" if state == "deleted" else "write"
    action = f"{operations.WRITE.rsplit('/', 1)[0]}/deployments/{verb}"
    activity.log(world, document["id"], action, by=operations.SOMEBODY)
    return web.json_response({"deployment": body["deployment"], "state": state})


@routes.post("/sim/azure/endpoints")
async def endpoints(request: web.Request) -> web.Response:
    """Set an endpoint's state and tags: {state?, tags?, endpoint?}."""
    body = await body_of(request)
    world = request.app[WORLD]
    path = endpoint_of(world, body)
    document = world.get("arm", path) or {}
    state = body.get("state", document["properties"]["provisioningState"])
    properties = {**document["properties"], "provisioningState": state}
    tags = {**document.get("tags", {}), **body.get("tags", {})}
    world.put("arm", path, {**document, "properties": properties, "tags": tags})
    return web.json_response({"state": state, "tags": tags})


@routes.post("/sim/azure/operations")
async def plan(request: web.Request) -> web.Response:
    """Set how changes of traffic go: {seconds?, outcome?, times?}.

    The next `times` (1) operations end as `outcome`: "Succeeded", "Failed", "Canceled",
    "stuck" (never), "differs" (Succeeded, but the endpoint serves the old traffic) or
    "moved" (Failed, but it serves the new one).
    """
    body = await body_of(request)
    outcome = body.get("outcome", "")
    if outcome not in ("", *operations.OUTCOMES):
        raise wrong(f"outcome is one of {', '.join(operations.OUTCOMES)}")
    seconds, times = number_of(body, "seconds", 2), int(number_of(body, "times", 1))
    operations.plan(request.app[WORLD], seconds=seconds, outcome=outcome, times=times)
    return web.json_response(request.app[WORLD].get("azure", "operations"))


@routes.post("/sim/azure/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Change how an endpoint serves from now on: {endpoint?, deployment?, since_min?,
    latency?, errors?, traffic?}.

    latency and traffic are factors, errors is the share of 5xx; {} back to usual.
    """
    body = await body_of(request)
    world = request.app[WORLD]
    endpoint = endpoint_of(world, body)
    told = [k for k in ("latency", "errors", "traffic") if k in body]
    effect = {name: number_of(body, name, 0) for name in told}
    since = timedelta(minutes=number_of(body, "since_min", 0))
    over = not effect
    affect(world, endpoint, body.get("deployment", ""), effect, over=over, since=since)
    return web.json_response(world.get("metrics", endpoint) or {})


@routes.post("/sim/azure/logs")
async def logs(request: web.Request) -> web.Response:
    """Make the next answers of Log Analytics partial: {partial: reason, times?}."""
    body = await body_of(request)
    reason, times = str(body.get("partial", "")), int(number_of(body, "times", 1))
    planned = {"partial": reason, "times": times}
    return web.json_response(request.app[WORLD].put("azure", "logs", planned))


@routes.post("/sim/azure/data")
async def data(request: web.Request) -> web.Response:
    """Write the production data anew: {shifted: bool}; false looks like training."""
    body = await body_of(request)
    rewrite = request.app[AZURE].rewrite
    if rewrite is None:
        raise wrong("the scenario has no data to shift")
    shifted = bool(body.get("shifted", True))
    await rewrite(shifted)
    return web.json_response({"shifted": shifted})


@routes.post("/sim/azure/rights")
async def rights(request: web.Request) -> web.Response:
    """Take rights from an identity: {identity, without: [action]}; [] gives all back.

    identity: "reader", "executor", "trainer" or "bot".
    """
    body = await body_of(request)
    who, without = str(body.get("identity", "")), body.get("without", [])
    if who not in NAMES.values() or not isinstance(without, list):
        raise wrong("identity is a name, without a list of actions")
    request.app[WORLD].put("rights", who, {"without": without})
    return web.json_response({"identity": who, "without": without})


@routes.get("/sim/azure/deliveries")
async def deliveries(request: web.Request) -> web.Response:
    """List what was sent to the bot, with the status of each attempt (0: none)."""
    found = [{"id": k, **d} for k, d in request.app[WORLD].all("delivery")]
    return web.json_response(found)


@routes.get("/sim/azure")
async def index(request: web.Request) -> web.Response:
    """Tell how the endpoints stand, and list the remote control with what it takes."""
    world = request.app[WORLD]
    operations.settle(world)
    standing = [
        {
            "name": document["name"],
            "id": document["id"],
            "state": document["properties"]["provisioningState"],
            "traffic": document["properties"]["traffic"],
        }
        for name, document in world.all("arm")
        if name.rsplit("/", 2)[-2] == "onlineendpoints"
    ]
    commands = {
        f"{route.method} {route.path}": " ".join((route.handler.__doc__ or "").split())
        for route in (*firing.routes, *routes, *jobs.routes)
        if isinstance(route, web.RouteDef) and route.path.startswith("/sim/")
    }
    return web.json_response({"endpoints": standing, "commands": commands})
