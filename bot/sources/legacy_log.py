"""Log alert of the older, non-common schema: often without a schema id at all."""

from bot.incident import Alert
from bot.sources._common_alert import deployment_of, endpoint_of
from bot.sources._criteria import Criteria, by_endpoint, criteria, dimensions
from bot.sources._fields import (
    Document,
    NotAnAlert,
    Route,
    arm_ids,
    is_schema,
    line,
    mapping,
    prose,
    required_moment,
    severity,
    window,
)
from bot.sources._metrics import worded
from bot.sources.log_alert import affected, first_reading, rows

ROUTE: Route = "alerts"
_SCHEMA = "Microsoft.Insights/LogAlert"


def recognises(document: Document) -> bool:
    if is_schema(document, _SCHEMA):
        return True
    return "schemaId" not in document and {"AlertRuleName", "SearchQuery"} <= set(
        document
    )


def parse(document: Document) -> tuple[Alert, ...]:
    """Return one alert, or one for each endpoint where its rows name several."""
    data = mapping(document.get("data")) if "schemaId" in document else document
    parts = by_endpoint(rows(data), affected(data))
    return tuple(_alert(data, criteria(part)) for part in parts)


def _alert(data: Document, told: Criteria) -> Alert:
    rule = line(data.get("AlertRuleName"))
    if not rule:
        raise NotAnAlert("AlertRuleName is not a text")
    own = dimensions({"dimensions": data.get("Dimensions")})
    named = {**told.dimensions, **own}
    about = arm_ids([data.get("ResourceId"), *own.values()])
    resources = arm_ids([*about, *told.resources, *affected(data)])
    where = about[0] if about else line(data.get("WorkspaceId"))
    level = severity(data.get("Severity"))
    first, last = (
        data.get("SearchIntervalStartTimeUtc"),
        data.get("SearchIntervalEndtimeUtc"),
    )
    return Alert(
        source="legacy_log",
        kind=worded(f"{rule} {line(data.get('SearchQuery'), 2000)}") or "platform",
        fingerprint="|".join(("log", where, rule, *own.values())).lower(),
        status="firing",
        severity=2 if level is None else level,
        title=rule,
        starts_at=required_moment(data, "SearchIntervalEndtimeUtc"),
        rule=rule,
        description=prose(data.get("Description")),
        resources=resources,
        endpoint=endpoint_of(named, resources),
        deployment=deployment_of(named, resources),
        window=window(first, last),
        readings=(first_reading(data),),
        labels=named,
    )
