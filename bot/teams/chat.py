"""The Chat port on the Bot Connector: post, update in place, find again."""

import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Protocol

from botbuilder.schema import (
    Activity,
    Attachment,
    ChannelAccount,
    ConversationAccount,
    ConversationParameters,
)
from msrest.exceptions import DeserializationError, SerializationError

from bot.ports import Ambiguous, Gone, Impossible, Message, TooBig, Unavailable
from bot.teams.account import Account
from bot.teams.answers import CARD
from bot.teams.clients import Clients
from bot.teams.graph import Graph
from bot.teams.marks import keyed, plain
from bot.teams.pace import Pace
from bot.teams.wire import Answered, Lost, NotSent

_MOST = 80 * 1024  # bytes in UTF-16; Teams stops at about 100 KB
# Microsoft asks to send these again. For a new message only the first two are known to
# have had no effect.
_REFUSED = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.TOO_MANY_REQUESTS)
_FINAL = {
    "BotNotInConversationRoster": "The bot was removed from that conversation.",
    "BotDisabledByAdmin": "An administrator has switched the bot off.",
    "ConversationBlockedByUser": "The person has blocked the bot.",
}


class References(Protocol):
    """Where `bot.turns.Installed.reference` is kept; `bot.store.Store` is one."""

    async def reference(self, key: str, /) -> Mapping[str, Any] | None:
        """Return the reference of the conversation `key`, or None."""


class TeamsChat:
    """Implements `bot.ports.Chat`. Safe to use from several tasks at once."""

    def __init__(
        self,
        account: Account,
        clients: Clients,
        references: References,
        graph: Graph | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._account, self._clients = account, clients
        self._references, self._graph = references, graph
        self._pace = pace or Pace()

    async def post(self, conversation: str, message: Message, thread: str = "") -> str:
        base, reference = await self._reference(conversation)
        target = (
            f"{base};messageid={thread}" if thread and _threaded(reference) else base
        )
        client = await self._clients.create(reference["serviceUrl"])
        body = self._activity(target, message)
        async with self._pace.turn(base):
            try:
                posted = await client.conversations.send_to_conversation(target, body)
            except Answered as answer:
                raise self._refused(base, answer, created=True) from None
            except NotSent:
                raise Unavailable(
                    "Teams cannot be reached; nothing was sent."
                ) from None
            except (Lost, DeserializationError):
                raise Ambiguous("Teams did not say whether it posted that.") from None
        if not posted or not posted.id:
            raise Ambiguous("Teams did not say which message it posted.")
        return str(posted.id)

    async def update(self, conversation: str, activity: str, message: Message) -> None:
        base, reference = await self._reference(conversation)
        client = await self._clients.create(reference["serviceUrl"])
        body = self._activity(base, message)
        body.id = activity
        async with self._pace.turn(base):
            try:
                await client.conversations.update_activity(base, activity, body)
            except Answered as answer:
                raise self._refused(base, answer, created=False) from None
            except (NotSent, Lost):
                raise Unavailable("Teams did not answer.") from None
            except DeserializationError:
                return  # a 2xx whose body nobody needs

    async def personal(self, account: str) -> str:
        _, reference = await self._reference(f"person/{account}")
        known = (reference.get("conversation") or {}).get("conversationType")
        if known == "personal":
            return str(reference["conversation"]["id"])
        client = await self._clients.create(reference["serviceUrl"])
        tenant = self._account.tenant
        wanted = ConversationParameters(
            is_group=False,
            bot=ChannelAccount(id=f"28:{self._account.app_id}"),
            members=[ChannelAccount(id=account)],
            tenant_id=tenant,
            channel_data={"tenant": {"id": tenant}},
        )
        try:
            opened = await client.conversations.create_conversation(wanted)
        except Answered as answer:
            raise self._refused(account, answer, created=False) from None
        except (NotSent, Lost, DeserializationError):
            raise Unavailable("Teams did not answer.") from None
        if not opened or not opened.id:
            raise Impossible("Teams opened no chat with that person.")
        return str(opened.id)

    async def delete(self, conversation: str, activity: str) -> None:
        base, reference = await self._reference(conversation)
        client = await self._clients.create(reference["serviceUrl"])
        async with self._pace.turn(base):
            try:
                await client.conversations.delete_activity(base, activity)
            except Answered as answer:
                raise self._refused(base, answer, created=False) from None
            except (NotSent, Lost):
                raise Unavailable("Teams did not answer.") from None

    async def find(self, conversation: str, key: str, text: str = "") -> str | None:
        base, reference = await self._reference(conversation)
        team = reference.get("team") or {}
        if self._graph is None or not key or not team.get("aadGroupId"):
            return None
        return await self._graph.find(str(team["aadGroupId"]), base, key, text)

    async def _reference(self, conversation: str) -> tuple[str, Mapping[str, Any]]:
        base = conversation.partition(";messageid=")[0]
        reference = await self._references.reference(base)
        if reference is None or not isinstance(reference.get("serviceUrl"), str):
            raise Impossible("The bot is not installed in that channel.")
        return base, reference

    def _activity(self, conversation: str, message: Message) -> Activity:
        card = keyed(plain(message.card), message.key) if message.card else None
        size = len(json.dumps(card, ensure_ascii=False).encode("utf-16-le"))
        if size + 2 * len(message.text) > _MOST:
            raise TooBig(f"The message is too big for Teams ({size // 1024} KB).")
        attachments = [Attachment(content_type=CARD, content=card)] if card else []
        try:
            return Activity(
                type="message",
                channel_id="msteams",
                from_property=ChannelAccount(id=f"28:{self._account.app_id}"),
                conversation=ConversationAccount(id=conversation),
                text=message.text or None,
                text_format="plain" if message.text else None,
                summary=message.summary or None,
                attachments=attachments,
            )
        except SerializationError:
            raise Impossible("The card is not JSON.") from None

    def _refused(self, base: str, answer: Answered, *, created: bool) -> Exception:
        """Return what a refusal means for a message that was `created` or edited."""
        status, again = answer.status, answer.retry_after
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            self._pace.hold(base, again or timedelta(seconds=1))
        if status in _REFUSED:
            return Unavailable("Teams asks us to slow down.", again)
        if status == HTTPStatus.UNAUTHORIZED:
            return Unavailable("Teams refused the bot's token twice.", again)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            if created:
                return Ambiguous(f"Teams failed with {status}; it may be posted.")
            return Unavailable(f"Teams failed with {status}.", again)
        return _final(answer)


def _final(answer: Answered) -> Impossible:
    """Return what a refusal means that no repetition will change."""
    if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return Gone("The message or conversation is no longer there.")
    if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooBig("The message is too big for Teams.")
    refused = f"Teams refuses the message ({answer.status} {answer.code}".strip() + ")."
    return Impossible(_FINAL.get(answer.code, refused))


def _threaded(reference: Mapping[str, Any]) -> bool:
    """Return whether the conversation has threads; a personal chat has none."""
    kind = (reference.get("conversation") or {}).get("conversationType", "channel")
    return bool(kind == "channel")
