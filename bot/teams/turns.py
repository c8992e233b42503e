"""Activities that passed the gate, read as turns. Pure.

What Teams sends: https://learn.microsoft.com/microsoftteams/platform/bots/
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from bot.commands.reading import overheard
from bot.incident import Actor
from bot.turns import (
    DialogAsked,
    DialogSent,
    Ignored,
    Installed,
    Pressed,
    Searched,
    Turn,
    Typed,
)

Activity: TypeAlias = Mapping[str, Any]
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_BLANKS = re.compile(r"[^\S\n]+")  # no-break and other Unicode blanks too
_ESCAPES = {"nbsp": " ", "lt": "<", "gt": ">", "quot": '"', "#39": "'", "amp": "&"}
_ESCAPE = re.compile(f"&({'|'.join(_ESCAPES)});")
_LONGEST_NAME = 100
_TAG = re.compile(r"</?at[^>]{0,100}>", re.IGNORECASE)
_ADDED = ("add", "add-upgrade")
_CHANNEL_MADE = ("channelCreated", "channelRestored", "channelShared")


class BadActivity(ValueError):
    """The activity has not the form that the protocol gives it."""


def read(activity: Activity, tenant: str) -> Turn | Ignored:
    """Return what `activity` means to us; `tenant` is ours, already checked.

    Raises BadActivity.
    """
    kind = _text(activity, "type")
    if not kind:
        raise BadActivity("no type")
    bot = _text(_maybe(activity, "recipient"), "id")
    if _text(_maybe(activity, "from"), "id").startswith("28:"):
        return Ignored(why="a bot's own words")
    if kind == "message":
        return _message(activity, bot, tenant)
    if kind == "invoke":
        return _invoke(activity, tenant)
    if kind in ("installationUpdate", "conversationUpdate"):
        return _installed(activity, bot)
    return Ignored(why=f"a {kind[:40]}")


# -- messages ----------------------------------------------------------------


def _message(activity: Activity, bot: str, tenant: str) -> Turn | Ignored:
    value = activity.get("value")
    if isinstance(value, Mapping):
        return _submitted(activity, value, tenant)
    mentions = _mentions(activity)
    to_us = any(who == bot for who, _ in mentions)
    alone = _part(activity, "conversation").get("conversationType") == "personal"
    text = _text(activity, "text")
    for who, words in mentions:
        text = text.replace(words, " " if who == bot else _named(words), 1)
    text = tidy(_TAG.sub(" ", text))  # one more, which no entity names, is a name
    # With the consent to look messages up, Teams sends us all that is said there.
    if not (to_us or alone or (not mentions and overheard(text))):
        return Ignored(why="a message to somebody else")
    return Typed(
        **_where(activity, tenant),
        activity=_text(activity, "id"),
        text=text,
        place=_place(activity),
    )


def _named(words: str) -> str:
    """Return whom a mention names, without its tags."""
    return _TAG.sub("", words)[:_LONGEST_NAME]


def tidy(text: str) -> str:
    """Return `text` as typed: Teams' escapes undone, every blank a plain one.

    >>> tidy(" ack&nbsp;A-1   looking &amp; fixing ")
    'ack A-1 looking & fixing'
    """
    plain = _BLANKS.sub(" ", _ESCAPE.sub(lambda m: _ESCAPES[m[1]], text))
    return "\n".join(line.strip() for line in plain.splitlines()).strip()


def _mentions(activity: Activity) -> list[tuple[str, str]]:
    """Return (who, the words that say it) of each mention; junk is passed over."""
    entities = activity.get("entities")
    found = []
    for entity in entities if isinstance(entities, list) else []:
        if isinstance(entity, Mapping) and entity.get("type") == "mention":
            mentioned, words = entity.get("mentioned"), entity.get("text")
            if isinstance(mentioned, Mapping) and isinstance(words, str) and words:
                found.append((str(mentioned.get("id", "")), words))
    return found


def _submitted(activity: Activity, value: Activity, tenant: str) -> Turn | Ignored:
    """Read Action.Submit: what clients send that do not know Action.Execute."""
    data = _data(value)
    if not data.get("verb"):
        return Ignored(why="a button that is not ours")
    return Pressed(**_clicked(activity, tenant), data=data, verb=data["verb"])


# -- invokes -----------------------------------------------------------------


def _invoke(activity: Activity, tenant: str) -> Turn:
    readers: dict[str, Callable[[Activity, str], Turn]] = {
        "adaptiveCard/action": _executed,
        "task/fetch": _dialog_asked,
        "task/submit": _dialog_sent,
        "composeExtension/query": _searched,
    }
    reader = readers.get(_text(activity, "name"))
    if reader is None:
        raise BadActivity("an invoke that we do not offer")
    return reader(activity, tenant)


def _executed(activity: Activity, tenant: str) -> Pressed:
    value = _part(activity, "value")
    action = _part(value, "action")
    verb, trigger = _text(action, "verb"), value.get("trigger", "manual")
    if not verb or trigger not in ("manual", "automatic"):
        raise BadActivity("no verb, or an unknown trigger")
    data = _data(_part(action, "data") if "data" in action else {})
    return Pressed(**_clicked(activity, tenant), data=data, verb=verb, trigger=trigger)


def _dialog_asked(activity: Activity, tenant: str) -> DialogAsked:
    data = _data(_part(_part(activity, "value"), "data"))
    verb = data.get("verb", "")
    return DialogAsked(**_clicked(activity, tenant), data=data, verb=verb)


def _dialog_sent(activity: Activity, tenant: str) -> DialogSent:
    data = _data(_part(_part(activity, "value"), "data"))
    verb = data.get("verb", "")
    return DialogSent(**_clicked(activity, tenant), data=data, verb=verb)


def _searched(activity: Activity, tenant: str) -> Searched:
    value = _part(activity, "value")
    if value.get("commandId") != "findEvidence":
        raise BadActivity("a search that we do not offer")
    asked = value.get("parameters")
    texts = [
        _text(p, "value")
        for p in (asked if isinstance(asked, list) else [])
        if isinstance(p, Mapping) and p.get("name") == "text"
    ]
    words = tidy(texts[0])[:_LONGEST_NAME] if texts else ""
    return Searched(
        **_where(activity, tenant), activity=_text(activity, "id"), text=words
    )


def _data(value: Activity) -> dict[str, str]:
    """Return what a client sends with a button, as text; what is no scalar is lost."""
    found = {}
    for name, each in value.items():
        if isinstance(each, bool):
            found[name] = "true" if each else "false"
        elif isinstance(each, str | int | float):
            found[name] = str(each)
    return found


# -- installation ------------------------------------------------------------


def _installed(activity: Activity, bot: str) -> Installed | Ignored:
    data = _maybe(activity, "channelData")
    if activity.get("type") == "installationUpdate":
        came = activity.get("action") in _ADDED
    else:
        members = activity.get("membersAdded")
        added = members if isinstance(members, list) else []
        ids = [m.get("id") for m in added if isinstance(m, Mapping)]
        came = (bool(bot) and bot in ids) or data.get("eventType") in _CHANNEL_MADE
    if not came:
        return Ignored(why="a change that brings us to no new place")
    return _place(activity)


def _place(activity: Activity) -> Installed:
    """Return the place that an activity comes from, and how to speak there."""
    data = _maybe(activity, "channelData")
    conversation = {**_part(activity, "conversation")}
    conversation["id"] = _conversation(activity)[0]
    channel, team = _maybe(data, "channel"), _maybe(data, "team")
    if data.get("eventType") in _CHANNEL_MADE and _text(channel, "id"):
        conversation["id"] = _text(channel, "id")
    return Installed(
        conversation=conversation["id"],
        reference={
            "serviceUrl": _text(activity, "serviceUrl"),
            "channelId": _text(activity, "channelId"),
            "bot": {**_part(activity, "recipient")},
            "conversation": conversation,
            "team": {k: v for k, v in team.items() if isinstance(v, str)},
        },
        team=_text(team, "id"),
        name=_text(channel, "name"),
        person=_alone(activity, conversation),
    )


def _alone(activity: Activity, conversation: Activity) -> str:
    """Return the account whose personal chat it is, "" elsewhere."""
    account = _text(_maybe(activity, "from"), "aadObjectId").lower()
    personal = conversation.get("conversationType") == "personal"
    return account if personal and _GUID.fullmatch(account) else ""


# -- parts -------------------------------------------------------------------


def _clicked(activity: Activity, tenant: str) -> dict[str, Any]:
    return {
        **_where(activity, tenant),
        "activity": _text(activity, "replyToId"),
        "id": _text(activity, "id"),
    }


def _where(activity: Activity, tenant: str) -> dict[str, Any]:
    """Return actor, conversation and thread of an activity."""
    sender = _part(activity, "from")
    account = _text(sender, "aadObjectId").lower()
    if not _GUID.fullmatch(account):
        raise BadActivity("the sender has no Entra account")
    conversation, thread = _conversation(activity)
    name = _text(sender, "name")[:_LONGEST_NAME]
    return {
        "actor": Actor(tenant=tenant.lower(), id=account, name=name),
        "conversation": conversation,
        "thread": thread,
    }


def _conversation(activity: Activity) -> tuple[str, str]:
    base, _, thread = _text(_part(activity, "conversation"), "id").partition(
        ";messageid="
    )
    if not base:
        raise BadActivity("no conversation")
    return base, thread


def _part(activity: Activity, name: str) -> Activity:
    found = activity.get(name)
    if not isinstance(found, Mapping):
        raise BadActivity(f"{name} is not an object")
    return found


def _maybe(activity: Activity, name: str) -> Activity:
    """Return an object that decides nothing; an empty one for whatever else is there."""
    found = activity.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(activity: Activity, name: str) -> str:
    """Return a text; "" when it is missing or null. BadActivity for anything else."""
    found = activity.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise BadActivity(f"{name} is not a text")
    return found
