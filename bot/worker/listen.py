"""Listen for silence: what should have been heard of an endpoint, and was not."""

import json
import logging
from collections.abc import Awaitable, Container
from datetime import datetime, timedelta
from typing import TypeVar

from bot.incident import Alert, Listen
from bot.ports import Impossible, Unavailable, Workspace
from bot.sources import own, subscription_deleted
from bot.store import Due, Leader
from bot.triage import silence
from bot.triage.inhibition import COLLECTION
from bot.watch import Endpoint
from bot.watch.about import workspace
from bot.worker.hush import NotYet, opened
from bot.worker.means import Means

log = logging.getLogger(__name__)
T = TypeVar("T")
EVERY = timedelta(minutes=5)
WINDOW = timedelta(minutes=30)  # of the metrics that are looked at


async def listen(means: Means, due: Due, effect: Listen, leader: Leader) -> None:
    """Look at one endpoint, tell what changed, and come back; ends with its entry."""
    endpoint = means.watch.endpoint(effect.endpoint)
    if means.workspace is None or endpoint is None or not endpoint.listening.on:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    found = await _checks(means.workspace, endpoint, means.clock())
    await tell(means, endpoint, found)
    raise NotYet("it is listened to again", EVERY)


async def tell(
    means: Means,
    endpoint: Endpoint,
    found: dict[str, str | None],
    *,
    at_least: timedelta = timedelta(),
) -> None:
    """Take in what began or ended: by check, what is wrong, "" for nothing.

    A check that is None is not known: neither good news nor bad. What began is not over
    before `at_least`.
    """
    now = means.clock()
    known = {
        a.rule: a
        for incident in await opened(means, endpoint.id)
        for a in incident.alerts
        if a.kind == "silence" and a.source == "own" and a.status == "firing"
    }
    if found.get(silence.EVENTS) == "":
        name = endpoint.listening.events.rsplit("/", 1)[-1]
        await heard_again(means, endpoint, now, subscription=name)
    for check, words in found.items():
        begun = known.get(check)
        if words is None or bool(words) == (begun is not None):
            continue
        if begun is not None and now - begun.starts_at < at_least:
            continue
        body = _notice(endpoint, check, words, begun, now)
        await means.store.accept("own", body, now)


async def heard_again(
    means: Means, endpoint: Endpoint, at: datetime, *, subscription: str = ""
) -> None:
    """End what Event Grid began by saying that a subscription was deleted.

    `at`: when an event came again, or the subscription was seen; "": any of them, but
    not one that the watch list names. An event does not say by which subscription it
    came, and that one is looked at by itself.
    """
    named = {
        e.listening.events.rsplit("/", 1)[-1].lower()
        for e in means.watch.endpoints
        if workspace(e.id) == workspace(endpoint.id)
    }
    open_ = await opened(means, endpoint.id)
    for alert in (alert for incident in open_ for alert in incident.alerts):
        if (
            alert.source == subscription_deleted.NAME
            and alert.status == "firing"
            and alert.starts_at < at
            and _meant(subscription.lower(), alert.rule.lower(), named)
        ):
            document = {
                "schemaId": own.AGAIN,
                "endpoint": endpoint.id,
                "fingerprint": alert.fingerprint,
                "check": silence.EVENTS,
                "severity": alert.severity,
                "title": alert.title,
                "since": alert.starts_at.isoformat(),
                "at": at.isoformat(),
            }
            await means.store.accept(
                "own", json.dumps(document).encode(), means.clock()
            )


def _meant(subscription: str, deleted: str, named: Container[str]) -> bool:
    return subscription == deleted if subscription else deleted not in named


def _notice(
    endpoint: Endpoint, check: str, words: str, known: Alert | None, now: datetime
) -> bytes:
    document = {
        "schemaId": own.SILENCE,
        "endpoint": endpoint.id,
        "check": check,
        "monitorCondition": "Fired" if words else "Resolved",
        "severity": f"Sev{silence.SEVERITY[check]}",
        "since": (known.starts_at if known else now).isoformat(),
        "words": words or (known.title if known else check),
    }
    return json.dumps(document).encode()


async def _checks(
    workspace: Workspace, endpoint: Endpoint, now: datetime
) -> dict[str, str | None]:
    wanted, found = endpoint.listening, dict[str, str | None]()
    if wanted.monitor and endpoint.monitor:
        plan = await _asked(workspace.plan(endpoint))
        if plan is not None:
            found[silence.MONITOR] = silence.monitor(plan, wanted, now)
    if minutes := wanted.traffic_minutes:
        start = now - timedelta(minutes=minutes)
        health = await _asked(workspace.health(endpoint.id, "", start, now))
        if health is not None:
            found[silence.TRAFFIC] = silence.traffic(health, minutes)
    if wanted.collection:
        errors = await _asked(
            workspace.series(
                endpoint.id,
                "DataCollectionErrorsPerMinute",
                now - WINDOW,
                now,
                interval=timedelta(minutes=1),
                aggregation="Total",
            )
        )
        if errors is not None:
            found[COLLECTION] = silence.collection(errors, WINDOW)
    if wanted.events:
        state = await _asked(workspace.delivers(wanted.events))
        if state is not None:
            found[silence.EVENTS] = silence.events(state)
    return found


async def _asked(question: Awaitable[T]) -> T | None:
    try:
        return await question
    except (Unavailable, Impossible) as error:
        log.info("cannot listen: %s", error)
        return None
