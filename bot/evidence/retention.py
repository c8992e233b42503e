"""How long frozen objects are kept, and how they go: a record first, then the bytes.

The records stay for good, so a history still says what was seen, under which digest, and
that it was deleted. What an incident under a legal hold, an open one or a younger one
names is not touched, not even what was recorded as deleted before it came to be so, as
long as it is still there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from bot.approval.oversight import EvidenceExpired, EvidenceHeld, EvidenceReleased, held
from bot.evidence.shelf import NotKept, Shelf, object_name, restricted_name
from bot.incident import (
    Actor,
    AlertReceived,
    EvidenceCollected,
    Incident,
    RollbackRequested,
)
from bot.store import Conflict, Store
from bot.watch import KEPT_DAYS, Tier, WatchList

_OURS = (EvidenceHeld, EvidenceReleased, EvidenceExpired)
MOST = 1_000_000  # incidents


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An incident whose objects have been kept for long enough."""

    incident: Incident
    tier: Tier
    days: int
    since: datetime  # its last event
    digests: tuple[str, ...]


@dataclass(slots=True)
class Plan:
    due: list[Due] = field(default_factory=list)
    held: list[Incident] = field(default_factory=list)  # would be due, but for a hold
    left: tuple[str, ...] = ()  # recorded as deleted, and still on the shelf


async def plan(
    store: Store, shelf: Shelf, watch: WatchList | None, now: datetime
) -> Plan:
    """Return what may go at `now`. Without `watch` each tier has its default.

    Raises NotKept when the shelf does not answer.
    """
    found = Plan()
    every = [*await shelf.names("objects/"), *await shelf.names("restricted/")]
    there = {name.rpartition("/")[2] for name in every}
    old, needed, gone = [], set[str](), set[str]()
    for listed in await store.incidents(limit=MOST):
        incident = await store.load(listed.id)
        if incident is None:
            continue
        gone |= buried(incident)
        each = _due(incident, watch, now, there)
        if each is not None and held(incident) is None:
            old.append(each)
            continue
        needed |= named(incident) | captured(incident) | buried(incident)
        if each is not None and each.digests:
            found.held.append(incident)
    for each in old:
        digests = tuple(d for d in each.digests if d not in needed)
        if digests:
            found.due.append(replace(each, digests=digests))
    found.due.sort(key=lambda d: (d.since, d.incident.id))
    found.left = tuple(sorted(gone & there - needed))
    return found


async def expire(
    store: Store,
    shelf: Shelf,
    found: Plan,
    by: Actor,
    watch: WatchList | None,
    now: datetime,
) -> list[str]:
    """Record and delete what is due; return in words what could not be deleted now.

    An incident that was changed since the plan is left for a repeat. What is needed is
    looked up once more after the records were made: a hold, or an incident that names
    the same object, may have come meanwhile. Raises NotKept as `plan` does.
    """
    failed = []
    for one in found.due:
        tombstone = EvidenceExpired(
            at=now,
            by=by,
            digests=one.digests,
            tier=one.tier,
            days=one.days,
        )
        try:
            await store.append(one.incident, [tombstone])
        except Conflict:
            failed.append(f"{one.incident.id} was changed at this moment; run it again")
    recorded = (await plan(store, shelf, watch, now)).left
    return failed + [why for name in recorded if (why := await _remove(shelf, name))]


async def _remove(shelf: Shelf, digest: str) -> str:
    try:
        await shelf.remove(object_name(digest))
        await shelf.remove(restricted_name(digest))
    except NotKept as error:
        return f"{digest[:12]}…: {error}"
    return ""


def named(incident: Incident) -> set[str]:
    """Return the digests that a history names and that were not deleted on purpose."""
    every = {
        d for e in incident.every(EvidenceCollected) for d in e.digests.values() if d
    }
    return every - buried(incident)


def captured(incident: Incident) -> set[str]:
    """Return the digests of Azure's own documents that requests were bound to.

    Not each was kept: the request stands without it.
    """
    asked = incident.every(RollbackRequested)
    every = {d for e in asked for d in (e.captured.digest, e.kept) if d}
    return every - buried(incident)


def buried(incident: Incident) -> set[str]:
    return {d for e in incident.every(EvidenceExpired) for d in e.digests}


def _due(
    incident: Incident, watch: WatchList | None, now: datetime, there: set[str]
) -> Due | None:
    if incident.status != "resolved":
        return None
    tier = _tier(incident, watch)
    days = watch.kept_days(tier) if watch else KEPT_DAYS[tier]
    since = max(e.at for e in incident.history if not isinstance(e, _OURS))
    if now < since + timedelta(days=days):
        return None
    digests = tuple(sorted(named(incident) | (captured(incident) & there)))
    return Due(incident=incident, tier=tier, days=days, since=since, digests=digests)


def _tier(incident: Incident, watch: WatchList | None) -> Tier:
    """Return the strictest tier on record; else today's; 1 where nobody knows."""
    known: Sequence[int] = [e.tier for e in incident.every(AlertReceived) if e.tier]
    if known:
        return cast("Tier", min(known))
    endpoint = watch.endpoint(incident.endpoint) if watch else None
    return endpoint.tier if endpoint else 1
