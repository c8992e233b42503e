"""Alert rules of Azure Monitor, as Resource Manager keeps them."""

from aiohttp import web

from bot.simulator.azure.gate import allow, refuse
from bot.simulator.world import WORLD, World

routes = web.RouteTableDef()


def put(
    world: World, endpoint: str, name: str, metric: str, threshold: float, severity: int
) -> str:
    """Keep a metric alert rule on `endpoint`; return its ARM id."""
    parts = endpoint.split("/")
    group = "/".join(parts[:5])
    rule = f"{group}/providers/Microsoft.Insights/metricAlerts/{name}"
    criterion = {
        "name": "limit",
        "metricName": metric,
        "operator": "GreaterThan",
        "threshold": threshold,
        "timeAggregation": "Average",
        "criterionType": "StaticThresholdCriterion",
    }
    world.put(
        "rule",
        rule.lower(),
        {
            "id": rule,
            "name": name,
            "type": "Microsoft.Insights/metricAlerts",
            "location": "global",
            "properties": {
                "severity": severity,
                "enabled": True,
                "scopes": [endpoint],
                "evaluationFrequency": "PT1M",
                "windowSize": "PT5M",
                "criteria": {
                    "odata.type": "Microsoft.Azure.Monitor."
                    "SingleResourceMultipleMetricCriteria",
                    "allOf": [criterion],
                },
            },
        },
    )
    return rule


@routes.get(
    "/subscriptions/{subscription}/{groups}/{group}/providers/{provider}/metricalerts/{name}"
)
@routes.get(
    "/subscriptions/{subscription}/{groups}/{group}/providers/{provider}/metricAlerts/{name}"
)
async def one(request: web.Request) -> web.Response:
    allow(request, "microsoft.insights/metricalerts/read")
    found = request.app[WORLD].get("rule", request.path.lower())
    if found is None:
        refuse(404, "ResourceNotFound", "The alert rule was not found.")
    return web.json_response(found)
