"""The activity log: every change of a resource, by whom, as Azure Monitor lists it."""

import re
from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import web

from bot.simulator.azure.gate import allow, refuse
from bot.simulator.world import WORLD, Document, World

routes = web.RouteTableDef()
_KIND = "log line"
_LIST = (
    "/subscriptions/{subscription}/providers/Microsoft.Insights"
    "/eventtypes/management/values"
)
_SPAN = re.compile(
    r"eventTimestamp ge '([^']+)' and eventTimestamp le '([^']+)'"
    r"(?: and (resourceGroupName|resourceUri) eq '([^']+)')?"
)
_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def log(
    world: World,
    resource: str,
    operation: str,
    *,
    by: str,
    status: str = "Succeeded",
    at: datetime | None = None,
    correlation: str = "",
) -> None:
    """Write a line: `operation` ("onlineEndpoints/write") on `resource`, by an object id.

    As Azure does, it names a mail address and a network address too: who reads the log
    has to leave them out.
    """
    moment = (at or datetime.now(UTC)).isoformat()
    key = str(uuid4())
    world.put(
        _KIND,
        key,
        {
            "eventTimestamp": moment,
            "submissionTimestamp": moment,
            "eventDataId": key,
            "operationName": {"value": operation},
            "resourceId": resource,
            "resourceGroupName": resource.split("/")[4],
            "status": {"value": status},
            "correlationId": correlation or key,
            "caller": f"{by}@contoso.example",
            "claims": {_OBJECT_ID: by, "name": "A Person", "ipaddr": "203.0.113.7"},
            "httpRequest": {"clientIpAddress": "203.0.113.7", "method": "PUT"},
        },
    )


@routes.get(_LIST)
async def listing(request: web.Request) -> web.Response:
    """List the lines that the filter asks for, newest first."""
    allow(request, "microsoft.insights/eventtypes/values/read")
    found = _SPAN.fullmatch(request.query.get("$filter", ""))
    if found is None:
        refuse(400, "BadRequest", "The filter has a pattern that is not supported.")
    start, end = (datetime.fromisoformat(found[n]) for n in (1, 2))
    fields = set(request.query.get("$select", "").split(",")) - {""}
    lines = [
        {k: v for k, v in line.items() if not fields or k in fields}
        for _, line in request.app[WORLD].all(_KIND)
        if start <= datetime.fromisoformat(line["eventTimestamp"]) <= end
        and _about(line, found[3], found[4])
    ]
    lines.sort(key=lambda line: str(line["eventTimestamp"]), reverse=True)
    return web.json_response({"value": lines})


def _about(line: Document, kind: str | None, wanted: str | None) -> bool:
    if not kind or not wanted:
        return True
    field = "resourceGroupName" if kind == "resourceGroupName" else "resourceId"
    return str(line[field]).lower() == wanted.lower()
