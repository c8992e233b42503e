"""Role assignments: who can reach a resource, directly or from further up."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from aiohttp import web

from bot.simulator.azure.gate import allow, refuse
from bot.simulator.world import WORLD, World

routes = web.RouteTableDef()
_AUTHORIZATION = "/providers/microsoft.authorization/"
_MANAGEMENT_GROUP = "/providers/microsoft.management/managementgroups/"  # above all


def grant(world: World, scope: str, principal: str, role: str, *actions: str) -> None:
    """Give `principal` (object id) the role on `scope` (ARM id)."""
    subscription = "/".join(scope.split("/")[:3])
    role_id = (
        f"{subscription}{_AUTHORIZATION}roledefinitions/{uuid5(NAMESPACE_URL, role)}"
    )
    permissions = [{"actions": list(actions), "notActions": [], "dataActions": []}]
    world.put(
        "role",
        role_id.lower(),
        {
            "id": role_id,
            "name": role_id.rsplit("/", 1)[-1],
            "properties": {"roleName": role, "permissions": permissions},
        },
    )
    name = str(uuid5(NAMESPACE_URL, f"{scope} {principal} {role}".lower()))
    world.put(
        "assignment",
        name,
        {
            "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
            "name": name,
            "properties": {
                "scope": scope,
                "principalId": principal,
                "principalType": "ServicePrincipal" if principal[0] == "6" else "User",
                "roleDefinitionId": role_id,
            },
        },
    )


@routes.get(
    "/subscriptions/{rest:.+}/providers/Microsoft.Authorization/roleAssignments"
)
async def assignments(request: web.Request) -> web.Response:
    """List the assignments on a scope and above it: `$filter=atScope()`."""
    allow(request, "microsoft.authorization/roleassignments/read")
    if request.query.get("$filter") != "atScope()":
        refuse(400, "UnsupportedQuery", "The simulator knows the filter atScope().")
    wanted = f"/subscriptions/{request.match_info['rest']}".lower() + "/"
    found: list[dict[str, Any]] = []
    for _, document in request.app[WORLD].all("assignment"):
        scope = document["properties"]["scope"].lower().rstrip("/") + "/"
        if scope.startswith(_MANAGEMENT_GROUP) or wanted.startswith(scope):
            found.append(document)
    return web.json_response({"value": found})


@routes.get(
    "/subscriptions/{subscription}/providers/microsoft.authorization/roledefinitions/{name}"
)
async def definition(request: web.Request) -> web.Response:
    allow(request, "microsoft.authorization/roledefinitions/read")
    found = request.app[WORLD].get("role", request.path.lower())
    if found is None:
        refuse(404, "RoleDefinitionDoesNotExist", "There is no such role.")
    return web.json_response(found)
