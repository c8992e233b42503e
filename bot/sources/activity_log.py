"""Activity log alert of the common schema: what somebody or a policy did in Azure."""

from bot.incident import Alert, Kind
from bot.sources._common_alert import alert, context, essentials, service
from bot.sources._fields import Document, Route, arm_ids, line, mapping

ROUTE: Route = "alerts"
KINDS: dict[str, Kind] = {
    "administrative": "change",
    "autoscale": "change",
    "policy": "platform",
    "security": "platform",
    "recommendation": "platform",
}


def recognises(document: Document) -> bool:
    found = service(document) or ""
    return found.startswith("activitylog") and not found.endswith("health")


def parse(document: Document) -> tuple[Alert, ...]:
    found = context(document)
    category = (service(document) or "").removeprefix("activitylog").strip("-")
    return (
        alert(
            document,
            source="activity_log",
            kind=KINDS.get(category, "platform"),
            title=title(essentials(document).rule, found),
            resources=scopes(found),
        ),
    )


def title(rule: str, activity: Document) -> str:
    """Return the rule's name and what was done: "rule: Microsoft.X/y/action"."""
    done = line(activity.get("operationName"))
    return ": ".join(text for text in (rule, done) if text)


def scopes(activity: Document) -> tuple[str, ...]:
    """Return the resources that the activity itself names."""
    properties = mapping(activity.get("properties"))
    return arm_ids(
        [
            mapping(activity.get("authorization")).get("scope"),
            properties.get("entity"),
            properties.get("resourceName"),
            activity.get("resourceId"),
        ]
    )
