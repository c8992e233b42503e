"""Service health alert: an outage, maintenance or advisory of Azure itself.

Updates of one event are alerts of their own; what they share is the tracking id.
"""

from bot.incident import Alert
from bot.sources._common_alert import alert, context, essentials, service
from bot.sources._fields import Document, Route, line, mapping, window

ROUTE: Route = "alerts"
_OVER = {"resolved", "complete", "rca", "canceled"}


def recognises(document: Document) -> bool:
    return service(document) in {"servicehealth", "activitylog-servicehealth"}


def parse(document: Document) -> tuple[Alert, ...]:
    properties = mapping(context(document).get("properties"))
    tracking = line(properties.get("trackingId")).lower()
    base = essentials(document)
    return (
        alert(
            document,
            source="service_health",
            kind="platform",
            title=line(properties.get("title")) or base.rule,
            fingerprint=f"servicehealth|{tracking}" if tracking else base.alert_id,
            status="resolved" if over(properties) else base.status,
            window=window(
                properties.get("impactStartTime"),
                properties.get("impactMitigationTime"),
            ),
            dimensions={
                key: value
                for key in ("service", "region", "incidentType", "stage")
                if (value := line(properties.get(key)))
            },
        ),
    )


def over(properties: Document) -> bool:
    return line(properties.get("stage")).lower() in _OVER
