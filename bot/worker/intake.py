"""From a delivery to incidents: parse, find the endpoint, join or open an incident."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot import sources
from bot.consequences import STALE, follow
from bot.incident import Alert, AlertReceived, Incident
from bot.store import Conflict, Delivery, Leader
from bot.watch import Endpoint
from bot.worker.means import Means

AHEAD = timedelta(minutes=5)  # clocks differ; more is a mistake or a trick
KEPT_BY_AZURE = timedelta(days=30)


async def take(means: Means, delivery: Delivery, leader: Leader) -> None:
    """Turn a delivery into history, or set it aside with the reason. Safe to repeat."""
    reason = ""
    try:
        alerts = sources.read(delivery.route, delivery.body)
    except sources.NotAnAlert as error:
        alerts, reason = (), f"not an alert: {error}"
    except sources.Unhandled as miss:
        alerts, reason = miss.alerts, miss.reason
    alerts = tuple(timed(a, delivery.received_at) for a in alerts)
    unresolved = [a for a in alerts if not await _join(means, a, delivery, leader)]
    reasons = [*([reason] if reason else []), *map(_unresolved, unresolved)]
    if reasons:
        text = "; ".join(dict.fromkeys(reasons))[:1000]
        await means.store.set_aside(delivery.id, text, fence=leader.epoch)
    else:
        await means.store.settle(delivery.id, fence=leader.epoch)


def _unresolved(alert: Alert) -> str:
    if alert.kind == "change":
        return f"a change, no alert: {alert.title}"
    where = alert.endpoint or alert.monitor or next(iter(alert.resources), "")
    name = where.rsplit("/", 1)[-1] or "no resource"
    return f"not on the watch list: {alert.title} ({name})"


async def _join(means: Means, alert: Alert, delivery: Delivery, leader: Leader) -> bool:
    """Add the alert to its incident; False when it belongs to no watched endpoint."""
    endpoint = means.watch.resolve(alert)
    if endpoint is None or alert.kind == "change":
        return False
    for _ in range(10):
        incident = await _incident(means, alert, endpoint)
        if _has(incident, alert, delivery):
            return True
        event = AlertReceived(
            at=means.clock(), alert=alert, delivery=delivery.id, tier=endpoint.tier
        )
        try:
            await means.store.append(
                incident,
                [event],
                follow(incident, (event,)),
                leader=(leader.role, leader.epoch),
            )
        except Conflict:
            continue
        return True
    raise Conflict(delivery.id)


def _has(incident: Incident, alert: Alert, delivery: Delivery) -> bool:
    return any(
        e.delivery == delivery.id and e.alert == alert
        for e in incident.every(AlertReceived)
    )


async def _incident(means: Means, alert: Alert, endpoint: Endpoint) -> Incident:
    """Return the incident to join: the newest of the group while it lives.

    One that is over is joined only by what belongs to it: a late Fired whose Resolved
    has overtaken it. A condition that fires anew opens a new incident.
    """
    group = group_key(alert, endpoint)
    newest = await means.store.newest(group)
    if newest is not None and (newest.status != "resolved" or _old(newest, alert)):
        return newest
    return Incident(id="", group_key=group, endpoint=endpoint.id)


def _old(incident: Incident, alert: Alert) -> bool:
    same = [a for a in incident.alerts if a.fingerprint == alert.fingerprint]
    return any(alert.starts_at <= a.starts_at for a in same)


def timed(alert: Alert, received_at: datetime) -> Alert:
    """Return the alert with a start that can be believed, or marked as stale.

    A start in the future would outrank every later word on the condition. One older
    than Azure keeps alerts is a replay: it is kept and listed, and nobody is called.
    """
    start = alert.starts_at
    if start > received_at + AHEAD:
        said = {**alert.labels, "its own start": f"{start:%Y-%m-%d %H:%M} UTC"}
        return replace(alert, starts_at=received_at, labels=said)
    if alert.status == "firing" and start < received_at - KEPT_BY_AZURE:
        return replace(alert, labels={**alert.labels, STALE: f"{start:%Y-%m-%d}"})
    return alert


def group_key(alert: Alert, endpoint: Endpoint) -> str:
    """Return the key under which alerts share one incident: endpoint and kind."""
    return f"{endpoint.id} {alert.kind}"
