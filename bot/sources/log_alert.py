"""Log alert of the common schema, version 1 (Log Analytics) and version 2.

The query that fired is looked at for words and never kept, shown or run.
"""

from bot.incident import Alert, Reading
from bot.sources._common_alert import alert, context, custom, essentials, service
from bot.sources._criteria import (
    MOST,
    Criteria,
    by_endpoint,
    condition_of,
    criteria,
    dimensions,
    places,
    whose,
)
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
    """Return one alert, or one for each endpoint where its rows name several."""
    found = context(document)
    targets = (*essentials(document).targets, *_affected(found))
    if "condition" in found:
        parts = by_endpoint(condition_of(found), targets)
        return tuple(_second(document, part) for part in parts)
    rows = {"allOf": [{"dimensions": row} for row in _rows(found)]}
    return tuple(
        _first(document, criteria(part)) for part in by_endpoint(rows, targets)
    )


def _second(document: Document, condition: Document) -> Alert:
    found = criteria(condition)
    about = " ".join((essentials(document).rule, *custom(document).values()))
    return alert(
        document,
        source="log_alert",
        kind=worded(about) or worded(found.words) or "platform",
        readings=found.readings,
        window=found.window,
        resources=found.resources,
        dimensions=found.dimensions,
    )


def _first(document: Document, rows: Criteria) -> Alert:
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
        resources=(*rows.resources, *_affected(found)),
        dimensions={
            **rows.dimensions,
            **dimensions({"dimensions": found.get("Dimensions")}),
        },
    )


def _rows(found: Document) -> list[dict[str, str]]:
    """Return of each row that fired what says which endpoint it is about, no more.

    The rule's dimensions say it for all of them, where it has some.
    """
    if whose(dimensions({"dimensions": found.get("Dimensions")})):
        return []
    read: list[dict[str, str]] = []
    for table in objects(mapping(found.get("SearchResults")).get("tables")):
        names = [line(column.get("name")) for column in objects(table.get("columns"))]
        listed = table.get("rows")
        for row in listed[:MOST] if isinstance(listed, list) else ():
            cells = zip(names, row, strict=False) if isinstance(row, list) else ()
            told = {name: line(cell) for name, cell in cells if places(name)}
            read.append({name: value for name, value in told.items() if value})
    return read[:MOST]


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
