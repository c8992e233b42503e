"""Answer what was typed, in the conversation where it was asked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Final, TypeAlias

import cards
from bot.commands import commands
from bot.commands.naming import incident_id
from bot.commands.span import window
from bot.incident import OPEN, Answer, Follow, Incident, Refused
from bot.ports import Chat, Gone, Impossible, Message, TooBig, Unavailable
from bot.store import Due, Leader
from bot.worker import looks
from bot.worker.digest import gather
from bot.worker.intake import CHANGE
from bot.worker.means import Forgotten, Means
from bot.worker.preview import preview
from cards import (
    alerts,
    approvals,
    digest,
    error,
    evidence,
    evidence_list,
    looking,
    unresolved,
)
from cards import help as help_card
from cards.frame import smaller
from cards.view import Rendered, View

About: TypeAlias = Mapping[str, str]
WEEK = timedelta(days=7)
YEAR = timedelta(days=366)
MOST = 200  # deliveries without an incident that are looked at
_MOST = 500  # incidents looked at


async def answer(means: Means, due: Due, effect: Answer, leader: Leader) -> None:
    """Post the answer once; after a doubtful attempt, look for it first.

    One that takes a while is announced, and then takes the announcement's place.
    """
    outbox = means.store.outbox
    if effect.alone:
        said = Answer(
            effect.asked_in, "", "text", await _apart(means, due, effect, leader)
        )
        await outbox.queue("", Follow(effect=said, due_at=means.clock()))
    else:
        await _answered(means, due, effect, leader)
    await outbox.finish(due.id, leader.role, fence=leader.epoch)


async def _apart(means: Means, due: Due, effect: Answer, leader: Leader) -> About:
    """Answer to one person alone; return what is said about it where it was asked."""
    name = effect.name or "You"
    try:
        chat = await _chat(means).personal(effect.alone)
        given = replace(effect, conversation=chat, reply_to="")
        await _answered(means, due, given, leader)
    except Impossible as error:
        why = f"not everybody here may see that, and in our own chat I cannot: {error}"
        return {"text": f"{name}: {why} Open me under Apps and ask there."}
    return {"text": f"{name}: the answer is in our own chat; not all here may see it."}


async def _answered(means: Means, due: Due, effect: Answer, leader: Leader) -> None:
    chat, key = _chat(means), f"answer/{due.id}"
    if due.attempts and await chat.find(effect.conversation, key) is not None:
        return
    asked = asyncio.create_task(render(means, effect.card, effect.about))
    try:
        place = await _announced(means, due, effect, leader, asked)
        await _said(chat, effect, await asked, key, place)
    finally:
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)


async def _announced(
    means: Means,
    due: Due,
    effect: Answer,
    leader: Leader,
    asked: "asyncio.Task[Rendered]",
) -> str:
    """Return the message that says what is looked up, "" when the answer was quick.

    It is on record before the answer comes: after a kill the same message is edited.
    """
    if effect.shown or (await asyncio.wait({asked}, timeout=means.patience_s))[0]:
        return effect.shown
    chat, key = _chat(means), f"answer/{due.id}/looking"
    place = await chat.find(effect.conversation, key) if due.attempts else None
    if place is None:
        name = effect.about.get("on", "").rsplit("/", 1)[-1]
        shown = looking.render(effect.card, name)
        message = Message(card=shown.card, summary=shown.summary, key=key)
        place = await chat.post(effect.conversation, message, effect.reply_to)
    noted = replace(effect, shown=place)
    await means.store.outbox.revise(due.id, noted, leader.role, fence=leader.epoch)
    return place


async def _said(
    chat: Chat, effect: Answer, shown: Rendered, key: str, place: str
) -> None:
    """Say it in `place`, or as a new message when there is none any more."""
    few = smaller(shown) if shown.card else shown
    for each in (shown, few):
        text = "" if each.card else each.text
        message = Message(
            text=text, card=each.card or None, summary=each.summary, key=key
        )
        try:
            if place:
                with suppress(Gone):
                    await chat.update(effect.conversation, place, message)
                    return
            await chat.post(effect.conversation, message, effect.reply_to)
        except TooBig:
            if each is few:
                raise
        else:
            return


def _chat(means: Means) -> Chat:
    if means.chat is None:
        raise Impossible("this process does not speak in Teams")
    return means.chat


async def render(means: Means, card: str, about: About) -> Rendered:
    """Return the card that answers a question, from what the store holds now."""
    try:
        return await _CARDS[card](means, about)
    except Refused as refused:
        return error.render(str(refused))
    except Forgotten as gone:
        return error.render(f"{gone} is no longer on the watch list.")
    except Unavailable as away:
        return error.render(f"{away} Ask again in a few minutes.")


# -- one a card -----------------------------------------------------------------------


async def _help(means: Means, about: About) -> Rendered:
    verb = about.get("verb", "")
    one = commands().get(verb)
    if one is None:
        rows = [(c.usage, c.does) for c in commands().values()]
        near = get_close_matches(verb, [*commands()], n=1, cutoff=0.6)
        meant = f" Did you mean {near[0]}?" if near else ""
        note = f"There is no command {verb[:40]}.{meant}" if verb else ""
        return help_card.render(rows, note or about.get("note", ""))
    return help_card.one(one.usage, one.does, one.examples, sorted(one.roles))


async def _text(means: Means, about: About) -> Rendered:
    return Rendered({}, about["text"], about["text"])


async def _error(means: Means, about: About) -> Rendered:
    asked, key = about.get("asked", ""), about.get("id", "")
    return error.render(about.get("reason", ""), asked=asked, id=key)


async def _alerts(means: Means, about: About) -> Rendered:
    endpoint = about.get("endpoint", "")
    wanted = endpoint.lower()
    if wanted == "unresolved":
        return await _unresolved(means)
    if wanted:
        _seen_from(means, about, wanted)
    views = [
        v
        for v in await _views(means, about, status=OPEN, limit=100)
        if not wanted or wanted == v.endpoint.name
    ]
    return alerts.render(views, means.clock(), wanted)


def _seen_from(means: Means, about: About, name: str) -> None:
    """Refuse a name that is none there: "nothing is open" would calm for no reason."""
    place = about.get("conversation", "")
    names = [e.name for e in means.watch.endpoints if means.watch.in_sight(e.id, place)]
    if name in names:
        return
    if key := incident_id(name):
        raise Refused(f"To see one incident: show {key}.")
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    there = ", ".join(names[:5]) or "none is watched here"
    hint = f'Did you mean "{near[0]}"?' if near else f"There is: {there}."
    raise Refused(f'No endpoint is called "{name[:40]}". {hint}')


async def _unresolved(means: Means) -> Rendered:
    """Answer what belongs to no watched endpoint; a mere change is nobody's to resolve."""
    listed = await means.store.unhandled(MOST)
    found = [(u.received_at, u.reason) for u in listed if not _mere_change(u.reason)]
    return unresolved.render(found, means.clock(), more=len(listed) == MOST)


def _mere_change(reason: str) -> bool:
    return all(part.startswith(CHANGE) for part in reason.split("; "))


async def _approvals(means: Means, about: About) -> Rendered:
    asked = _seen(means, about, await means.store.with_requests())
    waiting = [v for v in asked if v.waits_for_approval or v.retraining_waits]
    return approvals.render(waiting, means.clock())


async def _evidence(means: Means, about: About) -> Rendered:
    return evidence.render(await _view(means, about))


async def _evidence_list(means: Means, about: About) -> Rendered:
    """Answer what there is of a model or an endpoint, by its name."""
    wanted, now = about.get("model", "").lower(), means.clock()
    start, end = window(about.get("period", ""), now, WEEK, YEAR)
    place = about.get("conversation", "")
    here = [e for e in means.watch.endpoints if means.watch.in_sight(e.id, place)]
    named = {e.id for e in means.watch.of_model(wanted) if e in here}
    if not wanted or not named:
        known = ", ".join(sorted({e.name for e in here})[:5]) or "none is watched here"
        raise Refused(
            f'No model or endpoint is called "{wanted[:40]}". There is: {known}.'
        )
    views = await _views(means, about)
    found = [
        v
        for v in views
        if v.endpoint.id in named and start <= v.incident.opened_at < end
    ]
    pack = means.links.pack(wanted, start, end)
    return evidence_list.render(found, wanted, (start, end), now, pack)


async def _digest(means: Means, about: About) -> Rendered:
    return digest.render(await gather(means, about.get("conversation", "")))


async def _show(means: Means, about: About) -> Rendered:
    shown = cards.show(await _view(means, about))
    # A copy for reading: the incident's own message is the one place to act on it.
    still = {k: v for k, v in shown.card.items() if k not in ("actions", "refresh")}
    return Rendered(still, shown.summary, shown.text)


_CARDS: Final[Mapping[str, Callable[[Means, About], Awaitable[Rendered]]]] = {
    "help": _help,
    "text": _text,
    "error": _error,
    "alerts": _alerts,
    "approvals": _approvals,
    "dry_run": preview,
    "evidence": _evidence,
    "evidence_list": _evidence_list,
    "digest": _digest,
    "show": _show,
    "status": looks.show_status,
    "health": looks.show_health,
    "drift": looks.show_drift,
    "owner": looks.show_owner,
    "access": looks.show_access,
}


# -- what they show -------------------------------------------------------------------


async def _views(
    means: Means, about: About, *, status: tuple[str, ...] = (), limit: int = _MOST
) -> list[View]:
    """Return what the place where it was asked may see, the newest first."""
    place = about.get("conversation", "")
    keys = [
        listed.id
        for listed in await means.store.incidents(status=status, limit=limit)
        if means.watch.in_sight(listed.endpoint, place)
    ]
    found = [await means.store.load(key) for key in keys]
    return _seen(means, about, [i for i in found if i is not None])


def _seen(means: Means, about: About, found: list[Incident]) -> list[View]:
    place = about.get("conversation", "")
    seen = [i for i in found if means.watch.in_sight(i.endpoint, place)]
    return [means.view(i) for i in seen]


async def _view(means: Means, about: About) -> View:
    key = about.get("incident", "")
    found = await means.store.load(key)
    if found is None:
        raise Impossible(f"there is no incident {key}")
    return means.view(found)
