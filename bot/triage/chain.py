"""Who is called when nobody acknowledges an alert: owner, then team, then risk. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incident import Circle, Incident
from bot.watch import Endpoint, WatchList


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One circle, when it is called, and its people as the watch list names them."""

    at: datetime
    to: Circle
    names: tuple[str, ...]


def steps(endpoint: Endpoint, watch: WatchList, since: datetime) -> tuple[Step, ...]:
    """Return the chain of an endpoint for an alert that nobody has `since` then.

    A circle with a time of 0, or without people, is left out.
    """
    rule = watch.escalation(endpoint)
    able = {"operator", "owner", "approver"}
    team = rule.team or tuple(
        p.name
        for p in watch.people
        if not p.guest and able & set(p.roles) and p.name != endpoint.owner
    )
    risk = tuple(p.name for p in watch.people if "risk" in p.roles and not p.guest)
    circles: tuple[tuple[Circle, float, tuple[str, ...]], ...] = (
        ("owner", rule.owner_minutes, (endpoint.owner,)),
        ("team", rule.team_minutes, team),
        ("risk", rule.risk_minutes, risk),
    )
    found = [
        Step(at=since + timedelta(minutes=minutes), to=to, names=names)
        for to, minutes, names in circles
        if minutes and names
    ]
    return tuple(sorted(found, key=lambda s: s.at))


def running(
    incident: Incident, endpoint: Endpoint, watch: WatchList
) -> tuple[tuple[int, Step], ...]:
    """Return the steps that are still to come, with their numbers; () when none is."""
    since = incident.unattended
    if not since:
        return ()
    called = incident.escalation
    done = called.step if called else -1
    every = steps(endpoint, watch, incident.history[since - 1].at)
    return tuple((n, s) for n, s in enumerate(every) if n > done)
