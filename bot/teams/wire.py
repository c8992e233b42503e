"""How the SDK's Bot Connector client reaches the network: aiohttp, with a time limit.

Its own driver is `requests` in a thread: no limit for a whole answer, and it would be
left behind, still sending, when we stop waiting.
"""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from msrest.pipeline import AsyncHTTPSender, Response
from msrest.universal_http.async_abc import AsyncClientResponse
from yarl import URL

TOTAL_S = 15  # a call that drips one byte a second ends here
_CONNECT_S = 5
_MOST = 1024 * 1024  # bytes of an answer
_LONGEST = timedelta(hours=1)


class Answered(Exception):
    """The server refused. `code` is its word for why, "" if it gave none."""

    def __init__(
        self, status: int, code: str = "", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(f"{status} {code}".strip())
        self.status, self.code, self.retry_after = status, code, retry_after


class NotSent(Exception):
    """No connection came about: nothing was sent."""


class Lost(Exception):
    """The request was sent, or begun, and no whole answer came back."""


class _Answer(AsyncClientResponse):  # type: ignore[misc]  # msrest is untyped
    def __init__(
        self, request: Any, answer: aiohttp.ClientResponse, body: bytes
    ) -> None:
        super().__init__(request, answer)
        self.status_code, self.reason = answer.status, answer.reason
        self.headers = answer.headers
        self._body = body

    def body(self) -> bytes:
        return self._body


class Sender(AsyncHTTPSender):  # type: ignore[misc]  # msrest is untyped
    """Sends the SDK's requests; raises Answered, NotSent or Lost."""

    def __init__(
        self, session: aiohttp.ClientSession, total_s: float = TOTAL_S
    ) -> None:
        self._session = session
        self._limit = aiohttp.ClientTimeout(total=total_s, sock_connect=_CONNECT_S)

    async def __aexit__(self, *_: object) -> None:
        """The session is closed by its owner."""

    async def send(self, request: Any, **_: Any) -> Any:
        sent = request.http_request
        headers = {k: v for k, v in sent.headers.items() if k != "Content-Length"}
        try:
            async with self._session.request(
                sent.method,
                URL(sent.url, encoded=True),
                data=sent.data,
                headers=headers,
                timeout=self._limit,
                allow_redirects=False,
            ) as answer:
                body = await _whole(answer)
                if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
                    raise refusal(answer, body)
                return Response(request, _Answer(sent, answer, body))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Lost(type(error).__name__) from None


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        body += chunk
        if len(body) > _MOST:
            raise aiohttp.ClientPayloadError("the answer is too long")
    return bytes(body)


def refusal(answer: aiohttp.ClientResponse, body: bytes) -> Answered:
    """Return what the server said, with its error code and its Retry-After."""
    try:
        code = str(json.loads(body)["error"]["code"])[:80]
    except (ValueError, KeyError, TypeError):
        code = ""
    return Answered(answer.status, code, retry_after_of(answer))


def retry_after_of(answer: aiohttp.ClientResponse) -> timedelta | None:
    """Return how long the server asks us to wait, None when it does not say."""
    return retry_after(answer.headers.get("Retry-After", ""), datetime.now(UTC))


def retry_after(header: str, now: datetime) -> timedelta | None:
    """Return what a Retry-After header asks for, at most an hour; None for nonsense.

    >>> retry_after("7", datetime(2026, 11, 23, tzinfo=UTC))
    datetime.timedelta(seconds=7)
    """
    try:
        wait = timedelta(seconds=int(header))
    except (ValueError, OverflowError):
        try:
            wait = parsedate_to_datetime(header).astimezone(UTC) - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(wait, timedelta()), _LONGEST)
