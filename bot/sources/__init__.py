"""Alert sources: one file each, bytes -> Alerts. The package lists its own files.

A source is a module that does not start with "_" and has ROUTE, `recognises(document)`
and `parse(document)`; a document is one alert, or one event of a delivery. At most one
source recognises a document, except GENERAL ones, which are asked last.
"""

import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Protocol, cast

from bot.incident import Alert
from bot.sources import _common_alert, _event
from bot.sources._fields import Document, NotAnAlert, Route, Unhandled, line
from bot.strict_json import NotJson
from bot.strict_json import parse as parse_json

__all__ = ["SOURCES", "NotAnAlert", "Route", "Unhandled", "check", "read"]


UNSAID = datetime(2020, 1, 1, tzinfo=UTC)  # where nobody tells when it was received


class Source(Protocol):
    """What a module of this package offers."""

    ROUTE: Route

    def recognises(self, document: Document) -> bool:
        """Return whether this is the source of the document. Never raises."""

    def parse(self, document: Document) -> tuple[Alert, ...]:
        """Return the alerts in it. Raises NotAnAlert or Unhandled."""


def _listed() -> Iterator[Source]:
    for found in pkgutil.iter_modules(__path__):
        if not found.name.startswith("_"):
            module = import_module(f"{__name__}.{found.name}")
            yield cast("Source", module)


SOURCES: tuple[Source, ...] = tuple(
    sorted(_listed(), key=lambda source: getattr(source, "GENERAL", False))
)


def read(route: Route, body: bytes, received: datetime = UNSAID) -> tuple[Alert, ...]:
    """Return the alerts that a delivery to /api/{route} holds.

    `received` is the time of what leaves its own out, as CloudEvents may.

    Raises NotAnAlert (no alert or event at all) or Unhandled (a kind unknown to us;
    it carries the alerts of the delivery that were understood).
    """
    alerts: list[Alert] = []
    documents, unknown = _documents(route, body, received)
    for document in documents:
        try:
            alerts += _source(route, document).parse(document)
        except Unhandled as miss:
            unknown.append(miss.reason)
            alerts += miss.alerts
    if unknown:
        raise Unhandled("; ".join(dict.fromkeys(unknown))[:1000], tuple(alerts))
    return tuple(alerts)


def check(route: Route, body: bytes) -> None:
    """Raise NotAnAlert when the bytes are no alert or event; an unknown kind is one.

    What passes is read later without NotAnAlert. The envelope alone is looked at
    where it decides, for the sender waits and a storm brings thousands.
    """
    documents, _ = _documents(route, body, UNSAID)
    for document in documents:
        if route == "events":
            continue  # their envelopes were checked as they were taken apart
        if _common_alert.is_common(document):
            _common_alert.admit(document)
            continue
        try:
            _source(route, document).parse(document)
        except Unhandled:
            continue


def _documents(
    route: Route, body: bytes, received: datetime
) -> tuple[list[Document], list[str]]:
    """Return what a delivery holds, and what is wrong with the rest of it."""
    try:
        found = parse_json(body)
    except NotJson as error:
        raise NotAnAlert(f"not JSON: {error}") from None
    if route == "events":
        return _event.documents(found, received)
    if not isinstance(found, dict):
        raise NotAnAlert("an alert is a JSON object")
    return [found], []


def _source(route: Route, document: Document) -> Source:
    for source in SOURCES:
        if route == source.ROUTE and source.recognises(document):
            return source
    if route == "events":
        kind = _event.envelope(document).kind
        raise Unhandled(f"events of type {kind!r} are not known")
    schema = document.get("schemaId")
    if isinstance(schema, str) and schema and isinstance(document.get("data"), dict):
        raise Unhandled(f"alerts of schema {line(schema)!r} are not known")
    raise NotAnAlert("no alert schema that we know")
