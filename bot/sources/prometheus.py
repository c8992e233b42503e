"""Alert of a managed Prometheus rule group. Its expression is never kept."""

from bot.incident import Alert, Reading
from bot.sources._common_alert import alert, context, essentials, service
from bot.sources._fields import Document, Route, labels, line, mapping, number
from bot.sources._metrics import worded

ROUTE: Route = "alerts"


def recognises(document: Document) -> bool:
    return service(document) == "prometheus"


def parse(document: Document) -> tuple[Alert, ...]:
    found = context(document)
    rule = essentials(document).rule
    summary = line(mapping(found.get("annotations")).get("summary"))
    words = f"{rule} {summary} {line(found.get('expression'), 2000)}"
    value = number(found.get("expressionValue"))
    return (
        alert(
            document,
            source="prometheus",
            kind=worded(words) or "platform",
            title=": ".join(text for text in (rule, summary) if text),
            readings=()
            if value is None
            else (Reading(metric=rule or "expression", value=value, threshold=None),),
            dimensions=labels(found.get("labels")),
        ),
    )
