"""What we find out by ourselves: a silence, or an alert that only Azure's list has.

No door leads here: the worker writes these documents, and keeps them as it does others.
"""

from datetime import datetime
from typing import cast, get_args

from bot.incident import MISSED, Alert, Kind
from bot.incident.arm import arm_id
from bot.sources._common_alert import SCHEMA, alert, status
from bot.sources._criteria import (
    Criteria,
    by_endpoint,
    condition_of,
    criteria,
    dimensions,
    whose,
)
from bot.sources._fields import (
    Document,
    NotAnAlert,
    Route,
    arm_ids,
    line,
    mapping,
    moment,
    objects,
    prose,
    required_moment,
    severity,
)
from bot.sources._metrics import worded

ROUTE: Route = "own"
SILENCE, LISTED = "watchkeeper.silence", "watchkeeper.listed-alert"
AGAIN = "watchkeeper.heard-again"  # what Event Grid said had ended is heard of again


def recognises(document: Document) -> bool:
    return document.get("schemaId") in (SILENCE, LISTED, AGAIN)


def parse(document: Document) -> tuple[Alert, ...]:
    if document.get("schemaId") == SILENCE:
        return (_silence(document),)
    if document.get("schemaId") == AGAIN:
        return (_again(document),)
    return _listed(document)


def told(found: Document) -> Document:
    """Return the essentials of an alert of Azure's list; none of what is no alert."""
    return mapping(mapping(found.get("properties")).get("essentials"))


def last_word(found: Document) -> datetime | None:
    """Return when an alert of Azure's list fired, or ended; None: it does not say."""
    names = ("startDateTime", "monitorConditionResolvedDateTime")
    times = [at for name in names if (at := moment(told(found).get(name)))]
    return max(times, default=None)


def _silence(document: Document) -> Alert:
    endpoint, check = line(document.get("endpoint"), 2000), line(document.get("check"))
    level = severity(document.get("severity"))
    return Alert(
        source="own",
        kind="silence",
        fingerprint=f"{endpoint.lower()} silence {check}",
        status=status(document.get("monitorCondition")),
        severity=2 if level is None else level,
        title=line(document.get("words")) or check,
        description=prose(document.get("words")),
        rule=check,
        starts_at=required_moment(document, "since"),
        resources=(endpoint.lower(),),
    )


def _again(document: Document) -> Alert:
    """Read the end of a silence that another source began, by its fingerprint."""
    return Alert(
        source="own",
        kind="silence",
        fingerprint=line(document.get("fingerprint"), 4000),
        status="resolved",
        severity=severity(document.get("severity")) or 1,
        title=line(document.get("title")),
        rule=line(document.get("check")),
        starts_at=required_moment(document, "since"),
        ends_at=required_moment(document, "at"),
        resources=(line(document.get("endpoint"), 2000).lower(),),
    )


def _listed(document: Document) -> tuple[Alert, ...]:
    """Read one alert of Azure's list as if its own call had come.

    `endpoint` is the ARM id of whom it is about, where its target is another resource.
    """
    found = mapping(document.get("alert"))
    if not isinstance(found.get("id"), str):
        raise NotAnAlert("a listed alert without an id")
    essentials = told(found)
    said = {
        "alertId": found.get("id"),
        "alertRule": line(essentials.get("alertRule")).rsplit("/", 1)[-1],
        "severity": essentials.get("severity"),
        "monitorCondition": essentials.get("monitorCondition"),
        "alertTargetIDs": [
            essentials.get("targetResource"),
            document.get("endpoint"),
        ],
        "firedDateTime": essentials.get("startDateTime"),
        "resolvedDateTime": essentials.get("monitorConditionResolvedDateTime"),
        "description": essentials.get("description"),
    }
    parts = by_endpoint(
        condition_of(_context(found)), arm_ids([essentials.get("targetResource")])
    )
    if wanted := arm_id(document.get("endpoint")):
        parts = [p for p in parts if _speaks_of(p, wanted)] or parts[:1]
    return tuple(_part(said, document.get("kind"), criteria(p)) for p in parts)


def _speaks_of(condition: Document, endpoint: str) -> bool:
    rows = map(dimensions, objects(condition.get("allOf")))
    return any(whose(row) in (endpoint, endpoint.rsplit("/", 1)[-1]) for row in rows)


def _part(said: Document, kind: object, measured: Criteria) -> Alert:
    known = cast("Kind", kind) if kind in get_args(Kind) else None
    return alert(
        {"schemaId": SCHEMA, "data": {"essentials": said, "alertContext": {}}},
        source="own",
        kind=known
        or worded(f"{said['alertRule']} {line(said['description'])}")
        or worded(measured.words)
        or "platform",
        readings=measured.readings,
        window=measured.window,
        resources=measured.resources,
        dimensions={**measured.dimensions, MISSED: "its own call never came"},
    )


def _context(found: Document) -> Document:
    """Return what the rule measured; some services wrap it once more."""
    context = mapping(mapping(found.get("properties")).get("context"))
    return context if "condition" in context else mapping(context.get("context"))
