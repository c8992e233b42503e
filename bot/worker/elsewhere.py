"""What the channel cannot be told: the owner's personal chat, then a Workflows address.

An escalation to risk goes the same road, to the risk channel.
"""

import logging

from bot.incident import (
    EffectParked,
    Escalated,
    Event,
    Incident,
    TellOwner,
    ToldElsewhere,
)
from bot.ports import Ambiguous, Impossible, Message, Unavailable
from bot.store import Due, Leader
from bot.worker.means import Means, record
from cards import parked, reminder
from cards.view import Rendered

log = logging.getLogger(__name__)


async def tell(means: Means, due: Due, effect: TellOwner, leader: Leader) -> None:
    """Tell it once, by the first way that works, and record which it was."""
    incident = await means.incident(due)
    event = incident.history[effect.seq - 1]
    told_before = any(e.seq == effect.seq for e in incident.every(ToldElsewhere))
    if told_before or (_late(event) and incident.card is not None):
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    told = await _told(means, incident, event, effect.seq, due.attempts)
    await record(means, incident.id, lambda _: (told,), leader, done=due.id)


async def _told(
    means: Means, incident: Incident, event: Event, seq: int, attempts: int
) -> ToldElsewhere:
    shown = _shown(means, incident, event)
    key = f"{incident.id}/told/{seq}"
    message = Message(card=shown.card, summary=shown.summary, key=key)
    try:
        said = await _in_teams(means, incident, event, message, attempts)
    except Unavailable:  # of a card that Teams does not take: not for that
        if not (_late(event) and means.workflow):
            raise
        said = None
    if said:
        way, conversation, activity = said
        return ToldElsewhere(
            at=means.clock(),
            seq=seq,
            way=way,
            conversation=conversation,
            activity=activity,
        )
    if means.workflow and isinstance(event, EffectParked):
        try:
            await means.workflow.post(message)
        except Ambiguous:
            pass  # it may have been posted; to repeat it would say it twice
        except Impossible as error:
            log.error("%s could not be told anywhere: %s", incident.id, error)  # noqa: TRY400
            return ToldElsewhere(at=means.clock(), seq=seq, way="")
        return ToldElsewhere(at=means.clock(), seq=seq, way="workflow")
    log.error("%s could not be told anywhere: nobody can be reached", incident.id)
    return ToldElsewhere(at=means.clock(), seq=seq, way="")


async def _in_teams(
    means: Means, incident: Incident, event: Event, message: Message, attempts: int
) -> tuple[str, str, str] | None:
    """Return by which way it was said, where, and as which message; None: by none."""
    for way, conversation in await _ways(means, incident, event):
        if means.chat is None:
            break
        try:
            found = (
                await means.chat.find(conversation, message.key) if attempts else None
            )
            activity = found or await means.chat.post(conversation, message)
        except Impossible as error:
            log.warning("%s could not be told in a %s: %s", incident.id, way, error)
            continue
        return way, conversation, activity
    return None


async def _ways(
    means: Means, incident: Incident, event: Event
) -> list[tuple[str, str]]:
    """Return where it can be told, by name and conversation, the best way first."""
    if isinstance(event, Escalated):
        risk = means.watch.channels.get(means.watch.risk_channel)
        return [("channel", risk.id)] if risk else []
    if means.chat is None:
        return []
    found = []
    for account in means.view(incident).owner.accounts:
        try:
            found.append(("personal chat", await means.chat.personal(account)))
        except Impossible as error:
            log.warning("no chat with the owner of %s: %s", incident.id, error)
    return found


def _late(event: Event) -> bool:
    """Return whether it is told of a card that is still on its way."""
    return isinstance(event, EffectParked) and not event.for_good


def _shown(means: Means, incident: Incident, event: Event) -> Rendered:
    view = means.view(incident)
    if isinstance(event, Escalated):
        return reminder.render(view, event, elsewhere=True)
    return parked.render(view, event if isinstance(event, EffectParked) else None)
