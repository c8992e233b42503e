"""What Azure says has fired, against what we heard: nothing is missed for good.

Runs after a gap in our own heartbeat, and every few minutes for the time just past. An
alert whose call never came is taken in as if it had, and says so; then an endpoint whose
calls do not come is told of as well (an action group rests 15 minutes after failures).
"""

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from bot import sources
from bot.evidence import policy
from bot.incident import Reconcile
from bot.ports import Impossible, Workspace
from bot.sources import NotAnAlert, own
from bot.store import Delivery, Due, Leader
from bot.triage.silence import DELIVERY
from bot.watch import Endpoint, WatchList
from bot.worker.hush import NotYet
from bot.worker.listen import tell
from bot.worker.means import Means

log = logging.getLogger(__name__)
Document: TypeAlias = Mapping[str, Any]
EVERY = timedelta(minutes=5)
LATER = timedelta(hours=1)  # when we may not read the list
BACK = timedelta(minutes=30)  # how far each look goes
CALLED_BY = timedelta(minutes=3)  # by then the call of an alert has come, if it does
LONGEST = timedelta(days=29)  # Azure keeps alerts for 30 days
BEFORE = timedelta(hours=1)  # a call is looked for that much earlier: clocks differ
RESTS = timedelta(minutes=15)  # an action group, after an address that did not answer


async def reconcile(means: Means, due: Due, effect: Reconcile, leader: Leader) -> None:
    """Take in what was missed since `effect.since`; without it, look every while."""
    if means.workspace is None:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    now = means.clock()
    since = effect.since or now - BACK
    try:
        missed = await missing(means, means.workspace, since, now)
    except Impossible as error:
        log.warning("cannot compare with Azure's list of alerts: %s", error)
        raise NotYet(str(error), LATER) from None
    for document in missed:
        await means.store.accept("own", json.dumps(document).encode(), now)
    if missed:
        log.warning("%d alerts were missed since %s", len(missed), since)
    if effect.since is not None:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    await _tell_of_calls(means, missed)
    raise NotYet("it is compared again", EVERY)


async def missing(
    means: Means, workspace: Workspace, since: datetime, now: datetime
) -> list[Document]:
    """Return a document for each alert, or end of one, that we were not told of."""
    start = max(since, now - LONGEST)
    found: list[Document] = []
    for subscription in subscriptions(means.watch):
        listed = await workspace.fired(subscription, start, now)
        watched = [
            (alert, endpoints)
            for alert in listed
            if isinstance(alert.get("id"), str)
            and _settled(alert, now)
            and (endpoints := about(means.watch, alert))
        ]
        heard = await means.store.heard(_kept(alert) for alert, _ in watched)
        for alert, endpoints in watched:
            kind, over = heard.get(_kept(alert), ("", False))
            ended = own.told(alert).get("monitorCondition") == "Resolved"
            if not kind or (ended and not over):
                found += [_document(alert, one, kind) for one in endpoints]
    return await _untold(means, found, start)


async def _untold(
    means: Means, missed: list[Document], start: datetime
) -> list[Document]:
    """Leave out those whose call came, though no incident came of it.

    Such an alert is listed as unresolved: that its call never came would be a lie.
    """
    if not missed:
        return []
    came: set[str] = set()
    for one in await means.store.received("alerts", start - BEFORE, unhandled=True):
        came |= _told(one)
    return [
        document for document in missed if _fingerprint(document["alert"]) not in came
    ]


def _told(call: Delivery) -> set[str]:
    """Return the fingerprints in a call; none where it cannot be read."""
    try:
        return {a.fingerprint for a in sources.read(call.route, call.body)}
    except sources.Unhandled as miss:
        return {a.fingerprint for a in miss.alerts}
    except Exception:  # the reason why it was set aside
        log.exception("delivery %s could not be read", call.id)
        return set()


def _document(alert: Mapping[str, Any], endpoint: Endpoint, kind: str) -> Document:
    """Return what is taken in; the endpoint is told where the target does not tell."""
    target = str(own.told(alert).get("targetResource", "")).lower()
    below = target == endpoint.id or target.startswith(endpoint.id + "/")
    document = {"schemaId": own.LISTED, "alert": alert, "kind": kind or None}
    return document if below else {**document, "endpoint": endpoint.id}


def subscriptions(watch: WatchList) -> list[str]:
    return sorted({e.id.split("/")[2] for e in watch.endpoints})


def about(watch: WatchList, alert: Mapping[str, Any]) -> tuple[Endpoint, ...]:
    """Return the watched endpoints that an alert of Azure's list is about.

    A log alert's target is its Log Analytics workspace: then its rows name them, else
    the words of the rule do.
    """
    try:
        read = own.parse({"schemaId": own.LISTED, "alert": alert})
    except NotAnAlert as error:
        log.warning("an alert of Azure's list cannot be read: %s", error)
        return ()
    found = {e.id: e for part in read for e in watch.about(part)}
    return tuple(found.values())


def _settled(alert: Mapping[str, Any], now: datetime) -> bool:
    """Return whether its call has had the time to come."""
    at = own.last_word(alert)
    return at is not None and now - at > CALLED_BY


def _fingerprint(alert: Mapping[str, Any]) -> str:
    return str(alert["id"]).lower()


def _kept(alert: Mapping[str, Any]) -> str:
    """Return the fingerprint as incidents have it: without what may not be kept."""
    return policy.fingerprint(_fingerprint(alert))


async def _tell_of_calls(means: Means, missed: Iterable[Document]) -> None:
    """Open, or end, the silence of each endpoint whose alerts were missed.

    It lasts as long as the action group rests: until then more may be missed, though
    what has been is taken in by now.
    """
    found = [about(means.watch, document["alert"]) for document in missed]
    silent = {endpoint.id for each in found for endpoint in each}
    for endpoint in means.watch.endpoints:
        hit = endpoint.id in silent
        words = "Azure fired alerts and its action group did not call us" if hit else ""
        await tell(means, endpoint, {DELIVERY: words}, at_least=RESTS)
