"""Who may do what in the simulated Azure: tokens, roles, and ARM's way to refuse."""

import json
from typing import Any, NoReturn

from aiohttp import web

from bot.simulator.faults import HOST
from bot.simulator.identity import EXECUTOR, IDENTITY, NAMES
from bot.simulator.world import WORLD

ARM = ("https://management.azure.com", "https://management.core.windows.net")
ML = "microsoft.machinelearningservices/workspaces"
ENDPOINT_WRITE = f"{ML}/onlineendpoints/write"
JOB_WRITE = f"{ML}/jobs/write"
_ENDPOINT_READ = {
    f"{ML}/read",
    f"{ML}/onlineendpoints/read",
    f"{ML}/onlineendpoints/deployments/read",
}
# The reader's role of the deployment, and what reading a monitor's data needs besides.
_ROLES = {
    "reader": _ENDPOINT_READ
    | {
        "microsoft.authorization/permissions/read",
        f"{ML}/schedules/read",
        f"{ML}/jobs/read",
        f"{ML}/data/read",
        f"{ML}/data/versions/read",
        f"{ML}/datastores/read",
        "microsoft.insights/metrics/read",
        "microsoft.insights/eventtypes/values/read",
        "microsoft.insights/metricalerts/read",
        "microsoft.insights/scheduledqueryrules/read",
        "microsoft.insights/activitylogalerts/read",
        "microsoft.insights/actiongroups/read",
        "microsoft.eventgrid/systemtopics/read",
        "microsoft.authorization/roleassignments/read",
        "microsoft.authorization/roledefinitions/read",
        "microsoft.alertsmanagement/alerts/read",
        "microsoft.eventgrid/systemtopics/eventsubscriptions/read",
        "microsoft.operationalinsights/workspaces/query/read",
        "microsoft.storage/storageaccounts/blobservices/containers/blobs/read",
        "microsoft.keyvault/vaults/secrets/getsecret/action",
    },
    "executor": _ENDPOINT_READ
    | {ENDPOINT_WRITE, "microsoft.authorization/permissions/read"},
    "trainer": {
        f"{ML}/read",
        f"{ML}/jobs/read",
        f"{ML}/computes/read",
        JOB_WRITE,
        "microsoft.authorization/permissions/read",
    },
    "analyst": {f"{ML}/read", f"{ML}/jobs/read", JOB_WRITE},
    "bot": {
        "microsoft.alertsmanagement/alerts/read",
        "microsoft.alertsmanagement/alerts/changestate/action",
        "microsoft.authorization/permissions/read",
    },
}
_BY_NAME = {name: client for client, name in NAMES.items()}


def allow(request: web.Request, action: str, *audiences: str) -> str:
    """Let the caller pass who has a token for Azure and a role with `action`.

    Return the object id of the caller.

    401 for a bad token, 403 AuthorizationFailed for a missing right, as ARM answers.
    """
    request[HOST] = "azure"
    who = request.app[IDENTITY].principal(request, *(audiences or ARM))
    if action.lower() not in _held(request, who):
        client = _BY_NAME.get(who, EXECUTOR)
        refuse(
            403,
            "AuthorizationFailed",
            f"The client '{client}' with object id '{client}' does not have "
            f"authorization to perform action '{action}' over scope '{request.path}' "
            "or the scope is invalid. If access was recently granted, please refresh "
            "your credentials.",
        )
    return _BY_NAME.get(who, who)


def rights(request: web.Request) -> list[str]:
    """Return all actions that the caller's role has."""
    allow(request, "microsoft.authorization/permissions/read")
    return sorted(_held(request, request.app[IDENTITY].principal(request, *ARM)))


def _held(request: web.Request, who: str) -> set[str]:
    """Return the actions of a principal's role, less what the world took from it."""
    taken = (request.app[WORLD].get("rights", who) or {"without": []})["without"]
    return _ROLES.get(who, set()) - {str(action).lower() for action in taken}


def refuse(status: int, code: str, message: str) -> NoReturn:
    """Answer with Azure's error body."""
    kinds: dict[int, Any] = {
        400: web.HTTPBadRequest,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
        409: web.HTTPConflict,
    }
    body = json.dumps({"error": {"code": code, "message": message}})
    raise kinds[status](text=body, content_type="application/json")
