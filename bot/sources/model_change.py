"""Azure ML events that tell of a change and no fault: a model, a service, a run."""

from collections.abc import Mapping

from bot.incident import Alert
from bot.sources._event import ML, Envelope, content, envelope, fingerprint, is_kind
from bot.sources._fields import Document, Route, labels, line, member, name

ROUTE: Route = "events"
GENERAL = True  # a run that breached a threshold is `monitor_breach`


def recognises(document: Document) -> bool:
    return is_kind(
        document, "ModelRegistered", "ModelDeployed", "RunCompleted", "RunStatusChanged"
    )


def parse(document: Document) -> tuple[Alert, ...]:
    event = envelope(document)
    data = content(event)
    match event.kind.lower().removeprefix(ML.lower()):
        case "modelregistered":
            model = f"{line(data.get('ModelName'))}:{line(data.get('ModelVersion'))}"
            return (_change(event, f"Model {model} was registered", "model", model),)
        case "modeldeployed":
            return (_deployed(event, data),)
    return (_run(event, data),)


def _deployed(event: Envelope, data: Document) -> Alert:
    where = line(data.get("ServiceName"))
    models = line(data.get("ModelIds"))
    return _change(
        event,
        f"{models or 'A model'} was deployed to {where or 'a service'}",
        "deployed",
        event.id,
        endpoint=name(where),
        notes={"models": models} if models else {},
    )


def _run(event: Envelope, data: Document) -> Alert:
    """Return the run's newest state; its later states join it."""
    run = line(member(data, "runId")) or event.subject
    ended = event.kind.lower().endswith("runcompleted")
    state = "completed" if ended else line(member(data, "runStatus")).lower()
    return _change(
        event,
        f"Run {run} is {state or 'in another state'}",
        "run",
        run,
        monitor=line(member(data, "experimentName")),
        notes=labels({"state": state}),
    )


def _change(
    event: Envelope,
    title: str,
    *about: str,
    endpoint: str = "",
    monitor: str = "",
    notes: Mapping[str, str] | None = None,
) -> Alert:
    return Alert(
        source="model_change",
        kind="change",
        fingerprint=fingerprint(event, *about),
        status="firing",
        severity=4,
        title=line(title),
        starts_at=event.at,
        resources=(event.source,) if event.source else (),
        endpoint=endpoint,
        monitor=monitor,
        labels=notes or {},
    )
