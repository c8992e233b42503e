"""Keep the incident's one message true, and tell its thread what an edit cannot."""

from contextlib import suppress
from dataclasses import replace

import cards
from bot.incident import (
    AlertReceived,
    CardLost,
    CardShown,
    Escalated,
    Incident,
    RemoveCopy,
    Replied,
    Reply,
    ShowCard,
)
from bot.ports import Chat, Gone, Impossible, Message, TooBig
from bot.store import Due, Leader
from bot.worker.hush import QUIET, NotYet, hushed
from bot.worker.means import Means, record
from cards import reminder, replies
from cards.frame import smaller


async def show(means: Means, due: Due, effect: ShowCard, leader: Leader) -> None:
    """Post the card or bring it up to date; nothing when it already is."""
    incident = await means.incident(due)
    if incident.card and _current(incident, incident.card):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    if await hushed(means, incident, leader):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    incident = await means.incident(due)  # a reason may have been recorded
    channel = _channel(means, incident)
    rendered = cards.show(means.view(incident))
    message = Message(card=rendered.card, summary=rendered.summary, key=incident.id)
    chat = _chat(means)
    tried = await means.store.outbox.tried_before(due)
    try:
        try:
            activity = await _place(chat, incident, channel, message, tried=tried)
        except TooBig:
            few = smaller(rendered, means.links.evidence(incident.id))
            message = replace(message, card=few.card)
            activity = await _place(chat, incident, channel, message, tried=tried)
    except Gone:
        if incident.card is None:
            raise
        lost = CardLost(at=means.clock(), activity=incident.card.activity)
        await record(means, incident.id, lambda _: (lost,), leader, done=due.id)
        return
    shown = CardShown(
        at=means.clock(),
        conversation=channel,
        activity=activity,
        revision=incident.revision,
    )
    await record(means, incident.id, lambda _: (shown,), leader, done=due.id)


async def _edited(
    chat: Chat, channel: str, activity: str, message: Message, *, tried: bool
) -> None:
    """Edit the card; where Teams will not have that, say below it what it should say.

    Once: the answer to an earlier attempt may have been lost.
    """
    try:
        await chat.update(channel, activity, message)
    except (Gone, TooBig):
        raise
    except Impossible as error:
        words = f"The card above could not be updated ({error}) It is now: {message.summary}."
        key = f"{message.key}/not edited"
        if not (tried and await chat.find(channel, key, words)):
            said = Message(text=words, summary=words, key=key)
            await chat.post(channel, said, activity)


async def _place(
    chat: Chat, incident: Incident, channel: str, message: Message, *, tried: bool
) -> str:
    """Return the id of the message that now shows the card.

    An earlier attempt may have arrived although its answer did not: look before posting.
    """
    activity = incident.card.activity if incident.card else None
    if activity is None and tried:
        activity = await chat.find(channel, message.key)
    if activity is None:
        return await chat.post(channel, message)
    await _edited(chat, channel, activity, message, tried=tried)
    return activity


def _current(incident: Incident, card: CardShown) -> bool:
    later = incident.history[card.revision :]
    return all(isinstance(event, QUIET) for event in later)


async def reply(means: Means, due: Due, effect: Reply, leader: Leader) -> None:
    """Say one line below the card, once; the card has to stand there first."""
    incident = await means.incident(due)
    if any(e.seq == effect.seq for e in incident.every(Replied)):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    if incident.card is None and incident.quiet and incident.status == "resolved":
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return  # it ended without a card: there is no thread
    if incident.card is None:
        raise NotYet("the card is not posted")
    if _on_first_card(incident, effect.seq):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    chat, channel = _chat(means), incident.card.conversation
    key = f"{incident.id}/{effect.seq}"
    event = incident.history[effect.seq - 1]
    view = means.view(incident)
    over = isinstance(event, AlertReceived)  # all that is told of one: see consequences
    text = replies.left_open(view) if over else replies.line(view, event)
    activity = await chat.find(channel, key, text) if due.attempts else None
    if activity is None:
        message = Message(text=text, summary=text, key=key)
        if isinstance(event, Escalated):  # people are called by a mention, on a card
            called = reminder.render(view, event)
            message = Message(card=called.card, summary=called.summary, key=key)
        activity = await chat.post(channel, message, incident.card.activity)
    said = Replied(at=means.clock(), seq=effect.seq, activity=activity)
    await record(means, incident.id, lambda _: (said,), leader, done=due.id)


def _on_first_card(incident: Incident, seq: int) -> bool:
    """Return whether the card told it when it was posted: that notified everyone.

    Of the calls to people only the last is still of use, when the card came late.
    """
    first = next(iter(incident.every(CardShown)), None)
    if first is None or first.revision < seq:
        return False
    return incident.history[seq - 1] is not incident.last(Escalated)


async def remove(means: Means, due: Due, effect: RemoveCopy, leader: Leader) -> None:
    """Take the second copy of a card away; it may be gone already."""
    with suppress(Gone):
        await _chat(means).delete(effect.conversation, effect.activity)
    await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)


def _chat(means: Means) -> Chat:
    if means.chat is None:
        raise Impossible("this process does not speak in Teams")
    return means.chat


def _channel(means: Means, incident: Incident) -> str:
    if incident.card:
        return incident.card.conversation
    return means.watch.channels[means.endpoint(incident).channel].id
