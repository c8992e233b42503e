"""Azure ML's first drift monitors (`DatasetDriftDetected`): one coefficient, 0 to 1."""

from bot.incident import Alert, Reading
from bot.sources._event import content, envelope, fingerprint, is_kind
from bot.sources._fields import Document, Route, line, number, window

ROUTE: Route = "events"


def recognises(document: Document) -> bool:
    return is_kind(document, "DatasetDriftDetected")


def parse(document: Document) -> tuple[Alert, ...]:
    event = envelope(document)
    data = content(event)
    monitor = line(data.get("DataDriftName")) or line(data.get("DataDriftId"))
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
            window=window(data.get("StartTime"), data.get("EndTime")),
            readings=(
                Reading(
                    metric="DriftCoefficient",
                    value=number(data.get("DriftCoefficient")),
                    threshold=None,
                    breached_when="above",
                ),
            ),
            labels={"run": run} if (run := line(data.get("RunId"))) else {},
        ),
    )
