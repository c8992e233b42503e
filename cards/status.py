"""How an endpoint stands now: traffic, health, what is open, who is responsible."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from microsoft_teams.cards import CardElement, OpenUrlAction

from bot.incident import EndpointState, Health
from bot.levels import OfModel
from bot.signals import Report
from bot.triage.inhibition import uncollected
from bot.watch import Endpoint
from cards import alerts, figures, findings, measures, served, service
from cards.elements import (
    Head,
    Style,
    Words,
    band,
    box,
    facts,
    heading,
    missing,
    paragraph,
    runs,
    said,
    table,
    tiles,
    title,
)
from cards.frame import card
from cards.view import Links, Rendered, View
from cards.words import identifier, person

_SHOWN = 8  # deployments
_DAYS = 30  # of service levels


def render(
    endpoint: Endpoint,
    links: Links,
    now: datetime,
    *,
    state: EndpointState | None,
    health: Sequence[Health] = (),
    report: Report | None = None,
    open_alerts: Sequence[View] = (),
    gaps: Mapping[str, str] | None = None,
    levels: Sequence[OfModel] = (),
    unmanned: str = "",
) -> Rendered:
    """Return the status; `health` has one window a part, `gaps` says what is missing.

    `report` is the engine's on how the whole endpoint served; `unmanned` says since when
    nobody is there to move anything.
    """
    name, number = identifier(endpoint.name), len(open_alerts)
    words = f"{figures.count(number, 'open alert') if number else 'No open alert'} on {name}"
    where = f"Workspace {identifier(endpoint.workspace)}"
    doubt = uncollected(view.incident for view in open_alerts)
    return card(
        [
            band(
                "Status",
                _style(number, state, report),
                f"Tier {endpoint.tier}",
                figures.day(now),
            ),
            title(words),
            paragraph(where, subtle=True, spacing="None"),
            *([box("warning", f"**Drift is not known:** {doubt}.")] if doubt else []),
            *_unmanned(unmanned),
            *_serving(endpoint, health, report),
            *_deployments(state, health),
            *([heading("Open"), alerts.listing(open_alerts, now)] if number else []),
            *service.listing(levels, _DAYS),
            *missing(list((gaps or {}).items())[:4]),
            *facts(_rows(endpoint, state, now)),
        ],
        [OpenUrlAction(title="Open in Azure ML", url=links.endpoint(endpoint))],
        summary=words,
    )


def _unmanned(words: str) -> list[CardElement]:
    if not words:
        return []
    todo = 'whoever runs Watchkeeper has to start "watchkeeper execute"'
    return [box("warning", f"**Nothing can be moved:** {words}; {todo}.")]


def _style(number: int, state: EndpointState | None, report: Report | None) -> Style:
    """Return the colour: good only where everything was looked at and nothing is wrong."""
    held = [r for r in report.results if r.threshold is not None] if report else []
    if number or (report and report.verdict == "breached"):
        return "attention"
    if any(r.verdict != "not breached" for r in held):
        return "warning"
    return "good" if state else "emphasis"


def _serving(
    endpoint: Endpoint, health: Sequence[Health], report: Report | None
) -> list[CardElement]:
    """Return how the whole endpoint served, in which window, and of how many requests."""
    whole = next((h for h in health if not h.deployment), None)
    if report is None:
        return tiles(measures.health_tiles(whole, endpoint.latency_p95_ms))
    size = figures.count(report.production_rows, "request")
    note = f"{size}, {figures.window(report.production_window)}."
    return [
        paragraph(runs("How it serves: ", said(report.sentence, 300))),
        *tiles(served.tiles(None, report)),
        paragraph(note, subtle=True, small=True, spacing="Small"),
    ]


def _rows(
    endpoint: Endpoint, state: EndpointState | None, now: datetime
) -> list[tuple[Words, Words]]:
    looked = figures.when(state.at if state else now)
    rows: list[tuple[Words, Words]] = [
        ("Owner", person(endpoint.owner)),
        ("Looked", looked),
    ]
    if endpoint.monitor:
        rows.append(("Monitor", runs(said(endpoint.monitor, 60))))
    return rows


def _deployments(
    state: EndpointState | None, health: Sequence[Health]
) -> list[CardElement]:
    if state is None:
        return []
    served = {h.deployment: h for h in health}
    names = sorted(
        {d.name for d in state.deployments} | set(state.traffic),
        key=lambda d: (-state.traffic.get(d, 0), d),
    )
    rows: list[tuple[Words, Words, Words, Words]] = [
        (
            identifier(name),
            runs(said(findings.model(state, name) or figures.UNKNOWN, 40)),
            figures.percent(served[name].error_rate) if name in served else "\u2013",
            f"{state.traffic.get(name, 0)}%",
        )
        for name in names[:_SHOWN]
    ]
    heads = (
        Head("Name", 4),
        Head("Model", 5),
        Head("Errors", "52px", right=True),
        Head("Traffic", "52px", right=True),
    )
    more = len(names) - _SHOWN
    note = paragraph(f"{more} more.", subtle=True, small=True, spacing="Small")
    return [heading("Deployments"), table(heads, rows), *([note] if more > 0 else [])]
