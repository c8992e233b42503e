"""Log alert of the common schema, version 1 (Log Analytics) and version 2.

The query that fired is looked at for words and never kept, shown or run.
"""

from bot.incident import Alert, Reading
from bot.sources._common_alert import alert, context, custom, essentials, service
from bot.sources._criteria import condition_of, criteria, dimensions
from bot.sources._fields import (
    Document,
    Route,
    arm_ids,
    line,
    mapping,
    number,
    objects,
    window,
)
from bot.sources._metrics import operator, worded

ROUTE: Route = "alerts"


def recognises(document: Document) -> bool:
    return service(document) in {
        "logalertsv2",
        "loganalytics",
        "applicationinsights",
        "logalerts",
    }


def parse(document: Document) -> tuple[Alert, ...]:
    found = context(document)
    return (_second(document) if "condition" in found else _first(document),)


def _second(document: Document) -> Alert:
    found = criteria(condition_of(context(document)))
    about = " ".join((essentials(document).rule, *custom(document).values()))
    return alert(
        document,
        source="log_alert",
        kind=worded(about) or worded(found.words) or "platform",
        readings=found.readings,
        window=found.window,
        dimensions=found.dimensions,
    )


def _first(document: Document) -> Alert:
    found = context(document)
    about = f"{essentials(document).rule} {line(found.get('SearchQuery'), 2000)}"
    return alert(
        document,
        source="log_alert",
        kind=worded(about) or "platform",
        readings=(first_reading(found),),
        window=window(
            found.get("SearchIntervalStartTimeUtc"),
            found.get("SearchIntervalEndtimeUtc"),
        ),
        resources=_affected(found),
        dimensions=dimensions({"dimensions": found.get("Dimensions")}),
    )


def _affected(found: Document) -> tuple[str, ...]:
    """Return the resources whose rows made the alert fire, and where the rows lie."""
    items = found.get("AffectedConfigurationItems")
    lying = objects(mapping(found.get("SearchResults")).get("dataSources"))
    return arm_ids(
        [
            *(items if isinstance(items, list) else ()),
            *(source.get("resourceId") for source in lying),
        ]
    )


def first_reading(found: Document) -> Reading:
    """Return the count of rows, all that the first version tells beside the rows."""
    return Reading(
        metric="results",
        value=number(found.get("ResultCount")),
        threshold=number(found.get("Threshold", found.get("AlertThresholdValue"))),
        breached_when=operator(
            found.get("Operator", found.get("AlertThresholdOperator"))
        ),
    )
