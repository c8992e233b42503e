"""A Workflows address of Teams (Power Automate): one way in, for when nothing else is left.

The address is a secret: it holds a signature. It is never logged or shown.
https://learn.microsoft.com/connectors/teams/#microsoft-teams-webhook
"""

from http import HTTPStatus

import aiohttp

from bot.ports import Ambiguous, Impossible, Message, Unavailable
from bot.teams.account import origin
from bot.teams.answers import CARD
from bot.teams.marks import plain
from bot.teams.wire import retry_after_of

_TIME_OUT = aiohttp.ClientTimeout(total=15, sock_connect=5)
_READING = ("Action.OpenUrl",)  # what else is on a card, nobody would answer there


class Webhook:
    """Implements `bot.ports.Workflow`."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        origin(url)  # ValueError for what we must not speak to
        self._url, self._session = url, session

    async def post(self, message: Message) -> None:
        card = {k: v for k, v in (message.card or {}).items() if k != "refresh"}
        card["actions"] = [a for a in card.get("actions", []) if a["type"] in _READING]
        content = {"contentType": CARD, "contentUrl": None, "content": plain(card)}
        body = {"type": "message", "attachments": [content]}
        try:
            async with self._session.post(
                self._url, json=body, timeout=_TIME_OUT, allow_redirects=False
            ) as answer:
                status, again = answer.status, retry_after_of(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise Unavailable("The workflow cannot be reached.") from None
        except (aiohttp.ClientError, TimeoutError):
            raise Ambiguous("The workflow did not answer.") from None
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Unavailable("The workflow asks us to slow down.", again)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Ambiguous(f"The workflow failed with {status}.")
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise Impossible(f"The workflow refuses the message ({status}).")
