"""Metric alert of the common schema: static, dynamic, or availability."""

from bot.incident import Alert, Kind
from bot.sources._common_alert import alert, context, essentials, service
from bot.sources._criteria import Criteria, by_endpoint, condition_of, criteria
from bot.sources._fields import Document, Route, line
from bot.sources._metrics import metric_kind

ROUTE: Route = "alerts"


def recognises(document: Document) -> bool:
    return service(document) == "platform"


def parse(document: Document) -> tuple[Alert, ...]:
    condition, targets = condition_of(context(document)), essentials(document).targets
    parts = map(criteria, by_endpoint(condition, targets))
    return tuple(
        alert(
            document,
            source="metric_alert",
            kind=kind(line(context(document).get("conditionType")), found),
            readings=found.readings,
            window=found.window,
            resources=found.resources,
            dimensions=found.dimensions,
        )
        for found in parts
    )


def kind(condition_type: str, found: Criteria) -> Kind:
    """Return the kind of the first metric; a web test is about availability."""
    if condition_type.lower().startswith("webtest"):
        return "availability"
    if not found.readings:
        return "platform"
    return metric_kind(found.readings[0].metric, found.dimensions)
