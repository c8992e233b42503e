"""Metric alert of the older, non-common schema. It has no alert id.

The condition is the rule, on its resource, with its dimensions: those name it.
"""

from bot.incident import Alert
from bot.sources._common_alert import deployment_of, endpoint_of, status
from bot.sources._criteria import criteria
from bot.sources._fields import (
    Document,
    NotAnAlert,
    Route,
    arm_ids,
    is_schema,
    labels,
    line,
    mapping,
    prose,
    required_moment,
    severity,
)
from bot.sources.metric_alert import kind

ROUTE: Route = "alerts"
_SCHEMA = "AzureMonitorMetricAlert"


def recognises(document: Document) -> bool:
    if is_schema(document, _SCHEMA):
        return True
    classic = mapping(mapping(document.get("context")).get("condition"))
    return "schemaId" not in document and "metricName" in classic


def parse(document: Document) -> tuple[Alert, ...]:
    data = document.get("data") if "schemaId" in document else document
    context = mapping(mapping(data).get("context"))
    if not isinstance(data, dict) or not context:
        raise NotAnAlert("data.context is not an object")
    condition = mapping(context.get("condition"))
    if "allOf" not in condition:  # a classic alert has one criterion
        condition = {**condition, "allOf": [condition]}
    found = criteria(condition)
    resources = arm_ids([context.get("resourceId"), *found.resources])
    rule = line(context.get("name"))
    about = (context.get("id"), context.get("resourceId"), *found.dimensions.values())
    level = severity(context.get("severity"))
    return (
        Alert(
            source="legacy_metric",
            kind=kind(line(context.get("conditionType")), found),
            fingerprint="|".join(("metric", *map(line, about))).lower(),
            status=status(data.get("status")),
            severity=2 if level is None else level,
            title=rule or "Metric alert without a name",
            starts_at=required_moment(context, "timestamp"),
            rule=rule,
            description=prose(context.get("description")),
            resources=resources,
            endpoint=endpoint_of(found.dimensions, resources),
            deployment=deployment_of(found.dimensions, resources),
            window=found.window,
            readings=found.readings,
            labels={**labels(data.get("properties")), **found.dimensions},
        ),
    )
