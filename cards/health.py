"""How an endpoint has served in the last while: requests, errors, latency over time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from microsoft_teams.cards import CardElement, OpenUrlAction

from bot.incident import Health
from bot.signals import Report
from bot.watch import Endpoint
from cards import charts, figures, measures, served
from cards.elements import (
    Head,
    Style,
    Words,
    band,
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
from cards.view import Links, Rendered
from cards.words import identifier, person

_POINTS = 30  # of the line
_SHOWN = 8  # deployments

_STATES: dict[str, tuple[str, Style]] = {
    "breached": ("over its limit", "attention"),
    "not breached": ("within its limits", "good"),
    "not enough data": ("not known", "warning"),
    "cannot compute": ("not known", "warning"),
}
Points = Sequence[tuple[datetime, float]]


def render(
    endpoint: Endpoint,
    links: Links,
    now: datetime,
    *,
    health: Sequence[Health],
    report: Report | None = None,
    cost: Report | None = None,
    latency: Points = (),
    gaps: Mapping[str, str] | None = None,
) -> Rendered:
    """Return the verdicts and the figures behind them.

    Args:
        health: one window a part of the endpoint.
        report: the engine's, of the whole endpoint; None: it was not asked.
        cost: the engine's, of the last day.
        latency: P95 in ms over time.
    """
    name = identifier(endpoint.name)
    whole = next((h for h in health if not h.deployment), None)
    state, style = _STATES[report.verdict] if report else _state(whole, endpoint)
    words = f"How {name} has served" if whole else f"How {name} serves is not known"
    figures_of = served.measured(report, "Against its limits", 8) if report else []
    line = _line(latency, endpoint.latency_p95_ms)
    shown = (
        served.tiles(None, report)
        if report
        else measures.health_tiles(whole, endpoint.latency_p95_ms)
    )
    return card(
        [
            band("Health", style, state, figures.day(now)),
            title(words),
            *([paragraph(runs(said(report.sentence, 300)))] if report else []),
            *tiles(shown),
            *figures_of,
            *line,
            *_parts([h for h in health if h.deployment]),
            *missing(list((gaps or {}).items())[:4]),
            *facts(_rows(endpoint, whole, report, cost)),
        ],
        [OpenUrlAction(title="Open in Azure ML", url=links.endpoint(endpoint))],
        summary=f"Health: {words}, {state}",
        spare=[*line, *figures_of],
    )


def _rows(
    endpoint: Endpoint,
    whole: Health | None,
    report: Report | None,
    cost: Report | None,
) -> list[tuple[Words, Words]]:
    rows: list[tuple[Words, Words]] = [("Owner", person(endpoint.owner))]
    if whole:
        span = figures.duration(whole.end - whole.start)
        times = figures.window((whole.start, whole.end))
        rows.append(("Window", f"{times} ({span})"))
    if cost:
        rows.append(("Cost", runs(said(cost.sentence, 200))))
    if endpoint.latency_p95_ms and not report:
        limit = figures.milliseconds(endpoint.latency_p95_ms)
        rows.append(("Limit", f"p95 at most {limit}"))
    if endpoint.availability and not report:
        rows.append(("Target", f"{figures.percent(endpoint.availability)} available"))
    return rows


def _state(whole: Health | None, endpoint: Endpoint) -> tuple[str, Style]:
    """Return the verdict against the limits of the watch list; none is no verdict."""
    if whole is None or (whole.latency_p95_ms is None and whole.error_rate is None):
        return "not known", "warning"
    limit, target = endpoint.latency_p95_ms, endpoint.availability
    slow = bool(limit and whole.latency_p95_ms and whole.latency_p95_ms > limit)
    down = bool(
        target and whole.availability is not None and whole.availability < target
    )
    if slow or down:
        return "over its limit", "attention"
    return (
        ("within its limits", "good")
        if limit or target
        else ("no limit set", "emphasis")
    )


def _line(points: Points, limit: float | None) -> list[CardElement]:
    known = points[-_POINTS:]
    if len(known) < 3:  # noqa: PLR2004 two points are no course
        return []
    return [
        heading("Latency, p95 in ms"),
        charts.trend("p95, ms", known, limit),
    ]


def _parts(parts: Sequence[Health]) -> list[CardElement]:
    rows: list[tuple[Words, Words, Words, Words]] = [
        (
            identifier(h.deployment),
            figures.short(h.requests),
            figures.percent(h.error_rate) if h.error_rate is not None else "\u2013",
            figures.milliseconds(h.latency_p95_ms) if h.latency_p95_ms else "\u2013",
        )
        for h in parts[:_SHOWN]
    ]
    if not rows:
        return []
    heads = (
        Head("Name", 4),
        Head("Requests", "76px", right=True),
        Head("Errors", "60px", right=True),
        Head("p95", "64px", right=True),
    )
    more = len(parts) - len(rows)
    note = [paragraph(f"{more} more.", subtle=True, small=True)] if more > 0 else []
    return [heading("Deployments"), table(heads, rows), *note]
