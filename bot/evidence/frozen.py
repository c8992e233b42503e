"""What was frozen at alert time, as sections of the page: one function a part."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from html import escape
from typing import Any

from bot.approval.oversight import EvidenceExpired
from bot.evidence import charts
from bot.evidence.shelf import digest
from bot.incident import EvidenceCollected, Incident, SignalsEvaluated
from bot.watch import Endpoint

_TITLES = {
    "RequestsPerMinute": "Requests per minute",
    "RequestLatency_P50": "Latency, P50",
    "RequestLatency_P95": "Latency, P95",
    "RequestLatency_P99": "Latency, P99",
}
_UNITS = {"Milliseconds": " ms", "Count": "", "Percent": " %"}
_MOST_LINES = 60  # of a table; the packet holds all


class Frozen:
    """The parts of the newest collection that are at hand, and those that are not."""

    def __init__(self, incident: Incident, objects: Mapping[str, bytes]) -> None:
        self.event = incident.last(EvidenceCollected)
        self.digests = dict(self.event.digests) if self.event else {}
        self.parts: dict[str, Any] = {}
        deleted = dict(_deleted(incident))
        self.lost: dict[str, str] = {}  # named in the history, but not to be shown
        for name, named in sorted(self.digests.items()):
            content = objects.get(named)
            if content is None:
                self.lost[name] = deleted.get(
                    named, "kept, but its object is not at hand"
                )
            elif digest(content) != named:
                self.lost[name] = "its object was CHANGED since it was kept"
            else:
                self._read(name, content)

    def _read(self, name: str, content: bytes) -> None:
        try:
            self.parts[name] = json.loads(content)["content"]
        except (ValueError, KeyError, TypeError):
            self.lost[name] = "kept in a form that this version does not read"

    @property
    def missing(self) -> dict[str, str]:
        return dict(self.event.missing) if self.event else {}

    @property
    def endpoint(self) -> Endpoint | None:
        """Return our settings as they were; None: not kept, or of another version."""
        try:
            return Endpoint.model_validate(self.parts["settings"])
        except (KeyError, ValueError):
            return None

    def sections(self, *, queries: bool = True) -> Iterator[str]:
        """Yield the parts that are at hand; `queries`: those of Log Analytics too."""
        for name, draw in _DRAWN.items():
            yield from self._drawn(name, partial(draw, frozen=self))
        for name in self.parts:
            if queries and name.startswith("logs "):
                yield from self._drawn(name, partial(_logs, name))

    def commands(self) -> list[str]:
        """Return the commands with which anyone can look again, as a section."""
        return self._drawn("repeat", _repeat)

    def _drawn(self, name: str, draw: Callable[[Any], Iterator[str]]) -> list[str]:
        part = self.parts.get(name)
        try:
            return [*draw(part)] if part else []
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            # An object of another version: its bytes are still in the packet.
            return [f"<p class=soft>{escape(name)}: see its object in the packet.</p>"]


def _deleted(incident: Incident) -> Iterator[tuple[str, str]]:
    for event in incident.every(EvidenceExpired):
        words = (
            f"too late: deleted on {event.at:%Y-%m-%d} by {event.by.name}; tier "
            f"{event.tier} keeps it for {event.days:,} days"
        )
        yield from ((name, words) for name in event.digests)


def missing(incident: Incident, frozen: Frozen) -> Iterator[str]:
    """Yield what could not be had and why; a gap is evidence too."""
    seen = incident.last(SignalsEvaluated)
    gaps = {**(seen.missing if seen else {}), **frozen.missing}
    if not gaps and not frozen.lost:
        return
    yield "<h2>What is missing, and why</h2><table><tr><th>Part<th>Why</tr>"
    for part, why in gaps.items():
        yield f"<tr class=gap><td>{escape(part)}<td>{escape(why)}</tr>"
    for part, why in frozen.lost.items():
        yield f"<tr class=gap><td>{escape(part)}<td>{escape(why)}</tr>"
    yield "</table>"


def objects_table(frozen: Frozen) -> Iterator[str]:
    """Yield the digests under which the parts lie."""
    if not frozen.event:
        return
    yield "<h2>Frozen objects</h2><table><tr><th>Part<th>SHA-256</tr>"
    for name, named in sorted(frozen.digests.items()):
        yield f"<tr><td>{escape(name)}<td><code>{escape(named)}</code></tr>"
    yield "</table>"
    yield (
        f"<p class=soft>Collected {frozen.event.at:%Y-%m-%d %H:%M:%S} UTC by version "
        f"{escape(frozen.event.build or 'not known')}, watch list "
        f"<code>{escape(frozen.event.configuration or 'not known')}</code></p>"
    )


def _repeat(part: Mapping[str, str]) -> Iterator[str]:
    yield "<h2>To look again</h2><dl>"
    for name, command in sorted(part.items()):
        yield f"<dt>{escape(str(name))}<dd><code>{escape(str(command))}</code>"
    yield "</dl>"


def _metrics(part: Sequence[Mapping[str, Any]], frozen: Frozen) -> Iterator[str]:
    yield "<h2>Metrics up to the alert</h2>"
    settings = frozen.endpoint
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for series in part:
        by_name.setdefault(str(series["metric"]), []).append(series)
    for metric, every in sorted(by_name.items()):
        limit = settings.latency_p95_ms if settings and "P95" in metric else None
        unit = _UNITS.get(str(every[0]["unit"]), "")
        title = f"{_TITLES.get(metric, metric)}{' in ms' if unit == ' ms' else ''}"
        lines = [
            charts.Line(
                name=", ".join(s.get("dimensions", {}).values()) or "endpoint",
                times=[datetime.fromisoformat(t) for t in s["times"]],
                values=s["values"],
            )
            for s in every
        ]
        drawn = charts.over_time(title, lines, unit=unit, limit=limit)
        if drawn:
            yield f"<figure><figcaption>{escape(title)}</figcaption>{drawn}</figure>"
        else:
            yield f"<p class=soft>{escape(title)}: Azure has no values.</p>"


def _deployments(part: Mapping[str, Any], frozen: Frozen) -> Iterator[str]:
    yield "<h2>Deployments when the alert came</h2>"
    shares = part.get("traffic") or {}
    yield charts.traffic([(_time(part["at"])[11:16] + " UTC", shares)])
    yield "<table><tr><th>Deployment<th>Model<th>State<th class=n>Instances<th>Type"
    yield "<th class=n>Traffic</tr>"
    for one in part["deployments"]:
        yield _tr(
            one["name"],
            one["model"],
            one["provisioning_state"],
            _or(one["instances"]),
            one["instance_type"],
            f"{shares.get(one['name'], 0)}%",
            numbers=(3, 5),
        )
    yield "</table>"
    tags = ", ".join(f"{k}: {v}" for k, v in sorted((part.get("tags") or {}).items()))
    yield f"<p class=soft>Tags: {escape(tags) or 'none'}</p>"


def _monitor(part: Mapping[str, Any], frozen: Frozen) -> Iterator[str]:
    state = "on" if part["enabled"] else "off"
    yield f"<h2>Monitor {escape(part['name'])}</h2><p>Every {part['interval']} "
    yield f"{escape(str(part['frequency']))}, {state}. Limits set by "
    yield f"{escape(_or(part['set_by']))}, {_time(part['set_at'])}.</p>"
    yield "<table><tr><th>Signal<th>Metric<th>Data<th class=n>Limit</tr>"
    for limit in part["limits"]:
        yield _tr(
            limit["signal"],
            limit["metric"],
            limit["data_type"],
            _or(limit["threshold"]),
            numbers=(3,),
        )
    yield "</table><table><tr><th>Data asset<th>Type<th>Made (UTC)<th>What</tr>"
    for asset in part["assets"]:
        yield _tr(
            asset["name"],
            asset["type"],
            _time(asset["created_at"]),
            asset["description"],
        )
    yield "</table><table><tr><th>Run<th>State<th>Started (UTC)<th>Ended (UTC)</tr>"
    for run in part["runs"]:
        yield _tr(
            run["name"], run["status"], _time(run["started"]), _time(run["ended"])
        )
    yield "</table>"


def _windows(part: Mapping[str, Any], frozen: Frozen) -> Iterator[str]:
    yield "<h2>Data that was compared</h2><table><tr><th>Side<th>Asset<th class=n>Rows"
    yield "<th>Window (UTC)</tr>"
    for side in ("reference", "production"):
        one = part[side]
        span = " to ".join(map(_time, one["window"])) if one["window"] else "all of it"
        yield _tr(side, _or(one["name"]), f"{one['rows']:,}", span, numbers=(2,))
    yield "</table>"


def _changes(part: Mapping[str, Any], frozen: Frozen) -> Iterator[str]:
    yield f"<h2>What was changed in Azure, from {_time(part['from'])}</h2>"
    if not part["changes"]:
        yield "<p>Nothing in this workspace.</p>"
        return
    yield "<table><tr><th>Time (UTC)<th>What<th>On<th>How it ended<th>Who</tr>"
    for change in part["changes"][:_MOST_LINES]:
        about = "/".join(str(change["resource"]).rsplit("/", 2)[-2:])
        action = "/".join(str(change["operation"]).rsplit("/", 2)[-2:])
        yield _tr(_time(change["at"]), action, about, change["status"], change["by"])
    yield "</table>"
    yield from _more(len(part["changes"]))


def _rules(part: Sequence[Mapping[str, Any]], frozen: Frozen) -> Iterator[str]:
    yield "<h2>Alert rule</h2><table><tr><th>Rule<th>Condition<th>Window<th>Set by"
    yield "<th>Set (UTC)</tr>"
    for rule in part:
        criteria = (rule.get("criteria") or {}).get("allOf") or []
        words = "; ".join(
            " ".join(_or(c.get(k)) for k in ("metricName", "operator", "threshold"))
            for c in criteria
        )
        yield _tr(
            rule["name"], words, rule["window"], rule["set_by"], _time(rule["set_at"])
        )
    yield "</table>"


def _logs(name: str, part: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2>Log Analytics: {escape(str(part.get('query') or name))}</h2>"
    values = ", ".join(f"{k} = {v}" for k, v in (part.get("parameters") or {}).items())
    yield f"<p class=soft>Asked with {escape(values)}</p>"
    yield f"<pre class=query>{escape(str(part.get('text') or ''))}</pre>"
    if part.get("partial"):
        yield f"<p class=missing>Not whole: {escape(str(part['partial']))}</p>"
    rows = part.get("rows") or []
    if not rows:
        yield "<p>No rows.</p>"
        return
    heads = "".join(f"<th>{escape(str(c))}" for c in part["columns"])
    yield f"<table><tr>{heads}</tr>"
    for row in rows[:_MOST_LINES]:
        yield _tr(*(_or(cell) for cell in row))
    yield "</table>"
    yield from _more(len(rows))


def _more(count: int) -> Iterator[str]:
    if count > _MOST_LINES:
        yield f"<p class=soft>{count - _MOST_LINES:,} more in the packet.</p>"


def _tr(*cells: str, numbers: tuple[int, ...] = ()) -> str:
    return (
        "<tr>"
        + "".join(
            f"<td{' class=n' if place in numbers else ''}>{escape(str(cell))}"
            for place, cell in enumerate(cells)
        )
        + "</tr>"
    )


def _time(value: Any) -> str:
    """Return "2026-11-23 09:14" of an ISO time, "not known" without one."""
    return str(value)[:16].replace("T", " ") if value else "not known"


def _or(value: Any) -> str:
    return "not known" if value is None or value == "" else str(value)


_DRAWN: Mapping[str, Callable[..., Iterator[str]]] = {
    "metrics": _metrics,
    "deployments": _deployments,
    "activity log": _changes,
    "monitor": _monitor,
    "alert rule": _rules,
    "windows": _windows,
}
