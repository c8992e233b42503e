"""The digest of a channel: what its card counts, and the timer for the next day's."""

import logging
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from bot.incident import (
    DecisionRecorded,
    Follow,
    Incident,
    SendDigest,
    TrafficShifted,
)
from bot.levels import by_model
from bot.ports import Impossible, Message
from bot.store import Due, Leader
from bot.store.log import heads
from bot.watch import Channel
from bot.worker.means import Forgotten, Means
from cards import digest, findings
from cards.view import View

log = logging.getLogger(__name__)
DAY = timedelta(days=1)
WEEK = 7
_MOST = 2000  # incidents looked at


async def schedule(means: Means) -> None:
    """Set the timer of every channel that wants a digest; safe to repeat."""
    now = means.clock()
    for key, channel in means.watch.channels.items():
        if channel.digest_at:
            timer = following(key, channel, now)
            await means.store.outbox.only(timer, now, of=f'"channel":"{key}"')


def following(key: str, channel: Channel, now: datetime) -> Follow:
    """Return the next digest after `now`, at the channel's own time of day.

    Where the clocks are put forward over that time it comes that much later.
    """
    local = now.astimezone(channel.zone)
    at = time.fromisoformat(channel.digest_at)
    day = local.date()
    due = datetime.combine(day, at, channel.zone).astimezone(UTC)
    if due <= now:
        day += DAY
        due = datetime.combine(day, at, channel.zone).astimezone(UTC)
    return Follow(effect=SendDigest(key, day.isoformat()), due_at=due)


async def send(means: Means, due: Due, effect: SendDigest, leader: Leader) -> None:
    """Post the digest, once a day, and set the next timer in the same breath."""
    channel = means.watch.channels.get(effect.channel)
    if channel is None or not channel.digest_at:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    if means.chat is None:
        raise Impossible("this process does not speak in Teams")
    key = f"digest/{effect.channel}/{effect.day}"
    found = await means.chat.find(channel.id, key) if due.attempts else None
    if found is None:
        shown = digest.render(await gather(means, channel.id))
        message = Message(card=shown.card, summary=shown.summary, key=key)
        try:
            await means.chat.post(channel.id, message)
        except Impossible as error:  # tomorrow's must come all the same
            log.warning("no digest in %s today: %s", effect.channel, error)
    after = following(effect.channel, channel, means.clock())
    await means.store.outbox.replace(due.id, leader.role, (after,), fence=leader.epoch)


async def gather(means: Means, conversation: str) -> digest.Day:
    """Return what is counted of the endpoints that `conversation` may see."""
    now, watch = means.clock(), means.watch
    views = await _views(means, conversation)
    today = now - DAY
    opened = [v for v in views if v.incident.alerts]
    fired = [v for v in opened if findings.fired_at(v.incident) >= today]
    over = [v for v in opened if v.incident.status == "resolved"]
    resolved = [v for v in over if findings.resolved_at(v.incident) >= today]
    root = await means.store.read(heads)
    return digest.Day(
        now=now,
        watched=sum(watch.in_sight(e.id, conversation) for e in watch.endpoints),
        open=_urgent([v for v in views if v.incident.status != "resolved"]),
        fired=len(fired),
        resolved=len(resolved),
        rollbacks=sum(
            e.at >= today for v in views for e in v.incident.every(TrafficShifted)
        ),
        to_acknowledge=_middle([_taken(v.incident) for v in fired]),
        to_resolve=_middle([_ended(v.incident) for v in resolved]),
        silent=len({v.endpoint.id for v in views if _silent(v)}),
        per_day=_per_day(opened, now.date()),
        decided=[
            (v, e)
            for v in views
            for e in v.incident.every(DecisionRecorded)
            if e.at >= today
        ],
        root=root[-1].root.hex() if root else "",
        levels=by_model(((v.incident, v.endpoint) for v in opened), now),
    )


async def _views(means: Means, conversation: str) -> list[View]:
    """Return the incidents that are open, or were touched in the last week."""
    since, found = means.clock() - WEEK * DAY, list[View]()
    for listed in await means.store.incidents(limit=_MOST):
        seen = means.watch.in_sight(listed.endpoint, conversation)
        if not seen or (listed.status == "resolved" and listed.updated_at < since):
            continue
        incident = await means.store.load(listed.id)
        try:
            found += [means.view(incident)] if incident else []
        except Forgotten:
            continue
    return found


def _urgent(views: list[View]) -> list[View]:
    return sorted(views, key=lambda v: (v.incident.severity, v.incident.opened_at))


def _taken(incident: Incident) -> timedelta | None:
    taken = incident.acknowledgement
    return taken.at - findings.fired_at(incident) if taken else None


def _ended(incident: Incident) -> timedelta:
    return findings.resolved_at(incident) - findings.fired_at(incident)


def _middle(spans: list[timedelta | None] | list[timedelta]) -> timedelta | None:
    known = [s.total_seconds() for s in spans if s is not None]
    return timedelta(seconds=median(known)) if known else None


def _silent(view: View) -> bool:
    lead = findings.lead(view.incident)
    silent = lead is not None and lead.kind == "silence"
    return silent and view.incident.status != "resolved"


def _per_day(views: list[View], today: date) -> list[tuple[date, int]]:
    days = [today - timedelta(days=n) for n in range(WEEK - 1, -1, -1)]
    fired = [findings.fired_at(v.incident).date() for v in views]
    return [(day, fired.count(day)) for day in days]
