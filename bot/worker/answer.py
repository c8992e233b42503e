"""Answer what was typed, in the conversation where it was asked."""

from collections.abc import Mapping

import cards
from bot.commands import commands
from bot.incident import OPEN, Answer
from bot.ports import Impossible, Message
from bot.store import Due, Leader
from bot.worker.means import Forgotten, Means
from bot.worker.months import months
from bot.worker.preview import preview
from cards import alerts, approvals, error, evidence
from cards import help as help_card
from cards.view import Rendered, View


async def answer(means: Means, due: Due, effect: Answer, leader: Leader) -> None:
    """Post the answer once; after a doubtful attempt, look for it first."""
    if means.chat is None:
        raise Impossible("this process does not speak in Teams")
    key = f"answer/{due.id}"
    found = await means.chat.find(effect.conversation, key) if due.attempts else None
    if found is None:
        shown = await render(means, effect.card, effect.about)
        text = "" if shown.card else shown.text
        message = Message(
            text=text, card=shown.card or None, summary=shown.summary, key=key
        )
        await means.chat.post(effect.conversation, message, effect.reply_to)
    await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)


async def render(  # noqa: PLR0911 one line a card
    means: Means, card: str, about: Mapping[str, str]
) -> Rendered:
    """Return the card that answers a question, from what the store holds now."""
    if card == "help":
        rows = [(c.usage, c.does) for c in commands().values()]
        return help_card.render(rows, about.get("note", ""))
    if card == "alerts":
        return await _alerts(means, about.get("endpoint", ""))
    if card == "text":
        return Rendered({}, about["text"], about["text"])
    if card == "error":
        return error.render(
            about.get("reason", ""),
            asked=about.get("asked", ""),
            id=about.get("id", ""),
        )
    if card == "evidence" and about.get("model"):
        return await months(means, about)
    if card in ("approvals", "dry_run"):
        return await _requests(means, card, about)
    view = await _view(means, about.get("incident", ""))
    if card == "evidence":
        return evidence.render(view)
    shown = cards.show(view)
    # A copy for reading: the incident's own message is the one place to act on it.
    still = {k: v for k, v in shown.card.items() if k not in ("actions", "refresh")}
    return Rendered(still, shown.summary, shown.text)


async def _alerts(means: Means, endpoint: str) -> Rendered:
    views: list[View] = []
    for listed in await means.store.incidents(status=OPEN, limit=100):
        incident = await means.store.load(listed.id)
        name = listed.endpoint.rsplit("/", 1)[-1]
        if incident is None or (endpoint and endpoint.lower() != name):
            continue
        try:
            views.append(means.view(incident))
        except Forgotten:
            continue
    return alerts.render(views, means.clock(), endpoint)


async def _requests(means: Means, card: str, about: Mapping[str, str]) -> Rendered:
    if card == "dry_run":
        return await preview(means, about)
    return approvals.render(await _waiting(means), means.clock())


async def _waiting(means: Means) -> list[View]:
    """Return the incidents with a request that can still be approved."""
    found: list[View] = []
    for incident in await means.store.with_requests():
        try:
            view = means.view(incident)
        except Forgotten:
            continue
        found += [view] if view.waits_for_approval or view.retraining_waits else []
    return found


async def _view(means: Means, incident: str) -> View:
    found = await means.store.load(incident)
    if found is None:
        raise Impossible(f"there is no incident {incident}")
    return means.view(found)
