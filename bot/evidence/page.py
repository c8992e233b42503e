"""The evidence page: one self-contained HTML file, readable on paper and without colour."""

from collections.abc import Iterator, Mapping
from html import escape
from types import MappingProxyType

from bot.evidence.packet import packet
from bot.evidence.style import STYLE
from bot.evidence.words import told
from bot.incident import (
    AlertReceived,
    Health,
    Incident,
    RollbackRequested,
    SignalsEvaluated,
    Traffic,
    TrafficShifted,
)
from bot.signals import FeatureResult, Report, Shape
from cards.view import View


def page(view: View, objects: Mapping[str, bytes] = MappingProxyType({})) -> str:
    """Return the page of the incident as it stands, without a single outside request."""
    incident = view.incident
    found = incident.last(SignalsEvaluated)
    parts = [
        f"<h1>{escape(incident.id)}: {escape(view.endpoint.name)}</h1>",
        (
            f"<p class=soft>{escape(incident.status)}, severity {incident.severity}, "
            f"workspace {escape(view.endpoint.workspace)}, owner "
            f"{escape(view.endpoint.owner)}, opened {incident.opened_at:%Y-%m-%d %H:%M} UTC</p>"
        ),
        *_alerts(incident),
        *(_report(found.report) if found and found.report else []),
        *(_health(found.health) if found else []),
        *(_missing(found) if found else []),
        *_rollbacks(incident),
        *_history(view),
        (
            "<footer>Digest of this packet: "
            f"{escape(packet(incident)['digest'])}. The packet itself: this address with "
            "<code>Accept: application/json</code>.</footer>"
        ),
    ]
    body = "\n".join(parts)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        f"<title>{escape(incident.id)} evidence</title><style>{STYLE}</style>"
        f"<body>{body}</body></html>"
    )


def _alerts(incident: Incident) -> Iterator[str]:
    yield "<h2>What Azure reported</h2><table><tr><th>Time (UTC)<th>Rule<th>State"
    yield "<th>Figure<th class=n>Value<th class=n>Limit</tr>"
    for event in incident.every(AlertReceived):
        alert = event.alert
        first = f"<tr><td>{alert.starts_at:%Y-%m-%d %H:%M}<td>{escape(alert.title)}"
        for reading in alert.readings or (None,):
            figure, value, limit = "", "", ""
            if reading:
                figure = f"{reading.metric} {reading.feature}"
                value, limit = _number(reading.value), _number(reading.threshold)
            yield f"{first}<td>{alert.status}<td>{escape(figure)}"
            yield f"<td class=n>{value}<td class=n>{limit}</tr>"
    yield "</table>"


def _report(report: Report) -> Iterator[str]:
    yield "<h2>What we computed</h2>"
    yield f"<p>{escape(report.sentence)}</p><dl>"
    yield _side("Reference", report.reference_name, report.reference_rows)
    yield _side("Production", report.production_name, report.production_rows)
    yield "</dl><table><tr><th>Feature<th>Metric<th class=n>Value<th>"
    yield "<th class=n>Limit<th>Verdict</tr>"
    most = max((r.value or 0 for r in report.results), default=0) or 1
    for result in report.results:
        yield _row(result, most)
    yield "</table>"
    for result in report.results[:3]:
        if result.shape:
            yield f"<h2>Distribution of {escape(result.feature)}</h2>"
            yield from _shape(result.shape)
    if report.dropped:
        yield f"<p class=soft>Not compared: {escape('; '.join(report.dropped))}</p>"


def _side(name: str, what: str, rows: int) -> str:
    return f"<dt>{name}<dd>{escape(what) or 'not named'}, {rows:,} rows"


def _row(result: FeatureResult, most: float) -> str:
    share = min(max((result.value or 0) / most, 0), 1)
    style = "bar over" if result.verdict == "breached" else "bar"
    interval = ""
    if result.interval:
        interval = f" ({_number(result.interval[0])} to {_number(result.interval[1])})"
    reason = f": {result.reason}" if result.reason else ""
    return (
        f"<tr><td>{escape(result.feature)}<td>{escape(result.metric)}"
        f"<td class=n>{_number(result.value)}{interval}"
        f'<td><span class="{style}" style="width:{share * 8:.2f}rem"></span>'
        f"<td class=n>{_number(result.threshold)}"
        f"<td>{escape(result.verdict + reason)}</tr>"
    )


def _shape(shape: Shape) -> Iterator[str]:
    yield "<div class=shape>"
    most = max((*shape.reference, *shape.production), default=0) or 1
    for label, before, now in zip(
        shape.bins, shape.reference, shape.production, strict=True
    ):
        yield f"<span>{escape(label)}</span><div>"
        for name, share, style in (("ref", before, "bar"), ("now", now, "bar over")):
            yield (
                f'<span><span class="{style}" style="width:{share / most * 18:.2f}rem">'
                f"</span> {name} {share:.1%}</span>"
            )
        yield "</div>"
    yield "</div>"


def _health(health: tuple[Health, ...]) -> Iterator[str]:
    if not health:
        return
    yield "<h2>How it served</h2><table><tr><th>Deployment<th class=n>Requests"
    yield "<th class=n>Errors<th class=n>P95 latency<th>Window (UTC)</tr>"
    for one in health:
        errors = "not known" if one.error_rate is None else f"{one.error_rate:.2%}"
        latency = _number(one.latency_p95_ms, " ms")
        yield f"<tr><td>{escape(one.deployment or 'endpoint')}"
        yield f"<td class=n>{_number(one.requests)}<td class=n>{errors}"
        yield f"<td class=n>{latency}<td>{one.start:%H:%M} to {one.end:%H:%M}</tr>"
    yield "</table>"


def _missing(found: SignalsEvaluated) -> Iterator[str]:
    for part, why in found.missing.items():
        yield f"<p class=missing><b>Missing:</b> {escape(part)}: {escape(why)}</p>"


def _rollbacks(incident: Incident) -> Iterator[str]:
    for asked in incident.every(RollbackRequested):
        yield f"<h2>Rollback {escape(asked.request)}</h2><dl>"
        yield f"<dt>Reason<dd>{escape(asked.reason)}"
        yield f"<dt>Captured<dd>{_traffic(asked.captured.traffic)}, "
        yield f"{asked.captured.at:%Y-%m-%d %H:%M:%S} UTC, {escape(asked.captured.digest)}"
        yield f"<dt>Proposed<dd>{_traffic(asked.traffic)}"
        for ended in incident.every(TrafficShifted):
            if ended.request == asked.request:
                yield f"<dt>Read back<dd>{_traffic(ended.after)}, {ended.at:%H:%M:%S} UTC"
        yield "</dl>"


def _history(view: View) -> Iterator[str]:
    yield "<h2>History</h2><table><tr><th class=n>No.<th>Time (UTC)<th>What<th>Who</tr>"
    for seq, event in enumerate(view.incident.history, 1):
        who = view.name(event.by) if event.by else "Watchkeeper"
        yield f"<tr><td class=n>{seq}<td>{event.at:%Y-%m-%d %H:%M:%S}"
        yield f"<td>{escape(told(view, event))}<td>{escape(who)}</tr>"
    yield "</table>"


def _traffic(traffic: Traffic) -> str:
    return escape(", ".join(f"{name} {share}%" for name, share in traffic.items()))


def _number(value: float | None, unit: str = "") -> str:
    return "not known" if value is None else f"{value:,.4g}{unit}"
