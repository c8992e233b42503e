"""Keep the incident's one message true, and tell its thread what an edit cannot."""

from dataclasses import replace
from datetime import datetime, timedelta

import cards
from bot.incident import (
    AlertReceived,
    CardLost,
    CardShown,
    EvidenceCollected,
    Incident,
    Replied,
    Reply,
    ShowCard,
    SignalsEvaluated,
)
from bot.ports import Chat, Gone, Impossible, Message
from bot.store import Due, Leader
from bot.watch import Channel
from bot.worker.means import Means, record
from cards import replies

QUIET = (CardShown, Replied)  # events that change nothing on the card


async def show(means: Means, due: Due, effect: ShowCard, leader: Leader) -> None:
    """Post the card or bring it up to date; nothing when it already is."""
    incident = await means.incident(due)
    if incident.card and _current(incident, incident.card):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    channel = _channel(means, incident)
    _gathered(means, incident)
    rendered = cards.show(means.view(incident))
    message = Message(card=rendered.card, summary=rendered.summary, key=incident.id)
    try:
        activity = await _place(_chat(means), incident, channel, message, due.attempts)
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


async def _place(
    chat: Chat, incident: Incident, channel: str, message: Message, attempts: int
) -> str:
    """Return the id of the message that now shows the card.

    An earlier attempt may have arrived although its answer did not: look before posting.
    """
    activity = incident.card.activity if incident.card else None
    if activity is None and attempts:
        activity = await chat.find(channel, message.key)
    if activity is None:
        return await chat.post(channel, message)
    await chat.update(channel, activity, message)
    return activity


def _gathered(means: Means, incident: Incident) -> None:
    """Raise NotYet while more alerts are waited for before anything is said."""
    channel = means.watch.channels[means.endpoint(incident).channel]
    until = quiet_until(incident, channel)
    if until is not None and means.clock() < until:
        raise NotYet("more alerts may belong to it", until)


def quiet_until(incident: Incident, channel: Channel) -> datetime | None:
    """Return until when nothing is said of an incident; None: it is said at once."""
    if incident.severity == 0:
        return None
    if incident.card is None:
        return incident.opened_at + timedelta(seconds=channel.group_wait_s)
    shown = incident.history[: incident.card.revision]
    later = incident.history[incident.card.revision :]
    kinds = (*QUIET, AlertReceived, SignalsEvaluated, EvidenceCollected)
    known = any(isinstance(e, SignalsEvaluated) for e in shown)
    found = any(isinstance(e, SignalsEvaluated) for e in later)
    before = replace(incident, history=shown)
    if (
        not all(isinstance(e, kinds) for e in later)
        or (found and not known)
        or before.status != incident.status
        or before.severity > incident.severity
    ):
        return None
    return incident.card.at + timedelta(seconds=channel.group_interval_s)


def _current(incident: Incident, card: CardShown) -> bool:
    later = incident.history[card.revision :]
    return all(isinstance(event, QUIET) for event in later)


async def reply(means: Means, due: Due, effect: Reply, leader: Leader) -> None:
    """Say one line below the card, once; the card has to stand there first."""
    incident = await means.incident(due)
    if any(e.seq == effect.seq for e in incident.every(Replied)):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    if incident.card is None:
        raise NotYet("the card is not posted")
    chat, channel = _chat(means), incident.card.conversation
    key = f"{incident.id}/{effect.seq}"
    text = replies.line(means.view(incident), incident.history[effect.seq - 1])
    activity = await chat.find(channel, key, text) if due.attempts else None
    if activity is None:
        message = Message(text=text, summary=text, key=key)
        activity = await chat.post(channel, message, incident.card.activity)
    said = Replied(at=means.clock(), seq=effect.seq, activity=activity)
    await record(means, incident.id, lambda _: (said,), leader, done=due.id)


class NotYet(Exception):
    """Something else has to happen first; not a failure. `until`: when, if known."""

    def __init__(self, reason: str, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.until = until


def _chat(means: Means) -> Chat:
    if means.chat is None:
        raise Impossible("this process does not speak in Teams")
    return means.chat


def _channel(means: Means, incident: Incident) -> str:
    if incident.card:
        return incident.card.conversation
    return means.watch.channels[means.endpoint(incident).channel].id
