"""Jobs of a workspace: kept as they were sent, and done after a look or two."""

from aiohttp import web

from bot.simulator.azure.arm import key, put
from bot.simulator.azure.gate import ML, allow, refuse
from bot.simulator.world import WORLD

routes = web.RouteTableDef()
_JOB = (
    "/subscriptions/{subscription}/{groups}/{group}/providers"
    "/Microsoft.MachineLearningServices/workspaces/{workspace}/jobs/{job}"
)
_STATES = ("Queued", "Running", "Completed")


@routes.put(_JOB)
async def submit(request: web.Request) -> web.Response:
    """Take a Spark job; the same name again is refused, as Azure refuses a new body."""
    allow(request, f"{ML}/jobs/write")
    world = request.app[WORLD]
    body = await request.json()
    told = body.get("properties", {})
    before = world.get("arm", key(request.path))
    if before is not None and before["properties"]["args"] != told.get("args"):
        refuse(409, "UserError", "Job properties are immutable once it was created.")
    if told.get("jobType") != "Spark" or "entry" not in told or "codeId" not in told:
        refuse(400, "UserError", "A Spark job needs code and an entry.")
    document = before or {
        "id": request.path,
        "name": request.match_info["job"],
        "type": "Microsoft.MachineLearningServices/workspaces/jobs",
        "properties": {**told, "status": _STATES[0], "services": {}},
        "systemData": {"createdAt": "2026-11-23T12:00:00Z", "createdByType": "User"},
    }
    put(world, document)
    return web.json_response(document, status=200 if before else 201)


@routes.get(_JOB)
async def look(request: web.Request) -> web.Response:
    """Answer how the job stands; every look moves a Spark job on by one state."""
    allow(request, f"{ML}/jobs/read")
    world = request.app[WORLD]
    found = world.get("arm", key(request.path))
    if found is None:
        refuse(404, "UserError", f"Job {request.match_info['job']} was not found.")
    told = found["properties"]
    if told["jobType"] == "Spark" and told["status"] in _STATES[:-1]:
        now = _STATES[_STATES.index(told["status"]) + 1]
        put(world, {**found, "properties": {**told, "status": now}})
    return web.json_response(found)
