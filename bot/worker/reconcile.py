"""What Azure says has fired, against what we heard: nothing is missed for good.

Runs after a gap in our own heartbeat, and every few minutes for the time just past. An
alert whose call never came is taken in as if it had, and says so; then an endpoint whose
calls do not come is told of as well (an action group rests 15 minutes after failures).
"""

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.incident import Reconcile
from bot.ports import Impossible, Workspace
from bot.silence import DELIVERY
from bot.sources import own
from bot.store import Due, Leader
from bot.watch import WatchList
from bot.worker.hush import NotYet
from bot.worker.listen import tell
from bot.worker.means import Means

log = logging.getLogger(__name__)
EVERY = timedelta(minutes=5)
LATER = timedelta(hours=1)  # when we may not read the list
BACK = timedelta(minutes=30)  # how far each look goes
CALLED_BY = timedelta(minutes=3)  # by then the call of an alert has come, if it does
LONGEST = timedelta(days=29)  # Azure keeps alerts for 30 days
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
) -> list[Mapping[str, Any]]:
    """Return a document for each alert, or end of one, that we were not told of."""
    start = max(since, now - LONGEST)
    found: list[Mapping[str, Any]] = []
    for subscription in subscriptions(means.watch):
        listed = await workspace.fired(subscription, start, now)
        watched = [
            a
            for a in listed
            if isinstance(a.get("id"), str)
            and _settled(a, now)
            and _ours(means.watch, a)
        ]
        heard = await means.store.heard(_fingerprint(a) for a in watched)
        for alert in watched:
            kind, over = heard.get(_fingerprint(alert), ("", False))
            ended = own.told(alert).get("monitorCondition") == "Resolved"
            if not kind or (ended and not over):
                found.append(
                    {"schemaId": own.LISTED, "alert": alert, "kind": kind or None}
                )
    return found


def subscriptions(watch: WatchList) -> list[str]:
    return sorted({e.id.split("/")[2] for e in watch.endpoints})


def _ours(watch: WatchList, alert: Mapping[str, Any]) -> bool:
    target = str(own.told(alert).get("targetResource", "")).lower()
    return any(target == e.id or target.startswith(e.id + "/") for e in watch.endpoints)


def _settled(alert: Mapping[str, Any], now: datetime) -> bool:
    """Return whether its call has had the time to come."""
    at = own.last_word(alert)
    return at is not None and now - at > CALLED_BY


def _fingerprint(alert: Mapping[str, Any]) -> str:
    return str(alert["id"]).lower()


async def _tell_of_calls(means: Means, missed: Iterable[Mapping[str, Any]]) -> None:
    """Open, or end, the silence of each endpoint whose alerts were missed.

    It lasts as long as the action group rests: until then more may be missed, though
    what has been is taken in by now.
    """
    silent = {
        str(own.told(d["alert"]).get("targetResource", "")).lower() for d in missed
    }
    for endpoint in means.watch.endpoints:
        hit = any(s == endpoint.id or s.startswith(endpoint.id + "/") for s in silent)
        words = "Azure fired alerts and its action group did not call us" if hit else ""
        await tell(means, endpoint, {DELIVERY: words}, at_least=RESTS)
