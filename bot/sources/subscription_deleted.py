"""Event Grid's last word: our subscription is gone, so no event will come any more."""

from bot.incident import Alert
from bot.sources._event import envelope, fingerprint
from bot.sources._fields import Document, Route, line, mapping

ROUTE: Route = "events"
NAME = "subscription_deleted"
_LONGEST = 2000  # characters of an ARM id
_KIND = "Microsoft.EventGrid.SubscriptionDeletedEvent"


def recognises(document: Document) -> bool:
    found = document.get("type" if "specversion" in document else "eventType")
    return isinstance(found, str) and found.lower() == _KIND.lower()


def parse(document: Document) -> tuple[Alert, ...]:
    event = envelope(document)
    # By its whole id: two topics of one workspace may each have one of the same name
    full = line(mapping(event.data).get("eventSubscriptionId"), _LONGEST).rstrip("/")
    which = line(full.rsplit("/", 1)[-1])
    return (
        Alert(
            source=NAME,
            kind="silence",
            fingerprint=fingerprint(event, "subscription", full or event.id),
            status="firing",
            severity=1,
            rule=which,
            title=line(f"The Event Grid subscription {which} was deleted"),
            starts_at=event.at,
            resources=(event.source,) if event.source else (),
        ),
    )
