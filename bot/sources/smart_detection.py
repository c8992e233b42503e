"""Smart detection of Application Insights: an anomaly that nobody wrote a rule for."""

from bot.incident import Alert
from bot.sources._common_alert import alert, context, essentials, service
from bot.sources._fields import Document, Route, line
from bot.sources._metrics import worded

ROUTE: Route = "alerts"


def recognises(document: Document) -> bool:
    return service(document) in {"smartdetector", "smartdetection"}


def parse(document: Document) -> tuple[Alert, ...]:
    found = context(document)
    summary = line(found.get("DetectionSummary"))
    words = f"{line(found.get('SmartDetectorName'))} {summary}"
    return (
        alert(
            document,
            source="smart_detection",
            kind=worded(words) or "platform",
            title=summary or essentials(document).rule,
            dimensions={
                label: value
                for key, label in (
                    ("SmartDetectorName", "detector"),
                    ("DetectedValue", "detected"),
                    ("NormalValue", "normal"),
                )
                if (value := line(found.get(key)))
            },
        ),
    )
