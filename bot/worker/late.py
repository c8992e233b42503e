"""A first card that Teams does not take for a long while: somebody is told another way.

It is still tried. One incident speaks for all that wait in its channel: an outage of
hours must not become a thousand notices.
"""

from datetime import datetime, timedelta

from bot.incident import EffectParked, Event, Incident, ShowCard
from bot.store import Due, Leader
from bot.worker.means import Means, record

LATE = timedelta(minutes=15)  # that a first card may take
_LOOKED_AT = 200  # of those that wait, the most severe
AGAIN = timedelta(hours=1)  # until another incident of the channel is told of


async def late(means: Means, due: Due, why: str, leader: Leader) -> None:
    """Record that the card is late, once an incident, and seldom in a channel."""
    if not isinstance(due.effect, ShowCard):
        return
    incident = await means.incident(due)
    now, channel = means.clock(), means.endpoint(incident).channel
    told = means.told_late.get(channel)
    if not _overdue(incident, now - LATE) or (told and now - told < AGAIN):
        return
    means.told_late[channel] = now  # at once: others there fail at the same moment
    try:
        await _tell(means, incident, channel, why, leader, asked=told is None)
    except Exception:
        means.told_late.pop(channel, None)
        raise


async def _tell(
    means: Means,
    incident: Incident,
    channel: str,
    why: str,
    leader: Leader,
    *,
    asked: bool,
) -> None:
    """Record it, unless another process told of the channel; `asked`: look for that."""
    now = means.clock()
    there = [e.id for e in means.watch.endpoints if e.channel == channel]
    others = await means.store.outbox.unposted(there)
    waiting = [o.incident for o in others]
    if asked and (told := await _told(means, waiting, now - AGAIN)):
        means.told_late[channel] = told
        return
    more = f" {len(others) - 1} more wait there." if len(others) > 1 else ""
    event = EffectParked(
        at=now, effect=ShowCard.__name__, reason=f"{why}{more}", for_good=False
    )

    def once(newest: Incident) -> tuple[Event, ...]:
        return (event,) if _overdue(newest, now - LATE) else ()

    await record(means, incident.id, once, leader)


async def _told(means: Means, waiting: list[str], since: datetime) -> datetime | None:
    """Return when one of those that wait was told of, None when none was since then."""
    for key in waiting[:_LOOKED_AT]:
        incident = await means.store.load(key)
        parked = incident.last(EffectParked) if incident else None
        if parked and not parked.for_good and parked.at > since:
            return parked.at
    return None


def _overdue(incident: Incident, before: datetime) -> bool:
    """Return whether it is older than that, has no card, and nobody was told so."""
    return (
        bool(incident.history)
        and incident.card is None
        and incident.opened_at < before
        and incident.last(EffectParked) is None
    )
