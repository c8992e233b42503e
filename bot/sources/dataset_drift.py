"""Azure ML's first drift monitors (`DatasetDriftDetected`): one coefficient, 0 to 1."""

from bot.incident import Alert, Reading
from bot.sources._event import content, envelope, fingerprint, is_kind
from bot.sources._fields import Document, Route, line, member, number, window

ROUTE: Route = "events"


def recognises(document: Document) -> bool:
    return is_kind(document, "DatasetDriftDetected")


def parse(document: Document) -> tuple[Alert, ...]:
    event = envelope(document)
    data = content(event)
    monitor = line(member(data, "DataDriftName")) or line(member(data, "DataDriftId"))
    return (
        Alert(
            source="dataset_drift",
            kind="data-drift",
            fingerprint=fingerprint(event, "datadrift", monitor or event.subject),
            status="firing",
            severity=2,
            title=f"{monitor or 'A monitor'}: the data set drifted",
            starts_at=event.at,
            rule=monitor,
            monitor=monitor,
            resources=(event.source,) if event.source else (),
            window=window(member(data, "StartTime"), member(data, "EndTime")),
            readings=(
                Reading(
                    metric="DriftCoefficient",
                    value=number(member(data, "DriftCoefficient")),
                    threshold=None,
                    breached_when="above",
                ),
            ),
            labels={"run": run} if (run := line(member(data, "RunId"))) else {},
        ),
    )
