"""What the cards of a rollback share: the tables of traffic and of health."""

from collections.abc import Mapping, Sequence

from microsoft_teams.cards import CardElement

from bot.incident import (
    Check,
    EndpointState,
    Health,
    RollbackRequested,
    ShiftFailed,
    Traffic,
    TrafficShifted,
)
from cards import figures, findings
from cards.elements import (
    Head,
    Rows,
    Words,
    facts,
    heading,
    paragraph,
    runs,
    said,
    table,
)
from cards.view import View
from cards.words import identifier, model_name

_RESULTS = {"passed": "Passed", "failed": "Failed", "not known": "Not known"}
_SHOWN = 8  # deployments in a table


def traffic(
    state: EndpointState,
    before: Traffic,
    after: Traffic,
    names: tuple[str, str] = ("Now", "After"),
) -> list[CardElement]:
    """Return the split before and after, by deployment."""
    deployments = sorted({*before, *after}, key=lambda d: (-after.get(d, 0), d))
    shown = deployments[:_SHOWN]
    rows: list[Sequence[Words]] = [
        (
            identifier(d),
            runs(said(findings.model(state, d) or figures.UNKNOWN, 40)),
            f"{before.get(d, 0)}%",
            f"{after.get(d, 0)}%",
        )
        for d in shown
    ]
    if len(deployments) > _SHOWN:
        rest = deployments[_SHOWN:]
        sums = [f"{sum(t.get(d, 0) for d in rest)}%" for t in (before, after)]
        rows.append((f"{len(rest)} more", "", *sums))
    heads = (
        Head("Name", 4),
        Head("Model", 5),
        Head(names[0], "52px", right=True),
        Head(names[1], "52px", right=True),
    )
    return [heading("Traffic by deployment"), table(heads, rows)]


def health(
    before: Sequence[Health], now: Sequence[Health], names: tuple[str, str]
) -> list[CardElement]:
    """Return how the endpoint served in two windows; nothing when neither is known."""
    first, last = _whole(before), _whole(now)
    if first is None or last is None:
        return []
    rows: list[Sequence[Words]] = []
    for name, old, new in (
        ("Request errors", first.error_rate, last.error_rate),
        ("Availability", first.availability, last.availability),
    ):
        if old is not None or new is not None:
            rows.append((name, figures.percent(old), figures.percent(new)))
    if first.latency_p95_ms is not None or last.latency_p95_ms is not None:
        pair = first.latency_p95_ms, last.latency_p95_ms
        rows.append(("Latency, p95", *map(figures.milliseconds, pair)))
    if first.requests is not None or last.requests is not None:
        rows.append(("Requests per min", _rate(first), _rate(last)))
    if not rows:
        return []
    heads = (
        Head("Measure", 5),
        Head(names[0], 3, right=True),
        Head(names[1], 3, right=True),
    )
    span = figures.duration(last.end - last.start)
    return [heading(f"Service in {span}"), table(heads, rows)]


def _whole(windows: Sequence[Health]) -> Health | None:
    """Return the newest window of the whole endpoint, else of its first part."""
    part = min((h.deployment for h in windows), default="")
    mine = [h for h in windows if h.deployment == part]
    return max(mine, key=lambda h: h.end, default=None)


def _rate(window: Health) -> str:
    minutes = (window.end - window.start).total_seconds() / 60
    if window.requests is None or minutes <= 0:
        return figures.UNKNOWN
    return figures.short(window.requests / minutes)


def destination(request: RollbackRequested) -> str:
    """Return where the traffic goes, in our words: "green (loan-risk:13)"."""
    model = findings.model(request.captured, request.target)
    shown = f" ({model_name(model)})" if model else ""
    return identifier(request.target) + shown


def subtitle(view: View, request: RollbackRequested) -> CardElement:
    """Return where the traffic was, with its model, and the workspace."""
    source = findings.serving(request.captured.traffic)
    model = findings.model(request.captured, source)
    was = f"From {identifier(source)} ({model_name(model)}) \u00b7 " if source else ""
    workspace = f"workspace {identifier(view.endpoint.workspace)}"
    return paragraph(was + workspace, subtle=True, spacing="None")


def middle(view: View) -> str:
    """Return the middle of the band: "Sev 2 \u00b7 R-7"."""
    request = view.incident.request
    ref = identifier(request.request) if request else "Rollback"
    return f"Sev {view.incident.severity} \u00b7 {ref}"


def ending(
    request: RollbackRequested | None, outcome: TrafficShifted | ShiftFailed
) -> str:
    """Return the state's word: done, not done, or nobody knows whether it was."""
    undo = request is not None and bool(request.undoes)
    if isinstance(outcome, TrafficShifted):
        return "Undone" if undo else "Rolled back"
    moved = request is not None and same(outcome.live or {}, request.traffic)
    if outcome.live is None or not outcome.settled or moved:
        return "Not confirmed"
    return "Not undone" if undo else "Not rolled back"


def undoing(request: RollbackRequested) -> str:
    """Return "Undo R-7: " in front of what is done, "" when it is no undo."""
    return f"Undo {identifier(request.undoes)}: " if request.undoes else ""


def same(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    """Return whether two splits are equal; a deployment that is missing has 0 %."""
    return {d: p for d, p in one.items() if p} == {d: p for d, p in other.items() if p}


def checks(request: RollbackRequested) -> list[CardElement]:
    """Return what was checked before the move."""
    return checked(request.checks, "Checks before the move")


def checked(found: Sequence[Check], name: str) -> list[CardElement]:
    """Return checks under their heading, nothing when there are none."""
    rows: Rows = [(_RESULTS[c.result], runs(said(c.text, 160))) for c in found[:8]]
    return (
        [heading(name), *facts(rows, spacing="Small", label_width="80px")]
        if rows
        else []
    )
