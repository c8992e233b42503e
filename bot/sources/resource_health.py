"""Resource health alert: Azure says that one of our resources is down, or up again.

Each turn of a resource's health is an alert of its own with an id of its own; what
they share is the resource, so that is the fingerprint.
"""

from bot.incident import Alert
from bot.sources._common_alert import alert, context, essentials, service
from bot.sources._fields import Document, Route, line, mapping

ROUTE: Route = "alerts"


def recognises(document: Document) -> bool:
    return service(document) in {"resourcehealth", "activitylog-resourcehealth"}


def parse(document: Document) -> tuple[Alert, ...]:
    properties = mapping(context(document).get("properties"))
    base = essentials(document)
    return (
        alert(
            document,
            source="resource_health",
            kind="availability",
            title=": ".join(t for t in (base.rule, line(properties.get("title"))) if t),
            fingerprint="|".join(("resourcehealth", *base.targets))
            if base.targets
            else base.alert_id,
            status="resolved" if healthy(context(document)) else base.status,
        ),
    )


def healthy(activity: Document) -> bool:
    """Return whether the resource is well again."""
    state = line(mapping(activity.get("properties")).get("currentHealthStatus"))
    done = line(activity.get("operationName")).lower()
    return state.lower() == "available" or "/resolved/" in done
