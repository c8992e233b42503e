"""Activity log alert of the older, non-common schema, service and resource health too.

It has no alert id: an event is named by its own id, health by what it is about.
"""

from typing import Literal

from bot.incident import Alert, Kind
from bot.incident.arm import arm_id
from bot.sources._common_alert import deployment_of, endpoint_of, status
from bot.sources._fields import (
    Document,
    NotAnAlert,
    Route,
    is_schema,
    labels,
    line,
    mapping,
    prose,
    required_moment,
)
from bot.sources.activity_log import KINDS, scopes
from bot.sources.resource_health import healthy
from bot.sources.service_health import over

ROUTE: Route = "alerts"
_SCHEMA = "Microsoft.Insights/activityLogs"


def recognises(document: Document) -> bool:
    return is_schema(document, _SCHEMA)


def parse(document: Document) -> tuple[Alert, ...]:
    data = mapping(document.get("data"))
    activity = mapping(mapping(data.get("context")).get("activityLog"))
    if not activity:
        raise NotAnAlert("data.context.activityLog is not an object")
    properties = mapping(activity.get("properties"))
    resources = scopes(activity)
    kind, fingerprint, state = _about(activity)
    title = line(properties.get("title")) or line(activity.get("operationName"))
    return (
        Alert(
            source="legacy_activity_log",
            kind=kind,
            fingerprint=fingerprint,
            status=state or status(data.get("status")),
            severity=4,
            title=title or "Activity log alert without a name",
            starts_at=required_moment(activity, "eventTimestamp"),
            description=prose(activity.get("description")),
            resources=resources,
            endpoint=endpoint_of({}, resources),
            deployment=deployment_of({}, resources),
            labels=labels(data.get("properties")),
        ),
    )


def _about(activity: Document) -> tuple[Kind, str, Literal["resolved"] | None]:
    """Return the kind, the fingerprint, and "resolved" when the activity says so."""
    properties = mapping(activity.get("properties"))
    event = line(activity.get("eventDataId")) or line(activity.get("correlationId"))
    category = line(activity.get("eventSource")).lower()
    match category:
        case "servicehealth":
            tracking = line(properties.get("trackingId")) or event
            done: Literal["resolved"] | None = "resolved" if over(properties) else None
            return "platform", f"servicehealth|{tracking}".lower(), done
        case "resourcehealth":
            where = arm_id(activity.get("resourceId")) or event
            done = "resolved" if healthy(activity) else None
            return "availability", f"resourcehealth|{where}".lower(), done
    kind = KINDS.get(category, "platform")
    return kind, f"activity|{event}".lower(), None
