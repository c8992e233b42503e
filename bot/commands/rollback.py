"""Ask for a rollback, and make of the ask a proposal bound to the state of the world."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.commands import Ask, Command, Words
from bot.commands.reading import first_word, unquoted
from bot.incident import (
    Check,
    Deployment,
    EndpointState,
    Event,
    Health,
    Refused,
    RollbackAsked,
    RollbackImpossible,
    RollbackRequested,
    Traffic,
)
from bot.watch import Endpoint

REASON_LIMIT = 500
_TO = re.compile(r"^to\s+(\S+)\s*(.*)$", re.IGNORECASE | re.DOTALL)
ERRORS_HEALTHY = 0.02  # of the target's requests, above which it is not called healthy


def _words(rest: str) -> Words:
    about, tail = first_word(rest)
    target = ""
    if found := _TO.match(tail):
        target, tail = found[1], found[2]
    return {"incident": about, "target": target, "reason": unquoted(tail)}


def decide(ask: Ask) -> tuple[Event, ...]:
    """Return the ask; Azure is looked at before anybody is shown a proposal."""
    incident, reason = ask.incident, ask.words.get("reason", "").strip()
    if not reason:
        raise Refused("Say why: the approver and the record need a reason.")
    if incident.waiting:
        raise Refused(f"{incident.waiting.request} already waits for approval.")
    if incident.approved and incident.outcome is None and incident.request:
        raise Refused(f"{incident.request.request} is being carried out right now.")
    if (asked := incident.last(RollbackAsked)) and not _answered(ask, asked):
        raise Refused(f"{asked.by.name} has just asked for it; Azure is being read.")
    target = ask.words.get("target", "").strip().lower()
    asked = RollbackAsked(
        at=ask.now, by=ask.actor, reason=reason[:REASON_LIMIT], target=target
    )
    return (asked,)


def _answered(ask: Ask, asked: RollbackAsked) -> bool:
    history = ask.incident.history
    after = history[history.index(asked) + 1 :]
    return any(isinstance(e, RollbackRequested | RollbackImpossible) for e in after)


def propose(
    asked: RollbackAsked,
    seq: int,
    endpoint: Endpoint,
    state: EndpointState,
    health: Sequence[Health],
    *,
    request: str,
    now: datetime,
) -> RollbackRequested | RollbackImpossible:
    """Return the proposal that `asked` leads to in this state, or why there is none."""
    names = [d.name for d in state.deployments]
    target = asked.target or endpoint.rollback_target or _other(state)
    problem = ""
    if not target:
        problem = "there is no other deployment to move to"
    elif target not in names:
        problem = f"{target} is not deployed; there is {', '.join(names) or 'nothing'}"
    elif state.traffic.get(target, 0) == 100:  # noqa: PLR2004 per cent
        problem = f"{target} already takes all traffic"
    if problem:
        return RollbackImpossible(at=now, asked=seq, reason=problem)
    after: Traffic = {name: 100 if name == target else 0 for name in names}
    return RollbackRequested(
        at=now,
        by=asked.by,
        request=request,
        reason=asked.reason,
        target=target,
        captured=state,
        traffic=after,
        checks=checks(target, state, health),
        health=tuple(health),
        expires_at=now + timedelta(minutes=endpoint.approval.valid_minutes),
        approvals_needed=endpoint.approval.count,
    )


def _other(state: EndpointState) -> str:
    """Return the deployment that does not carry the most traffic, if it is only one."""
    most = max(state.traffic, key=lambda name: state.traffic[name], default="")
    others = [d.name for d in state.deployments if d.name != most]
    return others[0] if len(others) == 1 else ""


def checks(
    target: str, state: EndpointState, health: Sequence[Health]
) -> tuple[Check, ...]:
    """Return what was checked before the move, for the approver to see."""
    deployment = next(d for d in state.deployments if d.name == target)
    total = sum(state.traffic.values())
    return (
        _ready(deployment),
        _healthy(target, next((h for h in health if h.deployment == target), None)),
        Check(
            name="traffic",
            result="passed" if total in (0, 100) else "failed",
            text=f"traffic adds up to {total}%",
        ),
    )


def _ready(deployment: Deployment) -> Check:
    state = deployment.provisioning_state
    text = f"{deployment.name} is deployed ({state or 'state not known'})"
    if deployment.instances is not None:
        text += f", instances: {deployment.instances}"
    if not state:
        return Check(name="ready", result="not known", text=text)
    good = state.lower() == "succeeded" and deployment.instances != 0
    return Check(name="ready", result="passed" if good else "failed", text=text)


def _healthy(target: str, health: Health | None) -> Check:
    if health is None or health.error_rate is None:
        text = f"{target} had no requests to judge it by"
        return Check(name="health", result="not known", text=text)
    text = f"{target} answered with {health.error_rate:.1%} errors"
    if health.latency_p95_ms is not None:
        text += f", P95 latency {health.latency_p95_ms:.0f} ms"
    good = health.error_rate <= ERRORS_HEALTHY
    return Check(name="health", result="passed" if good else "failed", text=text)


COMMANDS = (
    Command(
        verb="rollback",
        usage="rollback <incident | endpoint> [to <deployment>] <reason>",
        does="asks to move traffic back; a second person approves",
        about="endpoint or incident",
        roles=frozenset({"operator", "owner"}),
        words=_words,
        decide=decide,
    ),
)
