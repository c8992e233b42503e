"""The model-risk pack: what was planned, what ran, what broke, who decided what.

Pure: histories, frozen parts and a period come in, sections go out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.evidence import governed, plans
from bot.evidence.sections import Section
from bot.evidence.shelf import digest
from bot.incident import AlertReceived, EvidenceCollected, Incident
from bot.levels import Levels, Summary, levels, summary, words
from bot.period import Period
from bot.watch import Endpoint

# Parts of a collection that the pack reads, and so takes along.
PARTS = ("monitor", "settings", "alert rule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The frozen parts of one collection that could be read."""

    endpoint: str
    at: datetime
    parts: Mapping[str, Any]


@dataclass(slots=True)
class Matter:
    """All that a pack is made of."""

    model: str
    period: Period
    incidents: Sequence[Incident]
    ledgers: Sequence[Incident]
    objects: Mapping[str, bytes]
    looks: list[Look] = field(default_factory=list)
    levels: list[Levels] = field(default_factory=list)

    def __post_init__(self) -> None:
        parsed: dict[str, Any] = {}  # most incidents share the same few objects
        for incident in self.incidents:
            for event in incident.every(EvidenceCollected):
                found = {
                    name: part
                    for name in PARTS
                    if (part := self._part(event.digests.get(name, ""), parsed))
                }
                self.looks.append(
                    Look(endpoint=incident.endpoint, at=event.at, parts=found)
                )
        settings: dict[str, Endpoint] = {}
        for incident in self.incidents:
            endpoint = self._settings(incident, parsed, settings)
            self.levels.append(levels(incident, endpoint, self.period[1]))

    def _part(self, named: str, parsed: dict[str, Any]) -> Any:
        if named in parsed:
            return parsed[named]
        content = self.objects.get(named)
        found = None
        if content is not None and digest(content) == named:
            try:
                found = json.loads(content)["content"]
            except (ValueError, KeyError, TypeError):
                found = None
        parsed[named] = found
        return found

    def _settings(
        self,
        incident: Incident,
        parsed: dict[str, Any],
        settings: dict[str, Endpoint],
    ) -> Endpoint:
        """Return the settings that held for the incident, as they were frozen."""
        event = incident.last(EvidenceCollected)
        named = event.digests.get("settings", "") if event else ""
        if named not in settings:
            try:
                settings[named] = Endpoint.model_validate(self._part(named, parsed))
            except ValueError:
                return Endpoint(id=incident.endpoint, owner="", channel="")
        return settings[named]


def sections(matter: Matter) -> list[Section]:
    """Return the pack's sections, in the order in which they are read."""
    return [
        _plan(matter),
        _missed(matter),
        _breaches(matter),
        _service(matter),
        governed.decisions(matter.incidents),
        governed.thresholds(
            [(look.endpoint, look.at, look.parts) for look in matter.looks]
        ),
        governed.rollbacks(matter.incidents),
        governed.locks(matter.ledgers, matter.period),
        governed.open_issues(matter.incidents, matter.period[1]),
        governed.gaps(matter.incidents),
    ]


def _plan(matter: Matter) -> Section:
    rows = []
    for monitor, counted in _counted(matter):
        seen = monitor.newest
        limits = "; ".join(
            f"{limit.get('metric')} {limit.get('data_type')} {limit.get('threshold')}"
            for limit in seen.get("limits") or []
        )
        every = f"{seen.get('interval')} {seen.get('frequency')}"
        rows.append(
            (
                _name(monitor.endpoint),
                monitor.name,
                every,
                "on" if seen.get("enabled") else "off",
                limits,
                str(seen.get("set_by") or "not known"),
                *(counted[k] for k in ("ran", "failed", "missed", "not known")),
            )
        )
    return Section(
        key="plan",
        title="Monitoring plan against what ran",
        columns=(
            "endpoint", "monitor", "every", "state", "limits", "set_by",
            "ran", "failed", "missed", "not_known",
        ),
        rows=tuple(rows),
        says="A time is not known where no evidence covers it.",
        empty="No monitor was frozen in this period: what ran is not known.",
    )  # fmt: skip


def _counted(matter: Matter) -> Iterator[tuple[plans.Monitor, dict[str, int]]]:
    for monitor in _monitors(matter):
        counted = {"ran": 0, "failed": 0, "missed": 0, "not known": 0}
        for _, slot in plans.slots(monitor, matter.period):
            counted[slot] += 1
        yield monitor, counted


def _monitors(matter: Matter) -> list[plans.Monitor]:
    return plans.monitors(
        (look.endpoint, look.at, look.parts["monitor"])
        for look in matter.looks
        if isinstance(look.parts.get("monitor"), Mapping)
    )


def _missed(matter: Matter) -> Section:
    rows: list[tuple[str, str, str, str]] = [
        (_name(m.endpoint), m.name, at.isoformat(), f"run {slot}")
        for m in _monitors(matter)
        for at, slot in plans.slots(m, matter.period)
        if slot in ("missed", "failed")
    ]
    for incident in matter.incidents:
        for event in incident.every(AlertReceived):
            if event.alert.kind == "silence" and event.alert.status == "firing":
                row = (_name(incident.endpoint), event.alert.monitor)
                rows.append((*row, event.at.isoformat(), f"silence, {incident.id}"))
    return Section(
        key="findings",
        title="Findings: runs that did not happen",
        columns=("endpoint", "monitor", "due_utc", "finding"),
        rows=tuple(sorted(set(rows), key=lambda r: (r[2], r))),
    )


def _breaches(matter: Matter) -> Section:
    rows = []
    for incident, measured in zip(matter.incidents, matter.levels, strict=True):
        kinds = sorted({a.kind for a in incident.alerts})
        if not kinds:
            continue
        clocks = []
        for clock in measured.clocks:
            took = clock.took.total_seconds() / 60 if clock.took is not None else None
            clocks += [None if took is None else round(took, 2), clock.result]
        rows.append(
            (
                incident.id,
                _name(incident.endpoint),
                incident.opened_at.isoformat(),
                incident.severity,
                ", ".join(kinds),
                incident.alerts[0].title,
                incident.status,
                *clocks,
            )
        )
    steps = ("detect", "acknowledge", "decide", "resolve")
    return Section(
        key="breaches",
        title="Breaches, with times to detect, acknowledge, decide and resolve",
        columns=(
            "incident", "endpoint", "opened_utc", "severity", "kinds", "title", "status",
            *(c for s in steps for c in (f"{s}_minutes", f"{s}_result")),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _service(matter: Matter) -> Section:
    found = summary(matter.levels)
    return Section(
        key="levels",
        title="Service levels",
        columns=(
            "step", "incidents", "median_minutes", "p90_minutes", "met", "missed",
            "share_met", "running",
        ),
        rows=tuple(_summed(one) for one in found),
        says=_said(found),
    )  # fmt: skip


def _summed(one: Summary) -> tuple[str | float | int | None, ...]:
    def minutes(value: Any) -> float | None:
        return None if value is None else round(value.total_seconds() / 60, 2)

    share = None if one.share_met is None else round(one.share_met, 4)
    return (
        one.step,
        one.measured,
        minutes(one.median),
        minutes(one.p90),
        one.met,
        one.missed,
        share,
        one.running,
    )


def _said(found: Sequence[Summary]) -> str:
    parts = [
        f"half of them were {done} within {words(one.median)}"
        for one, done in zip(
            found, ("detected", "acknowledged", "decided", "resolved"), strict=True
        )
        if one.median is not None
    ]
    return (", ".join(parts) + ".").capitalize() if parts else ""


def _name(endpoint: str) -> str:
    return endpoint.rsplit("/", 1)[-1]
