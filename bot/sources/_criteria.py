"""The criteria of a metric or log rule, as both schemas write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.incident import Reading
from bot.sources._fields import Document, line, mapping, objects, window
from bot.sources._metrics import reading

_MOST = 200
_FEATURE_DIMENSIONS = {"featurename", "feature", "feature_name", "column"}


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
    named = [(line(key), line(value)) for key, value in pairs]
    return dict([(key, value) for key, value in named if key and value][:20])


def _feature(named: Mapping[str, str]) -> str:
    return next((v for k, v in named.items() if k.lower() in _FEATURE_DIMENSIONS), "")


def condition_of(context: Document) -> Document:
    return mapping(context.get("condition"))
