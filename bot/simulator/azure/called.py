"""Who is told of what: alert rules of a group, action groups, Event Grid's topics.

All of it as deploy/main.bicep would make it for the bot of this simulator.
"""

from aiohttp import web

from bot.simulator.azure.gate import allow, refuse
from bot.simulator.azure.state import AZURE
from bot.simulator.identity import ALERTS_APP, TENANT
from bot.simulator.world import WORLD, Document

routes = web.RouteTableDef()
_GROUP = "/subscriptions/{subscription}/{groups}/{group}/providers"
_TOPIC = "events"


def _place(request: web.Request) -> str:
    found = request.match_info
    return f"/subscriptions/{found['subscription']}/resourceGroups/{found['group']}"


def _action_group(request: web.Request) -> str:
    return f"{_place(request)}/providers/Microsoft.Insights/actionGroups/watchkeeper"


@routes.get(_GROUP + "/Microsoft.Insights/metricAlerts")
async def metric_alerts(request: web.Request) -> web.Response:
    """List a rule for each endpoint of the group, and those that scenarios made."""
    allow(request, "microsoft.insights/metricalerts/read")
    place, world = _place(request), request.app[WORLD]
    inside = place.lower() + "/"
    scopes = [
        str(document["id"])
        for key, document in world.all("arm")
        if key.startswith(inside) and key.split("/")[-2] == "onlineendpoints"
    ]
    actions = [{"actionGroupId": _action_group(request)}]
    usual: list[Document] = [
        {
            "id": f"{place}/providers/Microsoft.Insights/metricAlerts/{n}-slow",
            "properties": {"enabled": True, "scopes": [scope], "actions": actions},
        }
        for scope in scopes
        for n in [scope.rsplit("/", 1)[-1]]
    ]
    made = [rule for key, rule in world.all("rule") if key.startswith(inside)]
    return web.json_response({"value": usual + made})


@routes.get(_GROUP + "/Microsoft.Insights/{kind:scheduledQueryRules|activityLogAlerts}")
async def other_rules(request: web.Request) -> web.Response:
    allow(request, f"microsoft.insights/{request.match_info['kind'].lower()}/read")
    return web.json_response({"value": []})


@routes.get(_GROUP + "/{insights:(?i:microsoft.insights/actiongroups)}/{name}")
async def action_group(request: web.Request) -> web.Response:
    allow(request, "microsoft.insights/actiongroups/read")
    if request.match_info["name"] != "watchkeeper":
        refuse(404, "ResourceNotFound", "The action group was not found.")
    hook = {
        "name": "watchkeeper",
        "serviceUri": f"{request.app[AZURE].bot_url}/api/alerts",
        "useCommonAlertSchema": True,
        "useAadAuth": True,
        "identifierUri": f"api://{ALERTS_APP}",
        "tenantId": TENANT,
    }
    return web.json_response(
        {
            "id": _action_group(request),
            "properties": {"enabled": True, "webhookReceivers": [hook]},
        }
    )


@routes.get(_GROUP + "/Microsoft.EventGrid/systemTopics")
async def topics(request: web.Request) -> web.Response:
    """List a topic for each workspace of the group."""
    allow(request, "microsoft.eventgrid/systemtopics/read")
    place = _place(request)
    sources = [
        str(document["id"])
        for key, document in request.app[WORLD].all("arm")
        if key.startswith(place.lower() + "/") and key.split("/")[-2] == "workspaces"
    ]
    found = [
        {
            "id": f"{place}/providers/Microsoft.EventGrid/systemTopics/{_TOPIC}-{n}",
            "properties": {"source": source, "provisioningState": "Succeeded"},
        }
        for n, source in enumerate(sources)
    ]
    return web.json_response({"value": found})


@routes.get(_GROUP + "/Microsoft.EventGrid/systemTopics/{topic}/eventSubscriptions")
async def subscriptions(request: web.Request) -> web.Response:
    """List the one subscription that the deployment makes."""
    allow(request, "microsoft.eventgrid/systemtopics/eventsubscriptions/read")
    letters = {"endpointType": "StorageBlob", "properties": {}}
    properties = {
        "provisioningState": "Succeeded",
        "destination": {
            "endpointType": "WebHook",
            "properties": {
                "endpointBaseUrl": f"{request.app[AZURE].bot_url}/api/events",
                "azureActiveDirectoryApplicationIdOrUri": f"api://{ALERTS_APP}",
                "azureActiveDirectoryTenantId": TENANT,
            },
        },
        "deadLetterWithResourceIdentity": {"deadLetterDestination": letters},
    }
    name = f"{request.path}/watchkeeper"
    return web.json_response({"value": [{"id": name, "properties": properties}]})
