"""The criteria of a metric or log rule, as both schemas write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.incident import Reading
from bot.sources._fields import (
    DEPLOYMENT,
    ENDPOINT,
    FEATURE,
    Document,
    arm_id,
    folded,
    line,
    mapping,
    objects,
    window,
)
from bot.sources._metrics import reading

_MOST = 200
_KEPT = 20  # dimensions of one criterion, the telling ones first


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What a rule measured: figures, dimensions, and in which window."""

    readings: tuple[Reading, ...]
    dimensions: Mapping[str, str]
    window: tuple[datetime, datetime] | None
    words: str  # names to guess the kind from; never shown and never run


def criteria(condition: Document) -> Criteria:
    rows = objects(condition.get("allOf"))[:_MOST]
    found = [reading(row, feature=_feature(dimensions(row))) for row in rows]
    named: dict[str, str] = {}
    for row in rows:
        named |= dimensions(row)
    return Criteria(
        readings=tuple(r for r in found if r is not None),
        dimensions=named,
        window=window(condition.get("windowStartTime"), condition.get("windowEndTime")),
        words=" ".join(
            line(row.get(key), 2000)
            for row in rows[:5]
            for key in ("metricName", "metricMeasureColumn", "searchQuery")
        ),
    )


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
