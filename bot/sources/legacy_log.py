"""Log alert of the older, non-common schema: often without a schema id at all."""

from bot.incident import Alert
from bot.sources._common_alert import deployment_of, endpoint_of
from bot.sources._criteria import dimensions
from bot.sources._fields import (
    Document,
    NotAnAlert,
    Route,
    arm_ids,
    line,
    mapping,
    prose,
    required_moment,
    severity,
    window,
)
from bot.sources._metrics import worded
from bot.sources.log_alert import first_reading

ROUTE: Route = "alerts"
_SCHEMA = "Microsoft.Insights/LogAlert"


def recognises(document: Document) -> bool:
    if document.get("schemaId") == _SCHEMA:
        return True
    return "schemaId" not in document and {"AlertRuleName", "SearchQuery"} <= set(
        document
    )


def parse(document: Document) -> tuple[Alert, ...]:
    data = mapping(document.get("data")) if "schemaId" in document else document
    rule = line(data.get("AlertRuleName"))
    if not rule:
        raise NotAnAlert("AlertRuleName is not a text")
    named = dimensions({"dimensions": data.get("Dimensions")})
    resources = arm_ids([data.get("ResourceId"), *named.values()])
    where = resources[0] if resources else line(data.get("WorkspaceId"))
    level = severity(data.get("Severity"))
    first, last = (
        data.get("SearchIntervalStartTimeUtc"),
        data.get("SearchIntervalEndtimeUtc"),
    )
    return (
        Alert(
            source="legacy_log",
            kind=worded(f"{rule} {line(data.get('SearchQuery'), 2000)}") or "platform",
            fingerprint="|".join(("log", where, rule, *named.values())).lower(),
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
        ),
    )
