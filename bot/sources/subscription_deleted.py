"""Event Grid's last word: our subscription is gone, so no event will come any more."""

from bot.incident import Alert
from bot.sources._event import envelope, fingerprint
from bot.sources._fields import Document, Route, line, mapping

ROUTE: Route = "events"
NAME = "subscription_deleted"
_KIND = "Microsoft.EventGrid.SubscriptionDeletedEvent"


def recognises(document: Document) -> bool:
    found = document.get("type" if "specversion" in document else "eventType")
    return isinstance(found, str) and found.lower() == _KIND.lower()


def parse(document: Document) -> tuple[Alert, ...]:
    event = envelope(document)
    which = line(mapping(event.data).get("eventSubscriptionId")).rsplit("/", 1)[-1]
    return (
        Alert(
            source=NAME,
            kind="silence",
            fingerprint=fingerprint(event, "subscription", which or event.id),
            status="firing",
            severity=1,
            rule=which,
            title=line(f"The Event Grid subscription {which} was deleted"),
            starts_at=event.at,
            resources=(event.source,) if event.source else (),
        ),
    )
