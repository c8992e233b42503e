"""The evidence page: one self-contained HTML file, readable on paper and without colour."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from html import escape
from types import MappingProxyType
from typing import Literal, TypeAlias

from bot import levels
from bot.evidence import charts, policy
from bot.evidence.frozen import Frozen, missing, objects_table
from bot.evidence.packet import packet
from bot.evidence.served import others
from bot.evidence.style import STYLE
from bot.evidence.trainings import retrainings
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
from bot.signals import FeatureResult, Report
from cards.view import View

_LARGE = 1000
_DRAWN = 3  # distributions on the page; the packet has all
Rendering: TypeAlias = Literal["owner", "risk"]


def page(
    view: View,
    objects: Mapping[str, bytes] = MappingProxyType({}),
    *,
    rendering: Rendering = "risk",
) -> str:
    """Return the page of the incident as it stands, without a single outside request.

    `objects` by SHA-256, as far as they are at hand. The owner's rendering is for
    acting: no digests, accounts or queries, and of the history only what people did.
    """
    view = replace(view, incident=policy.shown(view.incident))
    incident = view.incident
    found = incident.last(SignalsEvaluated)
    frozen = Frozen(incident, objects)
    risk = rendering == "risk"
    parts = [
        *_head(view, frozen, risk=risk),
        *_levels(view, frozen),
        *_alerts(incident),
        *(_report(found.report) if found and found.report else []),
        *(others(found.also) if found else []),
        *(_health(found.health) if found else []),
        *_rollbacks(incident),
        *retrainings(incident),
        *frozen.sections(queries=risk),
        *missing(incident, frozen),
        *frozen.commands(),
        *(objects_table(frozen) if risk else []),
        *_history(view, risk=risk),
        *(_foot(incident) if risk else []),
    ]
    return document(f"{incident.id} evidence", parts)


# Every table begins with the row of its headings: paper repeats it on each sheet.
_FIRST = re.compile(r"(<table[^>]*>\s*)(<tr><th.*?</tr>)", re.DOTALL)
# A name without a blank would push the columns after it off the sheet.
_UNBROKEN = re.compile(r"<td>(?=[^<]*[^\s<]{33})")
# Marks that turn the letters after them round: what is read is not what is there.
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def document(title: str, parts: Iterable[str]) -> str:
    """Return one self-contained HTML file."""
    body = _FIRST.sub(r"\1<thead>\2</thead>", "\n".join(parts))
    body = _UNBROKEN.sub("<td class=long>", body)
    whole = (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f"<body>{charts.PATTERN}{body}</body></html>"
    )
    return _TURNS.sub(lambda mark: f"[U+{ord(mark[0]):04X}]", whole)


def _head(view: View, frozen: Frozen, *, risk: bool) -> Iterator[str]:
    incident = view.incident
    settings = frozen.endpoint
    owner = view.endpoint.owner or (settings.owner if settings else "")
    yield f"<h1>{escape(incident.id)}: {escape(view.endpoint.name)}</h1>"
    yield (
        f"<p class=soft>{escape(incident.status)}, severity {incident.severity}, "
        f"workspace {escape(view.endpoint.workspace)}, owner "
        f"{escape(owner) or 'not known'}, opened {incident.opened_at:%Y-%m-%d %H:%M} UTC"
        f"{'' if risk else ' · for the owner: the risk page has the whole record'}</p>"
    )


def _levels(view: View, frozen: Frozen) -> Iterator[str]:
    """Yield how long each step took; targets are those that were frozen."""
    incident = view.incident
    endpoint = frozen.endpoint or view.endpoint
    when = max((e.at for e in incident.history), default=view.now)
    yield "<h2>Service levels</h2><table><tr><th>Step<th class=n>Took<th class=n>Target"
    yield "<th>Result</tr>"
    for clock in levels.levels(incident, endpoint, when).clocks:
        took = "" if clock.took is None else levels.words(clock.took)
        if clock.open:
            took = f"not yet, after {took}"
        most = clock.at_most
        took += f" (at most {levels.words(most)})" if most else ""
        target = "none" if clock.target is None else levels.words(clock.target)
        yield f"<tr><td>{clock.step}<td class=n>{took or 'not measured'}"
        yield f"<td class=n>{target}<td>{clock.result}</tr>"
    yield "</table><p class=soft>Detect runs from when the shifted data was complete to the"
    yield " first card (at most: from when that window began), the others from the card.</p>"


def _foot(incident: Incident) -> Iterator[str]:
    yield (
        f"<footer>Digest of this packet: {escape(packet(incident)['digest'])}. The packet "
        "itself: this address with <code>Accept: application/json</code>; with "
        "<code>application/zip</code> the whole, with proofs.</footer>"
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
    yield f"<p>{escape(report.sentence)}</p>"
    for line in report.explained:
        yield f"<p>{escape(line)}.</p>"
    yield "<dl>"
    yield _side("Reference", report.reference_name, report.reference_rows)
    yield _side("Production", report.production_name, report.production_rows)
    yield "</dl>"
    if drawn := charts.drift(report.results):
        yield "<figure><figcaption>How far each feature moved; the dashed mark is its "
        yield f"limit</figcaption>{drawn}</figure>"
    yield "<table><tr><th>Feature<th>Metric<th class=n>Value"
    yield "<th class=n>Limit<th>Verdict</tr>"
    for result in report.results:
        yield _row(result)
    yield "</table>"
    for result in _shaped(report):
        if result.shape:
            yield f"<figure><figcaption>{escape(result.feature)}: reference and production"
            yield f"</figcaption>{charts.distribution(result.feature, result.shape)}"
            yield f"<p class=soft>{escape(result.where)}</p></figure>"
    if report.findings:
        yield f"<p class=soft>In the data: {escape('; '.join(report.findings))}</p>"
    if report.dropped:
        yield f"<p class=soft>Not compared: {escape('; '.join(report.dropped))}</p>"


def _shaped(report: Report) -> list[FeatureResult]:
    """Return the features that moved most, each once."""
    found: dict[str, FeatureResult] = {}
    for result in report.results:
        if result.shape:
            found.setdefault(result.feature, result)
    return list(found.values())[:_DRAWN]


def _side(name: str, what: str, rows: int) -> str:
    return f"<dt>{name}<dd>{escape(what) or 'not named'}, {rows:,} rows"


def _row(result: FeatureResult) -> str:
    interval = ""
    if result.interval:
        interval = f" ({_number(result.interval[0])} to {_number(result.interval[1])})"
    reason = f": {result.reason}" if result.reason else ""
    return (
        f"<tr><td>{escape(result.feature)}<td>{escape(result.metric)}"
        f"<td class=n>{_number(result.value)}{interval}"
        f"<td class=n>{_number(result.threshold)}"
        f"<td>{escape(result.verdict + reason)}</tr>"
    )


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


def _rollbacks(incident: Incident) -> Iterator[str]:
    for asked in incident.every(RollbackRequested):
        yield f"<h2>Rollback {escape(asked.request)}</h2><dl>"
        yield f"<dt>Reason<dd>{escape(asked.reason)}"
        yield f"<dt>Captured<dd>{_traffic(asked.captured.traffic)}, "
        yield f"{asked.captured.at:%Y-%m-%d %H:%M:%S} UTC, {escape(asked.captured.digest)}"
        if asked.kept:
            yield f"<dt>Without names<dd>objects/{escape(asked.kept)}"
        yield f"<dt>Proposed<dd>{_traffic(asked.traffic)}"
        rows = [("captured", asked.captured.traffic), ("proposed", asked.traffic)]
        for ended in incident.every(TrafficShifted):
            if ended.request == asked.request:
                yield f"<dt>Read back<dd>{_traffic(ended.after)}, {ended.at:%H:%M:%S} UTC"
                rows.append((f"read back {ended.at:%H:%M}", ended.after))
        yield "</dl>"
        yield "<figure><figcaption>Traffic before and after</figcaption>"
        yield f"{charts.traffic(rows)}</figure>"


def _history(view: View, *, risk: bool) -> Iterator[str]:
    heading = "History" if risk else "What people did"
    yield f"<h2>{heading}</h2><table><tr><th class=n>No.<th>Time (UTC)<th>What<th>Who"
    yield "<th>Account</tr>" if risk else "</tr>"
    for seq, event in enumerate(view.incident.history, 1):
        if not risk and event.by is None:
            continue
        who = view.name(event.by) if event.by else "Watchkeeper"
        yield f"<tr><td class=n>{seq}<td>{event.at:%Y-%m-%d %H:%M:%S}"
        yield f"<td>{escape(told(view, event))}<td>{escape(who)}"
        yield f"<td>{escape(event.by.id if event.by else '')}</tr>" if risk else "</tr>"
    yield "</table>"


def _traffic(traffic: Traffic) -> str:
    return escape(", ".join(f"{name} {share}%" for name, share in traffic.items()))


def _number(value: float | None, unit: str = "") -> str:
    """Return four digits; a large figure whole, since 5.098e+04 reads as nothing.

    >>> _number(50_980.0), _number(0.034567), _number(184.25, " ms")
    ('50,980', '0.03457', '184.2 ms')
    """
    if value is None:
        return "not known"
    return f"{value:,.0f}{unit}" if abs(value) >= _LARGE else f"{value:,.4g}{unit}"
