"""A report as JSON and back, without loss and without pydantic."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.signals.report import Course, FeatureResult, Report, Shape


def to_json(report: Report) -> str:
    """Return `report` as strict JSON (no NaN: the engine keeps none in a report)."""
    return json.dumps(asdict(report), default=datetime.isoformat, allow_nan=False)


def from_json(text: str) -> Report:
    """Return the report that `to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it did not.
    """
    fields: dict[str, Any] = json.loads(text)
    for name in ("reference_window", "production_window"):
        if fields.get(name) is not None:
            start, end = (datetime.fromisoformat(at) for at in fields[name])
            fields[name] = (start, end)
    fields["results"] = tuple(_result(one) for one in fields["results"])
    for name in ("dropped", "findings", "explained"):
        fields[name] = tuple(fields.get(name) or ())
    if (course := fields.get("course")) is not None:
        points = tuple((datetime.fromisoformat(at), v) for at, v in course["points"])
        fields["course"] = Course(**{**course, "points": points})
    return Report(**fields)


def _result(fields: dict[str, Any]) -> FeatureResult:
    if fields.get("interval") is not None:
        fields["interval"] = tuple(fields["interval"])
    if fields.get("shape") is not None:
        fields["shape"] = Shape(**{k: tuple(v) for k, v in fields["shape"].items()})
    fields["flags"] = tuple(fields["flags"])
    return FeatureResult(**fields)
