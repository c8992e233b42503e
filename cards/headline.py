"""The title of an incident's card: confirmed in our words, otherwise as a claim."""

from bot.incident import Alert
from bot.triage.inhibition import (
    COLLECTION,
    DELIVERY,
    EVENTS,
    MONITOR,
    TRAFFIC,
    silent,
)
from cards import findings, served
from cards.view import View
from cards.words import identifier

_TITLES = {  # with the endpoint's name
    "data-drift": "Input data has drifted on {}",
    "prediction-drift": "Predictions have drifted on {}",
    "data-quality": "Data quality has dropped on {}",
    "attribution-drift": "Features count differently on {}",
    "performance": "The model performs worse on {}",
    "latency": "{} answers slowly",
    "errors": "{} answers with errors",
    "availability": "{} is not always available",
    "traffic": "Unusual traffic on {}",
    "cost": "{} costs more than expected",
    "resource": "{} is short of capacity",
    "silence": "No word from the monitor of {}",
    "platform": "Azure reports a problem around {}",
    "change": "Something was changed on {}",
}
_SILENT = {
    MONITOR: "The monitor of {} does not run as planned",
    TRAFFIC: "No requests reach {}",
    COLLECTION: "Collected data of {} gets lost",
    DELIVERY: "Azure's alerts about {} do not reach us",
    EVENTS: "Azure ML's events about {} do not reach us",
}
_DRIFT = {
    "data-drift": "data drift",
    "prediction-drift": "prediction drift",
    "data-quality": "bad data",
    "attribution-drift": "attribution drift",
}


def headline(view: View) -> str:
    """Return the card's title: confirmed in our words, otherwise as Azure's claim."""
    name = identifier(view.endpoint.name)
    alert = findings.lead(view.incident)
    if alert is None:
        return f"A rollback was asked for on {name}"
    ours = findings.answer(view.incident)
    if alert.kind not in findings.DRIFT or (
        ours and not findings.of_rows(view.incident)
    ):
        doubt = served.doubt(alert.kind, name, ours) if ours else ""
        return doubt or _title(alert).format(name)
    what = _DRIFT[alert.kind]
    if ours is None:
        return f"Azure reports {what} on {name}"
    judged = findings.rows_verdict(alert.kind, ours, view.endpoint.predictions)
    if judged == "breached":
        return _TITLES[alert.kind].format(name)
    doubts = {
        "not breached": "we find none",
        "not enough data": "too little data to tell",
        "cannot compute": "we could not check it",
    }
    return f"Azure reports {what} on {name}; {doubts[judged]}"


def _title(alert: Alert) -> str:
    """Return the title of a kind; of a silence, by what is silent."""
    if alert.kind != "silence":
        return _TITLES[alert.kind]
    return _SILENT.get(silent(alert), _TITLES["silence"])
