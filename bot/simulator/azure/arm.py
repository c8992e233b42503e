"""Azure Resource Manager: workspaces and what is in them, as stored JSON documents."""

from aiohttp import web

from bot.simulator.azure import operations, strict
from bot.simulator.azure.gate import ENDPOINT_WRITE, ML, allow, refuse, rights
from bot.simulator.world import WORLD, Document, World

routes = web.RouteTableDef()
_PROVIDER = "/providers/microsoft.machinelearningservices/"
_OPERATIONS = "/providers/Microsoft.MachineLearningServices/locations/{location}"


def key(arm_id: str) -> str:
    """Return how the world keeps a resource: ARM ids are the same in any case."""
    return arm_id.lower().rstrip("/")


def put(world: World, document: Document) -> None:
    """Keep a resource under its own id."""
    world.put("arm", key(document["id"]), document)


def children(world: World, collection: str) -> list[Document]:
    prefix = key(collection) + "/"
    found = (d for k, d in world.all("arm") if k.startswith(prefix))
    return [d for d in found if "/" not in key(d["id"])[len(prefix) :]]


def _action(path: str) -> str:
    """Return what reading `path` is called in a role: "…/onlineendpoints/read"."""
    parts = path.split(_PROVIDER, 1)[1].split("/")
    return f"microsoft.machinelearningservices/{'/'.join(parts[0::2])}/read"


@routes.get("/subscriptions/{subscription}" + _OPERATIONS + "/{kind}/{operation}")
async def operation(request: web.Request) -> web.Response:
    """Answer how a long-running operation stands."""
    allow(request, f"{ML}/onlineendpoints/read")
    world = request.app[WORLD]
    operations.settle(world)
    found = world.get("operation", request.match_info["operation"])
    if found is None:
        refuse(404, "NotFound", "There is no such operation.")
    body = {"id": request.path, "status": found["status"]}
    if "error" in found:
        body["error"] = found["error"]
    return web.json_response(body)


@routes.get("/subscriptions/{scope:.+}/providers/Microsoft.Authorization/permissions")
async def permissions(request: web.Request) -> web.Response:
    """Answer what the caller may do; in this world the scope makes no difference."""
    actions = rights(request)
    rest: dict[str, list[str]] = {"notActions": [], "dataActions": []}
    return web.json_response({"value": [{"actions": actions, **rest}]})


@routes.get(
    "/subscriptions/{subscription}/{groups}/{group}/providers/Microsoft.EventGrid"
    "/systemTopics/{topic}/eventSubscriptions/{name}"
)
async def delivery(request: web.Request) -> web.Response:
    """Answer with an event subscription, where the world holds one."""
    allow(request, "microsoft.eventgrid/systemtopics/eventsubscriptions/read")
    document = request.app[WORLD].get("arm", key(request.path))
    if document is None:
        refuse(404, "ResourceNotFound", "There is no such event subscription.")
    return web.json_response(document)


@routes.get("/subscriptions/{subscription}/{groups}/{group}/providers/{rest:.+}")
async def read(request: web.Request) -> web.Response:
    """Answer with a resource, or with all resources of a collection."""
    path = key(request.path)
    if _PROVIDER not in path:
        refuse(404, "InvalidResourceType", "The simulator knows no such provider.")
    allow(request, _action(path))
    world = request.app[WORLD]
    operations.settle(world)
    document = world.get("arm", path)
    if document is not None:
        return web.json_response(document)
    is_collection = len(path.split(_PROVIDER, 1)[1].split("/")) % 2
    if not is_collection or _parent(path) not in (None, *dict(world.all("arm"))):
        name = path.rsplit("/", 1)[-1]
        refuse(404, "ResourceNotFound", f"The Resource '{name}' was not found.")
    return web.json_response({"value": children(world, path)})


def _parent(collection: str) -> str | None:
    """Return the resource that a collection belongs to; None when none has to exist."""
    return None if "/versions" in collection else collection.rsplit("/", 1)[0]


@routes.put("/subscriptions/{subscription}/{groups}/{group}/providers/{rest:.+}")
async def change(request: web.Request) -> web.Response:
    """Take a new document for an endpoint; the work goes on as an operation."""
    path = key(request.path)
    by = allow(request, ENDPOINT_WRITE)
    world = request.app[WORLD]
    operations.settle(world)
    before = world.get("arm", path)
    if "/onlineendpoints/" not in path or before is None:
        refuse(404, "ResourceNotFound", "Only existing endpoints can be changed here.")
    if "api-version" not in request.query:
        refuse(400, "MissingApiVersionParameter", "The api-version is required.")
    try:
        body = await request.json()
    except ValueError:
        refuse(400, "InvalidRequestContent", "The request content is not JSON.")
    there = children(world, f"{path}/deployments")
    states = {d["name"].lower(): d["properties"]["provisioningState"] for d in there}
    strict.check(before, body, states)
    started = operations.begin(world, path, body, by)
    location = before.get("location", "westeurope")
    where = _OPERATIONS.format(location=location) + f"/mfeOperationsStatus/{started}"
    url = f"https://{request.host}/subscriptions/{request.match_info['subscription']}"
    return web.json_response(
        world.get("arm", path),
        headers={
            "Azure-AsyncOperation": f"{url}{where}?api-version=2024-10-01",
            "x-ms-async-operation-timeout": "PT1H",
        },
    )
