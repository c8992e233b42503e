"""What people decided and changed: sections of the model-risk pack."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from bot.approval.oversight import (
    EndpointLocked,
    EndpointUnlocked,
    GateAnswered,
    OutcomeWatched,
)
from bot.approval.retraining import RetrainingApproved, RetrainingRejected
from bot.evidence.sections import Section
from bot.evidence.sheets import Cell
from bot.incident import (
    Actor,
    DecisionRecorded,
    EffectParked,
    Event,
    EvidenceCollected,
    Incident,
    RollbackApproved,
    RollbackExpired,
    RollbackRejected,
    RollbackRequested,
    RollbackStale,
    ShiftFailed,
    SignalsEvaluated,
    Traffic,
    TrafficShifted,
)
from bot.period import Period

Parts = Mapping[str, Any]


def decisions(incidents: Sequence[Incident]) -> Section:
    """Return every record of people, and every answer to a request."""
    rows: list[tuple[Cell, ...]] = []
    for incident in incidents:
        for event in incident.every(
            DecisionRecorded,
            RollbackApproved,
            RollbackRejected,
            RetrainingApproved,
            RetrainingRejected,
        ):
            choice, reason, until = _decided(event)
            at = event.at.isoformat()
            rows.append((incident.id, at, choice, reason, _who(event.by), until))
    return Section(
        key="decisions",
        title="Decisions, with reasons",
        columns=("incident", "time_utc", "decision", "reason", "by", "holds_until"),
        rows=tuple(rows),
    )


def _decided(event: Event) -> tuple[str, str, str]:
    match event:
        case DecisionRecorded():
            return event.choice, event.reason, event.expires_at.isoformat()
        case RollbackApproved():
            open_ = ", ".join(event.accepted)
            reason = f"not passed, accepted: {open_}" if open_ else ""
            return f"approved {event.request}", reason, ""
        case RollbackRejected():
            done = "withdrew" if event.withdrawn else "rejected"
            return f"{done} {event.request}", event.reason, ""
        case RetrainingApproved():
            return f"approved retraining {event.request}", "", ""
        case RetrainingRejected():
            return f"rejected retraining {event.request}", event.reason, ""
    return type(event).__name__, "", ""


def thresholds(looks: Sequence[tuple[str, datetime, Parts]]) -> Section:
    """Return each change of a limit between two looks, and who made it.

    Ours stand in the watch list, which is kept under version control: its author is
    found there by the digest that every collection records.
    """
    seen: dict[tuple[str, str], str] = {}
    rows: list[tuple[Cell, ...]] = []
    for endpoint, at, parts in sorted(looks, key=lambda look: (look[1], look[0])):
        for what, limit, by in _limits(parts):
            before = seen.get((endpoint, what))
            if before is not None and before != limit:
                name = endpoint.rsplit("/", 1)[-1]
                rows.append((name, at.isoformat(), what, before, limit, by))
            seen[endpoint, what] = limit
    return Section(
        key="thresholds",
        title="Changes of thresholds",
        columns=("endpoint", "first_seen_utc", "limit", "before", "after", "by"),
        rows=tuple(rows),
    )


def _limits(parts: Parts) -> Iterator[tuple[str, str, str]]:
    settings = parts.get("settings") or {}
    for rule in settings.get("signals") or []:
        what = f"watch list: {rule.get('signal')} {rule.get('metric')}"
        yield what, str(rule.get("threshold")), "whoever changed the watch list"
    for name in ("latency_p95_ms", "availability"):
        if name in settings:
            yield f"watch list: {name}", str(settings[name]), "the watch list's author"
    monitor = parts.get("monitor") or {}
    for limit in monitor.get("limits") or []:
        what = " ".join(str(limit.get(k)) for k in ("signal", "metric", "data_type"))
        by = str(monitor.get("set_by") or "not known")
        yield f"monitor {monitor.get('name')}: {what}", str(limit.get("threshold")), by
    for rule in parts.get("alert rule") or []:
        for number, one in enumerate((rule.get("criteria") or {}).get("allOf") or []):
            what = f"rule {rule.get('name')}: {one.get('metricName', number)}"
            by = str(rule.get("set_by") or "not known")
            yield what, str(one.get("threshold")), by


def rollbacks(incidents: Sequence[Incident]) -> Section:
    """Return each request with the state it was bound to, and what came of it."""
    rows: list[tuple[Cell, ...]] = []
    for incident in incidents:
        for asked in incident.every(RollbackRequested):
            approved = [
                _who(e.by)
                for e in incident.every(RollbackApproved)
                if e.request == asked.request
            ]
            outcome, after = _outcome(incident, asked.request)
            rows.append(
                (
                    incident.id,
                    asked.request,
                    asked.at.isoformat(),
                    _who(asked.by),
                    asked.reason,
                    _traffic(asked.captured.traffic),
                    asked.captured.digest,
                    ", ".join(approved),
                    outcome,
                    after,
                )
            )
    return Section(
        key="rollbacks",
        title="Rollbacks, with the state they were bound to",
        columns=(
            "incident", "request", "asked_utc", "by", "reason", "captured",
            "captured_sha256", "approved_by", "outcome", "afterwards",
        ),
        rows=tuple(rows),
    )  # fmt: skip


Ended: TypeAlias = (
    TrafficShifted | ShiftFailed | RollbackRejected | RollbackExpired | RollbackStale
)


def _outcome(incident: Incident, request: str) -> tuple[str, str]:
    every: list[Ended] = [e for e in incident.history if isinstance(e, Ended)]
    ended = next((e for e in reversed(every) if e.request == request), None)
    watched = next(
        (e for e in incident.every(OutcomeWatched) if e.request == request), None
    )
    afterwards = "not compared"
    if watched:
        afterwards = (
            f"worse: {'; '.join(watched.worse)}" if watched.worse else "not worse"
        )
    match ended:
        case TrafficShifted():
            return f"read back {_traffic(ended.after)}", afterwards
        case ShiftFailed():
            return f"failed: {ended.reason}", afterwards
        case RollbackExpired(approved=True):
            return "expired: approved, and not carried out in time", ""
        case None:
            return "open", ""
    return type(ended).__name__.removeprefix("Rollback").lower(), ""


def locks(ledgers: Sequence[Incident], period: Period) -> Section:
    """Return locks, and what release pipelines were told, within the period."""
    rows: list[tuple[Cell, ...]] = []
    for ledger in ledgers:
        name = ledger.endpoint.rsplit("/", 1)[-1]
        for event in ledger.history:
            if not period[0] <= event.at < period[1]:
                continue
            if isinstance(event, GateAnswered):
                said = "passed" if event.passed else "stopped"
                what, why = (
                    f"{event.number} {said} {event.deployment}",
                    "; ".join(event.reasons),
                )
            elif isinstance(event, EndpointLocked):
                what, why = "locked", event.reason
            elif isinstance(event, EndpointUnlocked):
                what, why = "unlocked", event.reason
            else:
                continue
            rows.append((name, event.at.isoformat(), what, why, _who(event.by)))
    return Section(
        key="locks",
        title="Locks and release gates",
        columns=("endpoint", "time_utc", "what", "reason", "by"),
        rows=tuple(rows),
    )


def open_issues(incidents: Sequence[Incident], end: datetime) -> Section:
    """Return what somebody still has to do something about at the end of the period."""
    rows: list[tuple[Cell, ...]] = []
    for incident in incidents:
        for what, why in _open(incident, end):
            name = incident.endpoint.rsplit("/", 1)[-1]
            rows.append((incident.id, name, what, why, incident.opened_at.isoformat()))
    return Section(
        key="open",
        title="Open issues at the end of the period",
        columns=("incident", "endpoint", "issue", "detail", "opened_utc"),
        rows=tuple(rows),
        empty="Nothing is open.",
    )


def _open(incident: Incident, end: datetime) -> Iterator[tuple[str, str]]:
    if incident.status != "resolved":
        yield incident.status, f"severity {incident.severity}"
    record = incident.last(DecisionRecorded)
    if record and record.expires_at <= end and incident.status != "resolved":
        yield "decision expired", f"{record.choice}, {record.expires_at.isoformat()}"
    if incident.waiting is not None:
        yield "request waits", incident.waiting.request
    failed = incident.outcome
    if isinstance(failed, ShiftFailed) and not failed.settled:
        yield "a move never came to rest", failed.request
    for parked in incident.every(EffectParked):
        yield "given up", f"{parked.effect}: {parked.reason}"


def gaps(incidents: Sequence[Incident]) -> Section:
    """Return what could not be had, and incidents of which nothing was frozen."""
    rows: list[tuple[Cell, ...]] = []
    for incident in incidents:
        evaluated = incident.last(SignalsEvaluated)
        if incident.alerts and incident.last(EvidenceCollected) is None:
            why = "nothing was frozen" if evaluated else "nothing was evaluated"
            rows.append((incident.id, incident.opened_at.isoformat(), "evidence", why))
        for event in incident.every(EvidenceCollected):
            for part, why in sorted(event.missing.items()):
                rows.append((incident.id, event.at.isoformat(), part, why))
    return Section(
        key="gaps",
        title="Gaps in the evidence",
        columns=("incident", "time_utc", "part", "why"),
        rows=tuple(rows),
    )


def _who(actor: Actor | None) -> str:
    return actor.name if actor else "Watchkeeper"


def _traffic(traffic: Traffic) -> str:
    return ", ".join(f"{name} {share}%" for name, share in sorted(traffic.items()))
