"""When a channel would hear of too much at once: the worst get cards, one names the rest.

What is named keeps its own card queued, only later. The message is brought up to date
in place until nothing waits, then it says so and is left alone.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from bot.incident import Fold, Follow, Incident, Kind, MoreShown
from bot.ports import Chat, Gone, Impossible, Message
from bot.store import Due, Leader
from bot.store.records import Unposted
from bot.worker.means import Means
from cards import more
from cards.more import Waiting

KEPT = 10  # cards that are left in the queue each time, the most severe first
KEPT_SEV0 = 50  # even of these only so many fit into Teams' half a minute
EVERY = timedelta(seconds=30)
LOOKED_UP = 40  # at a time


async def fold(means: Means, due: Due, effect: Fold, leader: Leader) -> None:
    """Set back all but the first cards of a conversation, and name them in one."""
    journal = await means.store.journal(effect.conversation)
    last = journal.last(MoreShown)
    shown = last if last and last.waiting else None
    unposted = await means.store.outbox.unposted(_endpoints(means, effect.conversation))
    rest, over = _apart(unposted)
    over = await _unseen(_chat(means), effect.conversation, over)
    if not rest and shown is None:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    now = means.clock()
    epoch, jobs = leader.epoch, [u.job for u in rest]
    await means.store.outbox.set_back(jobs, now + EVERY, leader.role, fence=epoch)
    ended = tuple(u.incident for u in over)
    told = more.render([_named(u) for u in rest], (*_ended(journal), *ended), now)
    message = Message(
        card=told.card,
        summary=told.summary,
        key=f"more/{effect.conversation}/{journal.revision}",
    )
    tried = await means.store.outbox.tried_before(due)
    activity = await _place(
        _chat(means), effect.conversation, shown, message, tried=tried
    )
    event = MoreShown(
        at=now,
        conversation=effect.conversation,
        activity=activity,
        waiting=tuple(u.incident for u in rest),
        ended=ended,
    )
    again = (Follow(effect=effect, due_at=now + EVERY),) if rest else ()
    await means.store.append(
        journal, [event], again, done=due.id, leader=(leader.role, leader.epoch)
    )
    over_jobs = [u.job for u in over]
    await means.store.outbox.drop(over_jobs, leader.role, fence=epoch)


def _apart(unposted: Sequence[Unposted]) -> tuple[list[Unposted], list[Unposted]]:
    """Return what has to wait, and what is over before anybody saw it."""
    live = [u for u in unposted if u.status != "resolved"]
    urgent = [u for u in live if u.rank == 0]
    plain = [u for u in live if u.rank > 0]
    kept = max(KEPT - len(urgent), 1)
    over = [u for u in unposted if u.status == "resolved"]
    return [*urgent[KEPT_SEV0:], *plain[kept:]], over


async def _unseen(
    chat: Chat, conversation: str, over: Sequence[Unposted]
) -> list[Unposted]:
    """Return those that do not stand in the channel after all, from a lost answer.

    What stands there has to say that it ended. The rest of many waits for the next look.
    """
    tried = [u for u in over if u.tried][:LOOKED_UP]
    found = [u for u in tried if await chat.find(conversation, u.incident)]
    return [u for u in over if not u.tried or (u in tried and u not in found)]


def _ended(journal: Incident) -> list[str]:
    """Return which ended without a card since this message was first posted."""
    found: list[str] = []
    for event in journal.every(MoreShown):
        found += event.ended
        if not event.waiting:
            found.clear()
    return found


def _endpoints(means: Means, conversation: str) -> list[str]:
    named = means.watch.channels
    return [e.id for e in means.watch.endpoints if named[e.channel].id == conversation]


def _named(one: Unposted) -> Waiting:
    return Waiting(
        id=one.incident,
        severity=one.rank,
        kind=cast("Kind", one.group_key.removeprefix(f"{one.endpoint} ").split(" ")[0]),
        endpoint=one.endpoint.rsplit("/", 1)[-1],
    )


async def _place(
    chat: Chat,
    conversation: str,
    shown: MoreShown | None,
    message: Message,
    *,
    tried: bool,
) -> str:
    if shown is not None:
        try:
            await chat.update(conversation, shown.activity, message)
        except Gone:
            return await chat.post(conversation, message)
        return shown.activity
    found = await chat.find(conversation, message.key) if tried else None
    return found or await chat.post(conversation, message)


def _chat(means: Means) -> Chat:
    if means.chat is None:
        raise Impossible("this process does not speak in Teams")
    return means.chat
