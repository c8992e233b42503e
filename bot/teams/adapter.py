"""botbuilder's turn, without the parts of its adapter that do not hold.

Its CloudAdapter serialises the answer of an invoke twice, which ends every
Action.Execute with a body in a 500, and it checks tokens by rules that are not enough.
Here a turn begins behind our own gate, and its answer is JSON already.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn

from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, Attachment
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
)

from bot.ports import Card, Impossible, Unavailable
from bot.teams.account import CONNECTOR_SCOPE, Account
from bot.teams.answers import CARD
from bot.teams.clients import Clients
from bot.teams.marks import plain
from bot.teams.wire import Answered, Lost, NotSent

log = logging.getLogger(__name__)
# All that the SDK has to know to answer. What else Teams sent is read by ourselves: the
# SDK's models stumble over what people can put into entities, value and channelData.
_KNOWN = ("type", "id", "name", "channelId", "serviceUrl", "replyToId", "locale")


class _Closed(BotFrameworkAuthentication):  # type: ignore[misc]  # untyped
    """The SDK's own ways in, shut: only our gate lets anybody in."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def authenticate_request(self, activity: Any, auth_header: str) -> NoReturn:
        raise PermissionError("tokens are checked by the gate")

    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> NoReturn:
        raise PermissionError("streaming is not offered")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> Clients:
        return self._clients

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        """Nobody signs in through this bot."""


class Adapter(CloudAdapterBase):  # type: ignore[misc]  # untyped
    """Runs one turn of an activity that the gate let in."""

    def __init__(self, account: Account, clients: Clients) -> None:
        super().__init__(_Closed(clients))
        self._account, self._clients = account, clients

    async def turn(
        self,
        activity: Mapping[str, Any],
        logic: Callable[[TurnContext], Awaitable[None]],
    ) -> dict[str, Any] | None:
        """Return the body that `logic` gave to `invoke_answer`, None without one."""
        let_in = AuthenticateRequestResult()
        let_in.audience = CONNECTOR_SCOPE
        let_in.claims_identity = self.create_claims_identity(self._account.app_id)
        let_in.connector_factory = self._clients
        answer = await self.process_activity(let_in, _known(activity), logic)
        return answer.body if isinstance(answer, InvokeResponse) else None


def _known(activity: Mapping[str, Any]) -> Activity:
    known = {n: activity[n] for n in _KNOWN if isinstance(activity.get(n), str)}
    for part in ("from", "recipient", "conversation"):
        found = activity.get(part)
        found = found if isinstance(found, Mapping) else {}
        known[part] = {n: v for n, v in found.items() if isinstance(v, str)}
    return Activity().deserialize(known)


async def invoke_answer(context: TurnContext, body: dict[str, Any]) -> None:
    """Answer an invoke with `body` as it stands."""
    response = InvokeResponse(status=200, body=plain(body))
    await context.send_activity(
        Activity(type=ActivityTypes.invoke_response, value=response)
    )


async def reply(context: TurnContext, text: str = "", card: Card | None = None) -> None:
    """Reply to the activity, once: what must not be lost is the outbox's business."""
    attachments = [Attachment(content_type=CARD, content=plain(card))] if card else []
    message = Activity(
        type=ActivityTypes.message,
        text=text or None,
        text_format="plain",
        attachments=attachments,
    )
    try:
        await context.send_activity(message)
    except (Answered, NotSent, Lost, Unavailable, Impossible) as error:
        log.warning("a reply was not sent: %s", error)
