"""The envelope of an Azure ML event: Event Grid's own schema, or CloudEvents 1.0."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.incident.arm import arm_id
from bot.sources._fields import (
    Document,
    NotAnAlert,
    Unhandled,
    line,
    required_moment,
)

ML = "Microsoft.MachineLearningServices."
_MOST = 5000  # events of one delivery: as many as Event Grid sends if it is asked to


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who sent which kind of event about what, and when."""

    id: str
    kind: str
    source: str  # ARM id of the workspace in lower case, "" when it is none
    subject: str
    at: datetime
    data: Any


def documents(found: Any, received: datetime) -> tuple[list[Document], list[str]]:
    """Return the events of a delivery, and what is wrong with what is none.

    CloudEvents may leave out the time: then it is when we received it.

    Event Grid never repeats what is refused, so one bad event must not take the good
    ones with it. Raises NotAnAlert when there is no good one.
    """
    batch = found if isinstance(found, list) else [found]
    if not batch:
        raise NotAnAlert("the delivery holds no event")
    if len(batch) > _MOST:
        raise NotAnAlert(f"the delivery holds more than {_MOST} events")
    good: list[Document] = []
    wrong: list[str] = []
    for position, document in enumerate(batch):
        if not isinstance(document, dict):
            wrong.append(f"event {position} is not an object")
            continue
        timed = document
        if "specversion" in document and document.get("time") is None:
            timed = {**document, "time": received.isoformat()}
        try:
            envelope(timed)
        except NotAnAlert as error:
            wrong.append(f"event {position}: {error}")
        else:
            good.append(timed)
    if not good:
        raise NotAnAlert(wrong[0])
    return good, wrong


def envelope(document: Document) -> Envelope:
    """Return the envelope. Raises NotAnAlert when it is not one of the two schemas."""
    cloud = "specversion" in document
    kind, source, at = (
        ("type", "source", "time") if cloud else ("eventType", "topic", "eventTime")
    )
    for field in ("id", kind):
        value = document.get(field)
        if not isinstance(value, str) or not line(value):
            raise NotAnAlert(f"{field} is not a text")
    return Envelope(
        id=line(document["id"]),
        kind=line(document[kind]),
        source=arm_id(document.get(source)) or "",
        subject=line(document.get("subject")),
        at=required_moment(document, at),
        data=document.get("data"),
    )


def is_kind(document: Document, *kinds: str) -> bool:
    """Return whether the event is one of Azure ML's `kinds`: "ModelDeployed" …"""
    found = document.get("type" if "specversion" in document else "eventType")
    known = {(ML + kind).lower() for kind in kinds}
    return isinstance(found, str) and found.lower() in known


def content(event: Envelope) -> Document:
    """Return the event's data. Raises Unhandled when it is no object."""
    if not isinstance(event.data, dict):
        raise Unhandled(f"an event of type {event.kind!r} without an object as data")
    return event.data


def fingerprint(event: Envelope, *parts: str) -> str:
    """Return a name of the condition: the workspace, then what it is about."""
    return "|".join(("azureml", event.source, *parts)).lower()
