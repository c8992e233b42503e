"""From deliveries to incidents: parse, find the endpoint, join or open an incident."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import sources
from bot.consequences import STALE, follow
from bot.evidence import policy
from bot.incident import Alert, AlertReceived, Incident
from bot.observe import traces
from bot.sources import subscription_deleted
from bot.store import Conflict, Delivery, Deposed, Leader, Unreadable
from bot.triage.grouping import OWN_START, Group, wanted
from bot.triage.inhibition import silent
from bot.watch import Endpoint
from bot.watch.about import wide
from bot.worker.listen import heard_again
from bot.worker.means import CONFLICTS, DATABASE, Means
from bot.worker.rollback import ran_out

log = logging.getLogger(__name__)
CHANGE = "a change, no alert"
BATCH = 250  # deliveries that are taken in together
AHEAD = timedelta(minutes=5)  # clocks differ; more is a mistake or a trick
KEPT_BY_AZURE = timedelta(days=30)


@dataclass(slots=True)
class _Taken:
    """What some deliveries hold, and why some of it belongs to no incident."""

    at: datetime  # one for all: what follows from each of them is the same, once
    groups: dict[tuple[str, str], list[AlertReceived]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)  # by delivery; "": none
    # Of Event Grid's events, the newest by the ARM id of its workspace
    events: dict[str, datetime] = field(default_factory=dict)

    def hear(self, alert: Alert) -> None:
        for resource in alert.resources:
            known = self.events.get(resource, alert.starts_at)
            self.events[resource] = max(known, alert.starts_at)


async def take_in(means: Means, leader: Leader) -> None:
    """Take in what waits, many at once; one that fails by itself is set aside."""
    deliveries = await means.store.new_deliveries(BATCH)
    try:
        await _traced(means, deliveries, leader)
    except (Deposed, *DATABASE):
        raise
    except Exception:
        if len(deliveries) > 1:
            log.exception("%d deliveries are taken one by one", len(deliveries))
        for delivery in deliveries:
            await _alone(means, delivery, leader)


async def _traced(means: Means, deliveries: Sequence[Delivery], leader: Leader) -> None:
    if not deliveries:
        return
    with ExitStack() as spans:
        for one in deliveries:
            spans.enter_context(traces.step("take in", one.id, route=one.route))
        await take(means, deliveries, leader)


async def _alone(means: Means, delivery: Delivery, leader: Leader) -> None:
    try:
        await _traced(means, [delivery], leader)
    except (Deposed, *DATABASE):
        raise
    except Unreadable as error:  # it stays new for the version that knows
        log.warning("delivery %s must wait: %s", delivery.id, error)
    except Exception as error:
        log.exception("delivery %s could not be taken", delivery.id)
        reason = f"our fault: {type(error).__name__} while taking it"
        failed = {delivery.id: reason}
        await means.store.settle(
            failed, means.clock(), fence=leader.epoch, until=delivery.received_at
        )


async def take(means: Means, deliveries: Sequence[Delivery], leader: Leader) -> None:
    """Turn deliveries into history, or set them aside with the reason. Safe to repeat.

    An incident that many of them tell of is read once and written once.
    """
    taken = _Taken(at=means.clock())
    for delivery in deliveries:
        _read(means, delivery, taken)
    joins = [
        _join(means, group, endpoint, events, leader)
        for (group, endpoint), events in sorted(taken.groups.items())
    ]
    for failed in await asyncio.gather(*joins, return_exceptions=True):
        if isinstance(failed, BaseException):
            raise failed
    for endpoint in means.watch.endpoints if taken.events else ():
        if at := taken.events.get(endpoint.id.split("/onlineendpoints/")[0]):
            await heard_again(means, endpoint, min(at, taken.at))
    last = max((each.received_at for each in deliveries), default=None)
    await means.store.settle(taken.reasons, taken.at, fence=leader.epoch, until=last)


def _read(means: Means, delivery: Delivery, taken: _Taken) -> None:
    reasons: list[str] = []
    try:
        alerts = sources.read(delivery.route, delivery.body, delivery.received_at)
    except sources.NotAnAlert as error:
        alerts, reasons = (), [f"not an alert: {error}"]
    except sources.Unhandled as miss:
        alerts, reasons = miss.alerts, [miss.reason]
    except Exception as error:
        log.exception("delivery %s could not be read", delivery.id)
        alerts, reasons = (), [f"our fault: {type(error).__name__} while reading it"]
    for alert in map(policy.alert, alerts):
        if delivery.route == "events" and alert.source != subscription_deleted.NAME:
            taken.hear(alert)
        endpoints = means.watch.about(alert)
        if not endpoints or alert.kind == "change":
            reasons.append(_unresolved(alert))
            continue
        for endpoint in endpoints:
            mine = _widely(alert, endpoint)
            mine = _share(mine, endpoint) if len(endpoints) > 1 else mine
            mine = policy.unprotected(mine, endpoint.disclosure)
            event = AlertReceived(
                at=taken.at,
                alert=timed(mine, delivery.received_at),
                delivery=delivery.id,
                tier=endpoint.tier,
            )
            key = (group_key(alert, endpoint), endpoint.id)
            taken.groups.setdefault(key, []).append(event)
    said = "; ".join(dict.fromkeys(reasons))
    taken.reasons[delivery.id] = policy.reason(said[:4000])[:1000]


def _share(alert: Alert, endpoint: Endpoint) -> Alert:
    """Return an alert about several endpoints as the incident of one hears it."""
    below = endpoint.id + "/deployments/"
    named = [r for r in alert.resources if "/deployments/" in r.lower()]
    own = [r.lower().removeprefix(below) for r in named if r.lower().startswith(below)]
    deployment = own[0].split("/")[0] if own else "" if named else alert.deployment
    return replace(alert, endpoint=endpoint.name, deployment=deployment)


def _widely(alert: Alert, endpoint: Endpoint) -> Alert:
    """Return an alert that says so where it is about more than the endpoint."""
    whole = wide(alert)
    if not whole or not endpoint.id.startswith(f"{whole}/"):
        return alert
    *_, kind, name = whole.split("/")
    return replace(alert, title=f"{alert.title} (the whole {kind[:-1]} {name})")


def _unresolved(alert: Alert) -> str:
    if alert.kind == "change":
        return f"{CHANGE}: {alert.title}"
    where = alert.endpoint or alert.monitor or next(iter(alert.resources), "")
    name = where.rsplit("/", 1)[-1] or "no resource"
    return f"not on the watch list: {alert.title} ({name})"


async def _join(
    means: Means,
    group: str,
    endpoint: str,
    events: Sequence[AlertReceived],
    leader: Leader,
) -> None:
    """Add notices to their incidents; those that are there already stay as they are."""
    alerts = [event.alert for event in events]
    if group.startswith(f"{endpoint} silence "):
        group = await _older(means, group, endpoint, alerts)
    for _ in range(CONFLICTS):
        held = await means.store.conditions(group, {a.fingerprint for a in alerts})
        found = await means.store.group(group, wanted(alerts, held))
        placing = Group(
            Incident(id="", group_key=group, endpoint=endpoint), found, held
        )
        for event in events:
            placing.add(event)
        try:
            for incident, new in placing.changes():
                # What ran out while nobody drove must not close anything now.
                every = (*ran_out(incident, means.clock()), *new)
                await means.store.append(
                    incident,
                    every,
                    follow(incident, every),
                    leader=(leader.role, leader.epoch),
                )
        except Conflict:
            continue
        return
    raise Conflict(group)


async def _older(
    means: Means, group: str, endpoint: str, alerts: Sequence[Alert]
) -> str:
    """Return the group that holds these silences already, else `group`.

    Once all silences of an endpoint were one incident: what ends one finds it there.
    """
    once = f"{endpoint} silence"
    held = await means.store.conditions(once, {a.fingerprint for a in alerts})
    told = all(a.starts_at in held.get(a.fingerprint, {}) for a in alerts)
    return once if told else group


def timed(alert: Alert, received_at: datetime) -> Alert:
    """Return the alert with a start that can be believed, or marked as stale.

    A start in the future would outrank every later word on the condition. One older
    than Azure keeps alerts is a replay: it is kept and listed, and nobody is called.
    """
    start = alert.starts_at
    if start > received_at + AHEAD:
        said = {**alert.labels, OWN_START: f"{start:%Y-%m-%d %H:%M} UTC"}
        return replace(alert, starts_at=received_at, labels=said)
    if alert.status == "firing" and start < received_at - KEPT_BY_AZURE:
        return replace(alert, labels={**alert.labels, STALE: f"{start:%Y-%m-%d}"})
    return alert


def group_key(alert: Alert, endpoint: Endpoint) -> str:
    """Return the key under which alerts share one incident: endpoint and kind.

    Of silences each has one of its own: who mends the monitor cannot mend the traffic.
    """
    what = silent(alert) if alert.kind == "silence" else ""
    return f"{endpoint.id} {alert.kind} {what}".rstrip()
