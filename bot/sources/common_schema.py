"""Any other alert of the common schema: a service that we know nothing more about."""

from bot.incident import Alert
from bot.sources._common_alert import alert, context, essentials, service
from bot.sources._criteria import by_endpoint, condition_of, criteria
from bot.sources._fields import Document, Route
from bot.sources._metrics import worded

ROUTE: Route = "alerts"
GENERAL = True


def recognises(document: Document) -> bool:
    return service(document) is not None


def parse(document: Document) -> tuple[Alert, ...]:
    base = essentials(document)
    parts = by_endpoint(condition_of(context(document)), base.targets)
    return tuple(
        alert(
            document,
            source="common_schema",
            kind=worded(f"{base.rule} {base.description}") or "platform",
            readings=found.readings,
            window=found.window,
            resources=found.resources,
            dimensions=found.dimensions,
        )
        for found in map(criteria, parts)
    )
