"""From an ask to a proposal: where to, what was checked, and whether it still holds.

Pure: the state of the world comes in as arguments.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from bot.incident import (
    Check,
    Deployment,
    EndpointState,
    Health,
    Incident,
    RollbackAsked,
    RollbackImpossible,
    RollbackRequested,
    Traffic,
)
from bot.oversight import blocked
from bot.watch import Endpoint

ERRORS_HEALTHY = 0.02  # of the target's requests, above which it is not called healthy
WHOLE = 100  # percent
FILLED = 0.7  # of the requests that a deployment takes at once, above which it is full
Served: TypeAlias = Mapping[str, Sequence[tuple[datetime, float]]]  # requests by hour
Span: TypeAlias = tuple[datetime, datetime]
Result: TypeAlias = Literal["passed", "failed", "not known"]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What else has to be known of an endpoint before anything is moved on it."""

    ledger: Incident | None = None
    others: tuple[Incident, ...] = ()  # its other open incidents
    usual: str = ""  # the last deployment that served well, see `last_calm`
    undone: RollbackRequested | None = None  # the request whose move is taken back
    unkept: str = ""  # why Azure's own document could not be kept as evidence


def propose(
    asked: RollbackAsked,
    seq: int,
    endpoint: Endpoint,
    state: EndpointState,
    health: Sequence[Health],
    *,
    request: str,
    now: datetime,
    around: Surroundings | None = None,
) -> RollbackRequested | RollbackImpossible:
    """Return the proposal that `asked` leads to in this state, or why there is none."""
    around = around or Surroundings()
    names = [d.name for d in state.deployments]
    target = spelled(_target(asked, endpoint, state, around), names)
    after: Traffic = {name: 100 if name == target else 0 for name in names}
    if around.undone:
        then = around.undone.captured.traffic.items()
        after = {**dict.fromkeys(names, 0), **{spelled(n, names): p for n, p in then}}
    problem = _problem(target, names, state, after) or _taken(around)
    if problem:
        return RollbackImpossible(at=now, asked=seq, reason=problem)
    return RollbackRequested(
        at=now,
        by=asked.by,
        request=request,
        reason=asked.reason,
        target=target,
        captured=state,
        traffic=after,
        checks=checks(target, state, health, around),
        health=tuple(health),
        expires_at=now + timedelta(minutes=endpoint.approval.valid_minutes),
        approvals_needed=endpoint.approval.count,
        undoes=asked.undoes,
    )


def _target(
    asked: RollbackAsked,
    endpoint: Endpoint,
    state: EndpointState,
    around: Surroundings,
) -> str:
    if around.undone:
        return busiest(around.undone.captured.traffic)
    return asked.target or endpoint.rollback_target or around.usual or _other(state)


def _problem(
    target: str, names: Sequence[str], state: EndpointState, after: Traffic
) -> str:
    there = ", ".join(names) or "nothing"
    if not target:
        return f"name the deployment to move to; there is {there}"
    if gone := sorted({n for n, p in after.items() if p} - set(names)):
        return f"{gone[0]} is not deployed; there is {there}"
    if target not in names:
        return f"{target} is not deployed; there is {there}"
    if shares(state.traffic) == shares(after):
        return f"{target} already takes all traffic"
    return ""


def _taken(around: Surroundings) -> str:
    """Return who or what has the endpoint already."""
    if around.ledger and (why := blocked(around.ledger)):
        return why
    for other in around.others:
        if other.waiting:
            return f"{other.waiting.request} on {other.id} already waits for approval"
        if other.approved and other.outcome is None and other.request:
            return f"{other.request.request} on {other.id} is being carried out"
    return ""


def spelled(name: str, names: Iterable[str]) -> str:
    """Return `name` as one of `names` writes it, in any letter case; else as it is.

    Azure knows a deployment in any case and tells it as it was made: "Blue-V2".
    """
    return next((n for n in names if n.lower() == name.lower()), name)


def busiest(traffic: Traffic) -> str:
    """Return the deployment with the largest share, "" without any."""
    return max(traffic, key=lambda name: traffic[name], default="")


def _other(state: EndpointState) -> str:
    """Return the deployment that does not carry the most traffic, if it is only one."""
    most = busiest(state.traffic)
    others = [d.name for d in state.deployments if d.name != most]
    return others[0] if len(others) == 1 else ""


def last_calm(served: Served, incidents: Sequence[Span], state: EndpointState) -> str:
    """Return the last deployment to serve the majority while no incident was open.

    `served` is requests by hour and deployment. The one that serves the most now, and
    those that are gone, do not count. "" when there is none.
    """
    every = [d.name for d in state.deployments]
    there = set(every) - {busiest(state.traffic)}
    hours: dict[datetime, dict[str, float]] = {}
    for name, points in served.items():
        for at, requests in points:
            hours.setdefault(at, {})[spelled(name, every)] = requests
    for at in sorted(hours, reverse=True):
        if any(start < at + HOUR and at < end for start, end in incidents):
            continue
        total = sum(hours[at].values())
        most = max(hours[at], key=lambda name: hours[at][name])
        if most in there and total > 0 and hours[at][most] * 2 > total:
            return most
    return ""


def drifted(request: RollbackRequested, live: EndpointState) -> str:
    """Return how the world differs from what the approver saw; "" when it does not.

    Only what the decision rests on: the traffic, and what the target is.
    """
    if shares(live.traffic) != shares(request.captured.traffic):
        return (
            f"the traffic is {in_words(live.traffic)} by now, not "
            f"{in_words(request.captured.traffic)} as captured"
        )
    for name in sorted(shares(request.traffic)):
        before, now = _find(request.captured, name), _find(live, name)
        if now is None:
            return f"the deployment {name} does not exist any more"
        if before and before.model != now.model:
            return f"{name} runs {now.model or 'another model'} by now"
        if now.provisioning_state.lower() != "succeeded":
            return f"the deployment {name} is {now.provisioning_state or 'not ready'}"
    return ""


def shares(traffic: Traffic) -> dict[str, int]:
    """Return the traffic without its zeros: a missing deployment means 0 %."""
    return {name.lower(): share for name, share in traffic.items() if share}


def in_words(traffic: Traffic) -> str:
    """Return a split in words, the largest share first.

    >>> in_words({"green": 10, "blue": 90, "old": 0})
    'blue 90%, green 10%'
    """
    split = sorted(shares(traffic).items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {share}%" for name, share in split) or "none"


def _find(state: EndpointState, name: str) -> Deployment | None:
    found = (d for d in state.deployments if d.name.lower() == name.lower())
    return next(found, None)


# -- the checks ------------------------------------------------------------------------


def checks(
    target: str,
    state: EndpointState,
    health: Sequence[Health],
    around: Surroundings | None = None,
) -> tuple[Check, ...]:
    """Return what was checked before the move, for the approver to see."""
    around = around or Surroundings()
    deployment = _find(state, target)
    if deployment is None:
        raise LookupError(target)
    total = sum(state.traffic.values())
    return (
        _ready(deployment),
        _steady(state),
        _healthy(target, _of(target, health)),
        _capacity(deployment, next((h for h in health if not h.deployment), None)),
        _calm(target, around),
        Check(
            name="traffic",
            result="passed" if total == WHOLE else "failed",
            text=f"traffic adds up to {total}%",
        ),
        _free(around),
        *_kept(around),
    )


def _of(target: str, health: Sequence[Health]) -> Health | None:
    mine = (h for h in health if h.deployment.lower() == target.lower())
    return next(mine, None)


def _ready(deployment: Deployment) -> Check:
    state = deployment.provisioning_state
    text = f"{deployment.name} is deployed ({state or 'state not known'})"
    if deployment.instances is not None:
        text += f", instances: {deployment.instances}"
    if not state:
        return Check(name="ready", result="not known", text=text)
    good = state.lower() == "succeeded" and deployment.instances != 0
    return Check(name="ready", result="passed" if good else "failed", text=text)


def _steady(state: EndpointState) -> Check:
    """Azure takes one change of an endpoint at a time."""
    words = state.provisioning_state
    result: Result = "not known" if not words else "failed"
    if words.lower() == "succeeded":
        result = "passed"
    text = f"the endpoint itself is in the state {words or 'that Azure did not tell'}"
    return Check(name="endpoint", result=result, text=text)


def _healthy(target: str, health: Health | None) -> Check:
    if health is None or health.error_rate is None:
        text = f"{target} had no requests to judge it by"
        return Check(name="health", result="not known", text=text)
    text = f"{target} answered with {health.error_rate:.1%} errors"
    if health.latency_p95_ms is not None:
        text += f", P95 latency {health.latency_p95_ms:.0f} ms"
    good = health.error_rate <= ERRORS_HEALTHY
    return Check(name="health", result="passed" if good else "failed", text=text)


def _capacity(target: Deployment, whole: Health | None) -> Check:
    """Compare requests at once (rate times time, Little's law) with what fits.

    The P95 stands for the mean, so the need is rather too high than too low.
    """
    name, room = "capacity", (target.instances or 0) * (target.concurrency or 0)
    known = whole and whole.requests is not None and whole.latency_p95_ms is not None
    if not known or whole is None or not room:
        text = f"whether {target.name} can take all requests is not known"
        return Check(name=name, result="not known", text=text)
    seconds = (whole.end - whole.start).total_seconds()
    rate = (whole.requests or 0) / seconds if seconds > 0 else 0.0
    need = rate * (whole.latency_p95_ms or 0) / 1000
    text = (
        f"{rate * 60:.0f} requests a minute need {need:.1f} of the {room} that "
        f"{target.name} takes at once"
    )
    good = need <= FILLED * room
    return Check(name=name, result="passed" if good else "failed", text=text)


def _calm(target: str, around: Surroundings) -> Check:
    about = [
        i.id
        for i in around.others
        if any(
            a.deployment.lower() == target.lower() and a.status == "firing"
            for a in i.alerts
        )
    ]
    text = f"no open incident is about {target}"
    if about:
        text = f"{target} is itself under {', '.join(about[:3])}"
    return Check(name="incidents", result="failed" if about else "passed", text=text)


def _kept(around: Surroundings) -> tuple[Check, ...]:
    if not around.unkept:
        return ()
    text = f"Azure's own document of the endpoint could not be kept: {around.unkept}"
    return (Check(name="record", result="failed", text=text),)


def _free(around: Surroundings) -> Check:
    if around.ledger is None:
        return Check(name="lock", result="not known", text="locks were not looked at")
    text = "no lock, and no other request for the endpoint"
    return Check(name="lock", result="passed", text=text)
