"""An incident as tables: what Azure reported, what we computed, what people did."""

from collections.abc import Iterator

from bot.evidence.sheets import Cell, table
from bot.evidence.words import told
from bot.incident import AlertReceived, SignalsEvaluated
from cards.view import View

_ALERTS = (
    "incident", "time_utc", "rule", "status", "severity", "metric", "feature", "value",
    "limit", "breached_when",
)  # fmt: skip
_SIGNALS = (
    "incident", "evaluated_utc", "feature", "metric", "value", "low_95", "high_95",
    "limit", "verdict", "reason", "reference_rows", "production_rows",
    "signal", "unit",
)  # fmt: skip
_HISTORY = ("incident", "record", "time_utc", "event", "what", "who", "account")


def tables(view: View) -> dict[str, bytes]:
    """Return the CSV files by name."""
    return {
        "alerts.csv": table(_ALERTS, _alerts(view)),
        "signals.csv": table(_SIGNALS, _signals(view)),
        "history.csv": table(_HISTORY, _history(view)),
    }


def _alerts(view: View) -> Iterator[tuple[Cell, ...]]:
    for event in view.incident.every(AlertReceived):
        alert = event.alert
        first = (
            view.incident.id,
            alert.starts_at.isoformat(),
            alert.title,
            alert.status,
            alert.severity,
        )
        if not alert.readings:
            yield (*first, "", "", None, None, "")
        for r in alert.readings:
            yield (*first, r.metric, r.feature, r.value, r.threshold, r.breached_when)


def _signals(view: View) -> Iterator[tuple[Cell, ...]]:
    for event in view.incident.every(SignalsEvaluated):
        for signal, r in ((f.signal, r) for f in event.reports for r in f.results):
            low, high = r.interval or (None, None)
            yield (
                view.incident.id,
                event.at.isoformat(),
                r.feature,
                r.metric,
                r.value,
                low,
                high,
                r.threshold,
                r.verdict,
                r.reason,
                r.reference_count,
                r.production_count,
                signal,
                r.unit,
            )


def _history(view: View) -> Iterator[tuple[Cell, ...]]:
    for seq, event in enumerate(view.incident.history, 1):
        who = view.name(event.by) if event.by else "Watchkeeper"
        account = event.by.id if event.by else ""
        kind = type(event).__name__
        at = event.at.isoformat()
        yield view.incident.id, seq, at, kind, told(view, event), who, account
