"""From an ask to a proposal: where to, what was checked, and whether it still holds.

Pure: the state of the world comes in as arguments.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.approval.oversight import blocked
from bot.approval.preconditions import Surroundings, blocking, broken, checks, find
from bot.incident import (
    EndpointState,
    Health,
    RollbackAsked,
    RollbackImpossible,
    RollbackRequested,
    Traffic,
)
from bot.watch import Endpoint

Served: TypeAlias = Mapping[str, Sequence[tuple[datetime, float]]]  # requests by hour
Span: TypeAlias = tuple[datetime, datetime]
HOUR = timedelta(hours=1)


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
    problem = _problem(target, state, after, around.undone) or _taken(around)
    checked = () if problem else checks(after, target, state, health, around)
    if problem := problem or blocking(checked):
        return RollbackImpossible(at=now, asked=seq, reason=problem)
    return RollbackRequested(
        at=now,
        by=asked.by,
        request=request,
        reason=asked.reason,
        target=target,
        captured=state,
        traffic=after,
        checks=checked,
        health=tuple(health),
        expires_at=now + timedelta(minutes=endpoint.approval.valid_minutes),
        approvals_needed=endpoint.approval.count,
        undoes=asked.undoes,
        kept=around.kept,
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
    target: str,
    state: EndpointState,
    after: Traffic,
    undone: RollbackRequested | None,
) -> str:
    names = [d.name for d in state.deployments]
    there = ", ".join(names) or "nothing"
    if not target:
        return f"name the deployment to move to; there is {there}"
    if gone := sorted({n for n, p in after.items() if p} - set(names)):
        return f"{gone[0]} is not deployed; there is {there}"
    if target not in names:
        return f"{target} is not deployed; there is {there}"
    if undone and shares(state.traffic) != shares(undone.traffic):
        return (
            f"the traffic is {in_words(state.traffic)} by now, not "
            f"{in_words(undone.traffic)} as {undone.request} left it: there is nothing "
            "of it to undo. Ask for a rollback, and name the deployment"
        )
    if shares(state.traffic) == shares(after) and not broken(state):
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
            known, hour = spelled(name, every), hours.setdefault(at, {})
            hour[known] = hour.get(known, 0.0) + requests
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

    Only what the decision rests on: the traffic, what the target is, and that the
    endpoint is not broken, where nobody accepted that it is.
    """
    if broken(live) and not broken(request.captured):
        return f"the endpoint is {live.provisioning_state} by now"
    if shares(live.traffic) != shares(request.captured.traffic):
        return (
            f"the traffic is {in_words(live.traffic)} by now, not "
            f"{in_words(request.captured.traffic)} as captured"
        )
    every = (_altered(request, name, live) for name in sorted(shares(request.traffic)))
    return next((why for why in every if why), "")


def _altered(request: RollbackRequested, name: str, live: EndpointState) -> str:
    """Return how a deployment that is to serve is not what it was; "" when it is."""
    before, now = find(request.captured, name), find(live, name)
    if now is None:
        return f"the deployment {name} does not exist any more"
    if before and before.model != now.model:
        return f"{name} runs {now.model or 'another model'} by now"
    if now.provisioning_state.lower() != "succeeded":
        return f"the deployment {name} is {now.provisioning_state or 'not ready'}"
    return (
        f"{name} takes mirrored traffic by now" if shares(live.mirror).get(name) else ""
    )


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
