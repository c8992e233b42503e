"""What is checked before anything is moved, and what each finding means. Pure.

Some findings end the ask: the move could not be carried out, or not be taken back. The
others, "not known" among them, are for the approver to take upon themselves, by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bot.incident import (
    Check,
    Deployment,
    EndpointState,
    Health,
    Incident,
    RollbackRequested,
    Traffic,
)

ERRORS_HEALTHY = 0.02  # of the target's requests, above which it is not called healthy
WHOLE = 100  # percent
FILLED = 0.7  # of the requests that a deployment takes at once, above which it is full
# Azure would refuse the move, or a state like this could not be put back.
BLOCKING = frozenset({"ready", "endpoint", "traffic", "mirror", "lock"})
Result: TypeAlias = Literal["passed", "failed", "not known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What else has to be known of an endpoint before anything is moved on it."""

    ledger: Incident | None = None
    own: Incident | None = None  # the one that is asked from; None to take a move back
    others: tuple[Incident, ...] = ()  # its other open incidents
    usual: str = ""  # the last deployment that served well, see `last_calm`
    undone: RollbackRequested | None = None  # the request whose move is taken back
    kept: str = ""  # digest of Azure's own document as it was kept for packets
    unkept: str = ""  # why it could not be kept as evidence
    # deployment, "" for the whole endpoint -> why its figures could not be read
    unread: Mapping[str, str] = field(default_factory=dict)


def blocking(found: Sequence[Check]) -> str:
    """Return which failed checks forbid the move, in words; "" when none does."""
    return "; ".join(
        c.text for c in found if c.result == "failed" and c.name in BLOCKING
    )


def doubts(request: RollbackRequested) -> tuple[Check, ...]:
    """Return what whoever approves has to accept: what failed, and what nobody knows."""
    return tuple(c for c in request.checks if c.result != "passed")


def find(state: EndpointState, name: str) -> Deployment | None:
    """Return the deployment of this name, in any letter case."""
    found = (d for d in state.deployments if d.name.lower() == name.lower())
    return next(found, None)


def broken(state: EndpointState) -> bool:
    """Return whether the endpoint's last change came to a bad end, and none is under way."""
    return state.provisioning_state.lower() in ("failed", "canceled")


def checks(
    after: Traffic,
    target: str,
    state: EndpointState,
    health: Sequence[Health],
    around: Surroundings | None = None,
) -> tuple[Check, ...]:
    """Return what was checked before the move to `after`, for the approver to see."""
    around = around or Surroundings()
    deployment = find(state, target)
    if deployment is None:
        raise LookupError(target)
    total = sum(state.traffic.values())
    return (
        *_ready(after, target, state),
        _steady(state),
        _healthy(target, _of(target, health), around.unread.get(target, "")),
        _capacity(
            deployment,
            next((h for h in health if not h.deployment), None),
            around.unread.get("", ""),
        ),
        _calm(target, state, around),
        Check(
            name="traffic",
            result="passed" if total == WHOLE else "failed",
            text=f"traffic adds up to {total}%",
        ),
        *_mirrored(after, state),
        _free(around),
        *_kept(around),
    )


def _ready(after: Traffic, target: str, state: EndpointState) -> Iterator[Check]:
    """Yield whether each deployment that will serve can: the target always, for one."""
    for name in sorted({n for n, share in after.items() if share} | {target}):
        if found := find(state, name):
            yield _deployed(found)


def _of(target: str, health: Sequence[Health]) -> Health | None:
    mine = (h for h in health if h.deployment.lower() == target.lower())
    return next(mine, None)


def _deployed(deployment: Deployment) -> Check:
    state = deployment.provisioning_state
    text = f"{deployment.name} is deployed ({state or 'state not known'})"
    if deployment.instances is not None:
        many = "" if deployment.instances == 1 else "s"
        text += f", {deployment.instances} instance{many}"
    if not state:
        return Check(name="ready", result="not known", text=text)
    good = state.lower() == "succeeded" and deployment.instances != 0
    return Check(name="ready", result="passed" if good else "failed", text=text)


def _steady(state: EndpointState) -> Check:
    """Azure takes one change of an endpoint at a time; none that failed is under way.

    After a change that failed, the next one is what mends it: the approver decides.
    """
    words = state.provisioning_state
    if broken(state):
        text = (
            f"the endpoint is {words} since its last change, so what it serves may not "
            "be what Azure tells; another change may mend it"
        )
        return Check(name="mend", result="failed", text=text)
    result: Result = "not known" if not words else "failed"
    if words.lower() == "succeeded":
        result = "passed"
    text = f"the endpoint itself is in the state {words or 'that Azure did not tell'}"
    return Check(name="endpoint", result=result, text=text)


def _healthy(target: str, health: Health | None, unread: str) -> Check:
    if health is None or health.error_rate is None:
        text = f"{target} had no requests to judge it by"
        if unread:
            text = f"how {target} serves is not known: {unread}"
        return Check(name="health", result="not known", text=text)
    text = f"{target} answered with {health.error_rate:.1%} errors"
    if health.latency_p95_ms is not None:
        text += f", P95 latency {health.latency_p95_ms:.0f} ms"
    good = health.error_rate <= ERRORS_HEALTHY
    return Check(name="health", result="passed" if good else "failed", text=text)


def _capacity(target: Deployment, whole: Health | None, unread: str) -> Check:
    """Compare requests at once (rate times time, Little's law) with what fits.

    The P95 stands for the mean, so the need is rather too high than too low.
    """
    name, room = "capacity", (target.instances or 0) * (target.concurrency or 0)
    known = whole and whole.requests is not None and whole.latency_p95_ms is not None
    if not known or whole is None or not room:
        text = f"whether {target.name} can take all requests is not known"
        text += f": {unread}" if unread else ""
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


def _calm(target: str, state: EndpointState, around: Surroundings) -> Check:
    """An alert that names no deployment is about what serves the most, as its card says."""
    serving = max(state.traffic, key=lambda n: state.traffic[n], default="")
    about = [i.id for i in around.others if _about(i, target)]
    if around.own and _about(around.own, target, unnamed=serving):
        about = [around.own.id, *about]
    text = f"no open incident is about {target}"
    if about:
        text = f"{target} is itself under {', '.join(about[:3])}"
    return Check(name="incidents", result="failed" if about else "passed", text=text)


def _about(incident: Incident, name: str, unnamed: str = "") -> bool:
    """Return whether an alert of `incident` still fires about deployment `name`."""
    return any(
        (a.deployment or unnamed).lower() == name.lower() and a.status == "firing"
        for a in incident.alerts
    )


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


def _mirrored(after: Traffic, state: EndpointState) -> Iterator[Check]:
    """Azure gives one deployment either live traffic or copies of it, never both."""
    for name, share in sorted(state.mirror.items()):
        if share and any(n.lower() == name.lower() and p for n, p in after.items()):
            text = f"{name} takes mirrored traffic ({share}%); end that first"
            yield Check(name="mirror", result="failed", text=text)
