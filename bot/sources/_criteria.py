"""The criteria of a metric or log rule, as both schemas write them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.incident import Reading
from bot.incident.arm import arm_id
from bot.sources._fields import (
    DEPLOYMENT,
    ENDPOINT,
    FEATURE,
    Document,
    arm_ids,
    folded,
    line,
    mapping,
    name,
    objects,
    part,
    window,
)
from bot.sources._metrics import reading

MOST = 200
_KEPT = 20  # dimensions of one criterion, the telling ones first


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What a rule measured: figures, dimensions, and in which window."""

    readings: tuple[Reading, ...]
    dimensions: Mapping[str, str]  # of rows that differ: "blue, green"
    resources: tuple[str, ...]  # ARM ids among the dimensions
    window: tuple[datetime, datetime] | None
    words: str  # names to guess the kind from; never shown and never run


def criteria(condition: Document) -> Criteria:
    rows = objects(condition.get("allOf"))[:MOST]
    found = [reading(row, feature=_feature(dimensions(row))) for row in rows]
    named = [dimensions(row) for row in rows]
    return Criteria(
        readings=tuple(r for r in found if r is not None),
        dimensions=merged(named),
        resources=arm_ids(value for each in named for value in each.values()),
        window=window(condition.get("windowStartTime"), condition.get("windowEndTime")),
        words=" ".join(
            line(row.get(key), 2000)
            for row in rows[:5]
            for key in ("metricName", "metricMeasureColumn", "searchQuery")
        ),
    )


def merged(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return what rows say, all that they say where they differ."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        for key, value in row.items():
            found.setdefault(key, {}).setdefault(value.lower(), value)
    return {key: line(", ".join(told.values())) for key, told in found.items()}


def by_endpoint(condition: Document, targets: Iterable[str]) -> list[Document]:
    """Return the condition as it is for each endpoint that its rows name.

    One rule can watch many endpoints, and tell of several in one alert: each owner is to
    hear of his own rows. It stays whole when it has one endpoint for its target.
    """
    rows = objects(condition.get("allOf"))[:MOST]
    if any(part(target, "onlineendpoints") for target in targets):
        return [condition]
    about = [whose(dimensions(row)) for row in rows]
    named = list(dict.fromkeys(filter(None, about)))
    if len(named) < 2:  # noqa: PLR2004
        return [condition]
    return [
        {
            **condition,
            "allOf": [r for r, a in zip(rows, about, strict=True) if a in ("", one)],
        }
        for one in named
    ]


def whose(row: Mapping[str, str]) -> str:
    """Return the endpoint that a row names, by its ARM id where it has that, or ""."""
    for resource in arm_ids(row.values()):
        if part(resource, "onlineendpoints"):
            return resource.partition("/deployments/")[0]
    told = {folded(key): value for key, value in row.items()}
    return next((n.lower() for key in ENDPOINT if (n := name(told.get(key)))), "")


def places(key: str) -> bool:
    """Return whether a column of this name says where a row comes from."""
    return folded(key) in {*ENDPOINT, *DEPLOYMENT, "resourceid"}


def dimensions(row: Document) -> dict[str, str]:
    """Return the dimensions of one criterion: a list of {name, value}, or an object."""
    found = row.get("dimensions")
    pairs = (
        found.items()
        if isinstance(found, dict)
        else [(d.get("name"), d.get("value")) for d in objects(found)]
    )
    read = [(line(key), line(value)) for key, value in pairs]
    named = [(key, value) for key, value in read if key and value]
    return dict(sorted(named, key=_tells)[:_KEPT] if len(named) > _KEPT else named)


def _tells(dimension: tuple[str, str]) -> bool:
    """Return False, which sorts first, for what says what the alert is about."""
    key, value = dimension
    telling = (*ENDPOINT, *DEPLOYMENT, *FEATURE)
    return folded(key) not in telling and arm_id(value) is None


def _feature(named: Mapping[str, str]) -> str:
    return next((v for k, v in named.items() if folded(k) in FEATURE), "")


def condition_of(context: Document) -> Document:
    return mapping(context.get("condition"))
