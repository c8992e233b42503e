"""Looking a message up by its key, through Microsoft Graph.

Needs the resource-specific consent ChannelMessage.Read.Group in the team; without it we
cannot know, and a message of which the answer was lost may be posted twice.
https://learn.microsoft.com/graph/api/channel-list-messages
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from html import unescape
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.ports import Unavailable
from bot.teams.account import GRAPH_SCOPE, Account, origin
from bot.teams.credentials import Tokens
from bot.teams.marks import key_of

log = logging.getLogger(__name__)
_PAGES = 4  # of 50 threads, newest first: a look-up follows a send by minutes
_TIME_OUT = aiohttp.ClientTimeout(total=15)

_TAG = re.compile(r"<[^>]{0,500}>")


class Graph:
    """The messages of a channel, as they stand."""

    def __init__(
        self, account: Account, tokens: Tokens, session: aiohttp.ClientSession
    ) -> None:
        self._account, self._tokens, self._session = account, tokens, session

    async def find(
        self, team: str, channel: str, key: str, text: str = ""
    ) -> str | None:
        """Return the id of our message with `key`; None if there is none.

        A message without a card has no place for a key: it is known by its `text`.
        `team` is the id of the team's Entra group. Raises Unavailable.
        """
        base = self._account.graph_url.rstrip("/")
        path = f"{base}/v1.0/teams/{quote(team)}/channels/{quote(channel)}/messages"
        url = f"{path}?$top=50&$expand=replies"
        for _ in range(_PAGES):
            page = await self._get(url)
            for message in _messages(page):
                if self._ours(message, key, text):
                    return str(message["id"])
            url = str(page.get("@odata.nextLink", ""))
            if not url or origin(url) != origin(base):
                break
        return None

    def _ours(self, message: Mapping[str, Any], key: str, text: str) -> bool:
        if message.get("deletedDateTime"):
            return False
        sender = (message.get("from") or {}).get("application") or {}
        if sender.get("id") != self._account.app_id:
            return False
        cards = (a.get("content") for a in message.get("attachments") or ())
        if text and _plain(message.get("body") or {}) == " ".join(text.split()):
            return True
        return any(key_of(card) == key for card in cards)

    async def _get(self, url: str) -> dict[str, Any]:
        token = await self._tokens.get(GRAPH_SCOPE)
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with self._session.get(
                url, headers=headers, timeout=_TIME_OUT, allow_redirects=False
            ) as answer:
                if answer.status == HTTPStatus.OK:
                    return dict(json.loads(await answer.read()))
        except (aiohttp.ClientError, TimeoutError, ValueError, TypeError) as error:
            raise Unavailable(
                f"Microsoft Graph did not answer ({type(error).__name__})."
            ) from None
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.drop(token)
        if answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            log.warning("no look-up in this team: Graph answers %s", answer.status)
            return {}
        raise Unavailable(f"Microsoft Graph answered {answer.status}.")


def _plain(body: Mapping[str, Any]) -> str:
    """Return a message's words; Graph gives even plain text as HTML at times."""
    words = str(body.get("content", ""))
    if body.get("contentType") == "html":
        words = unescape(_TAG.sub(" ", words))
    return " ".join(words.split())


def _messages(page: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for root in page.get("value") or ():
        yield root
        yield from root.get("replies") or ()
