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
    member,
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
    targets = (*essentials(document).targets, *affected(found))
    if "condition" in found:
        parts = by_endpoint(condition_of(found), targets)
        return tuple(_second(document, part) for part in parts)
    return tuple(
        _first(document, criteria(part)) for part in by_endpoint(rows(found), targets)
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


def _first(document: Document, told: Criteria) -> Alert:
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
        resources=(*told.resources, *affected(found)),
        dimensions={
            **told.dimensions,
            **dimensions({"dimensions": found.get("Dimensions")}),
        },
    )


def rows(found: Document) -> Document:
    """Return the rows that fired as a condition: of each, which endpoint it is about.

    No more of them is kept. The rule's dimensions say it for all, where it has some.
    """
    if whose(dimensions({"dimensions": found.get("Dimensions")})):
        return {}
    read: list[dict[str, str]] = []
    for table in objects(_results(found).get("tables")):
        names = [line(column.get("name")) for column in objects(table.get("columns"))]
        listed = table.get("rows")
        for row in listed[:MOST] if isinstance(listed, list) else ():
            cells = zip(names, row, strict=False) if isinstance(row, list) else ()
            says = {name: line(cell) for name, cell in cells if places(name)}
            read.append({name: value for name, value in says.items() if value})
    return {"allOf": [{"dimensions": row} for row in read[:MOST]]}


def _results(found: Document) -> Document:
    return mapping(member(found, "SearchResults", "SearchResult"))


def affected(found: Document) -> tuple[str, ...]:
    """Return the resources whose rows made the alert fire, and where the rows lie."""
    items = found.get("AffectedConfigurationItems")
    lying = objects(_results(found).get("dataSources"))
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
