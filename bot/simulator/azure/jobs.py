"""Jobs of a workspace: submitted under a name of the caller's, then they take their time."""

import time

from aiohttp import web

from bot.simulator.azure.arm import key
from bot.simulator.azure.asked import body_of, number_of, wrong
from bot.simulator.azure.gate import JOB_WRITE, ML, allow, refuse
from bot.simulator.world import WORLD, Document, World

routes = web.RouteTableDef()
# How the next jobs end: "stuck" runs for ever.
OUTCOMES = ("Completed", "Failed", "Canceled", "stuck")
_JOB = (
    "/subscriptions/{subscription}/{groups}/{group}/providers"
    "/Microsoft.MachineLearningServices/workspaces/{workspace}/jobs/{name}"
)
# What a caller may still change of a job that is there: the rest is what it ran with.
_FREE = ("tags", "description", "displayName", "properties", "status", "services")


def plan(world: World, *, seconds: float, outcome: str = "Completed") -> None:
    """Set how long jobs take and how they end."""
    world.put("azure", "jobs", {"seconds": seconds, "outcome": outcome})


def settle(world: World, path: str) -> Document | None:
    """Return a job as it stands now; None when there is none of that name."""
    document, run = world.get("arm", path), world.get("run", path)
    if document is None or run is None or run["outcome"] == "stuck":
        return document
    share = (time.time() - run["started"]) / (run["seconds"] or 0.001)
    status = "Queued" if share < 0.2 else "Running" if share < 1 else run["outcome"]  # noqa: PLR2004
    properties = {**document["properties"], "status": status}
    return world.put("arm", path, {**document, "properties": properties})


@routes.get(_JOB)
async def read(request: web.Request) -> web.Response:
    """Answer how a job stands."""
    allow(request, f"{ML}/jobs/read")
    document = settle(request.app[WORLD], key(request.path))
    if document is None:
        name = request.match_info["name"]
        refuse(404, "UserError", f"No job with name {name} found in the workspace.")
    return web.json_response(document)


@routes.put(_JOB)
async def submit(request: web.Request) -> web.Response:
    """Start a job, once a name: a repeat changes its labels and starts nothing."""
    allow(request, JOB_WRITE)
    world, path = request.app[WORLD], key(request.path)
    body = await request.json()
    before = settle(world, path)
    if before is not None:
        return web.json_response(_relabelled(world, path, before, body))
    told = body["properties"]
    if told.get("jobType") == "Spark" and not {"entry", "codeId"} <= set(told):
        refuse(400, "UserError", "A Spark job needs code and an entry.")
    planned = world.get("azure", "jobs") or {"seconds": 20.0, "outcome": "Completed"}
    name = request.match_info["name"]
    status = "Running" if planned["outcome"] == "stuck" else "Queued"
    document = {
        "id": request.path,
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/jobs",
        "properties": {**told, "status": status, "services": {}},
        "systemData": {"createdByType": "ManagedIdentity"},
    }
    world.put("arm", path, document)
    world.put("run", path, {**planned, "started": time.time()})
    return web.json_response(document, status=201)


def _relabelled(world: World, path: str, before: Document, body: Document) -> Document:
    old, new = before["properties"], body.get("properties", {})
    if any(old.get(k) != v for k, v in new.items() if k not in _FREE and v is not None):
        refuse(409, "UserError", "A job with this name is there and is another one.")
    labels = {k: new[k] for k in _FREE[:3] if k in new}
    return world.put("arm", path, {**before, "properties": {**old, **labels}})


@routes.post("/sim/azure/jobs")
async def control(request: web.Request) -> web.Response:
    """Set how jobs go: {seconds?, outcome?}; outcome as in OUTCOMES."""
    body = await body_of(request)
    outcome = body.get("outcome", "Completed")
    if outcome not in OUTCOMES:
        raise wrong(f"outcome is one of {', '.join(OUTCOMES)}")
    plan(request.app[WORLD], seconds=number_of(body, "seconds", 20), outcome=outcome)
    return web.json_response(request.app[WORLD].get("azure", "jobs"))
