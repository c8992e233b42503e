"""One connection: deadlines that aiohttp lacks, and a short road for plain requests.

This file alone knows aiohttp from inside, which is therefore held at one minor version.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, TypeGuard

from aiohttp import HttpVersion11, StreamReader, hdrs, web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError

from bot.webhooks import lines
from bot.webhooks.room import HEAD_MOST, READ_MOST, NoRoom, Room

IDLE_S = 300.0  # between requests: longer than the proxies before us wait

_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"
    b"Content-Type: application/json; charset=utf-8\r\nContent-Length: 33\r\n\r\n"
    b'{"error": "the head is too long"}'
)


class Answer(NamedTuple):
    """What the short road says: head and body as they are written, and for the log."""

    written: bytes
    path: str
    status: int


Short: TypeAlias = Callable[[RawRequestMessage, bytes, Callable[[Answer], None]], bool]
"""Takes a request that came whole, or returns False and leaves it to the ordinary road.

What is taken is answered later, once, by calling what was given. Never raises.
"""


@dataclass(slots=True)
class Shared:
    """What all connections of one server know."""

    short: Short | None
    head_s: float  # from the first byte of a head to its end
    body_s: float  # from there to the end of the body
    room: Room = field(default_factory=Room)
    open: set["Connection"] = field(default_factory=set)


class Connection(web.RequestHandler):
    """aiohttp's connection, with deadlines, and a short road for plain requests.

    The way to a handler costs aiohttp more than all that we do with an alert. So its
    parser is asked, but its machinery is woken only for what the short road leaves.

    What is no HTTP is not read back, as aiohttp would: a line that cannot be read may
    hold a secret, and after a proxy another's.
    """

    def __init__(self, shared: Shared, server: web.Server, **how: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **how)
        self._shared = shared
        self._begun = False  # of the next head, a byte is here
        self._over = False  # it sends no more, and may still wait for an answer
        self._taking: float | None = None  # since when one is on the short road
        self._draining: asyncio.Task[None] | None = None
        self.request: web.BaseRequest | None = None
        self.deadline: float | None = None
        self.held = 0  # bytes of what is not whole yet; the room keeps it
        self.since = 0.0
        self._reading: asyncio.Timeout | None = None  # while somebody reads a body
        self._crowded = False  # there is no room for the body
        self._body: StreamReader | None = None  # of the newest request
        self._answered: StreamReader | None = None  # the same, once that is answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.deadline = self._loop.time() + self._shared.head_s
        self._shared.open.add(self)
        transport.max_size = READ_MOST  # type: ignore[attr-defined]  # of asyncio: 256 KB
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if data and (self.request is None or self.request.content.is_eof()):
            if self.deadline is None and self.request is None:
                self.deadline = self._loop.time() + self._shared.head_s
            self._begun = True
        void = self._refused()
        waiter, self._waiter = self._waiter, None  # sleep on while we look
        try:
            super().data_received(data)
        finally:
            self._waiter = waiter
        if not void:
            self._weigh(len(data))
        self._next()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio asks
        """Return whether an answer may still be due; asyncio would close at once.

        A client may close its side when it has asked. The deadlines go on.
        """
        super().eof_received()
        self._over = True
        if self.request is not None:
            return self.request.content.is_eof()
        return self._begun or self._taking is not None or bool(self._messages)

    def _weigh(self, size: int) -> None:
        """Note what came, unless it makes one request whole: that is answered soon."""
        if self._messages:
            self._body = self._messages[-1][1]
        waiting = len(self._messages) + (self.request is not None)
        answered = not waiting and self._body is self._answered
        if self._crowded:
            return
        whole = self._body is not None and self._body.is_eof()
        if whole and waiting <= 1 and not answered:
            if self.held:
                self._hold(self.held, whole=True)
        elif size:
            self._hold(self.held + size)
        if answered and self.held > HEAD_MOST and self.transport is not None:
            self.transport.write(_TOO_LONG)
            self.force_close()

    def _refused(self) -> bool:
        """Return whether what comes is the rest of a body whose request is answered."""
        body = self._answered
        return body is not None and body is self._body and not body.is_eof()

    def _hold(self, size: int, *, whole: bool = False) -> None:
        self._shared.room.hold(self, size, self._loop.time(), whole=whole)

    def let_go(self) -> None:
        """Have the caller come again: by a word, where a body is or will be read."""
        waiting = len(self._messages) + (self.request is not None)
        if waiting > 1 or self._body is self._answered:
            self._abort()  # there is no one request that could be answered so
            return
        self._crowded = True
        if self._reading is not None and not self._reading.expired():
            self._reading.reschedule(self._loop.time())

    @asynccontextmanager
    async def reading(self, seconds: float) -> AsyncIterator[None]:
        """Let a body be read in `seconds`. Raises TimeoutError; of that NoRoom."""
        if self._crowded:
            raise NoRoom
        try:
            async with asyncio.timeout(seconds) as self._reading:
                yield
        except TimeoutError:
            if self._crowded:
                raise NoRoom from None
            raise
        finally:
            self._reading = None

    def connection_lost(self, exc: BaseException | None) -> None:
        self._shared.open.discard(self)
        self._hold(0)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        answer = super().handle_error(request, status, exc, message)
        if not isinstance(exc, HttpProcessingError):
            return answer
        plain = web.json_response({"error": "this is no HTTP"}, status=answer.status)
        plain.force_close()
        return plain

    def started(self, request: web.BaseRequest | None) -> None:
        """Note that a head is complete: now its body has a deadline."""
        if self._over and request is not None and not request.content.is_eof():
            self._abort()  # the rest of the body never comes
        self.request = request
        self._begun = False
        self.deadline = self._loop.time() + self._shared.body_s

    def ended(self) -> None:
        """Note that the answer is made: a head that came meanwhile has a deadline."""
        self.request, self._crowded = None, False
        waiting = len(self._messages)
        if not waiting:
            self._answered = self._body
        if self.held:  # of several requests, each is taken to be as large
            self._hold(self.held * waiting // (waiting + 1))
        self.deadline = self._loop.time() + self._shared.head_s if self._begun else None

    def close_if_late(self, now: float) -> None:
        if self._taking is not None:
            return
        if self._over and self.transport is not None and self._idle():
            self.transport.close()
        if self.deadline is None or now < self.deadline:
            return
        self.deadline = None
        if self.request is None or not self.request.content.is_eof():
            self._abort()

    def _idle(self) -> bool:
        return self.request is None and not self._begun and not self._messages

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _next(self) -> None:
        """Take a request the short road, or wake aiohttp's machinery for what is there."""
        waiter = self._waiter
        if waiter is None or waiter.done() or not self._messages:
            return
        if self._taking is not None:
            return
        message, payload = self._messages[0]
        short = self._shared.short if len(self._messages) == 1 else None
        if short is not None and _plain(message) and _whole(payload):
            body = b"".join(payload._buffer)  # noqa: SLF001 the ordinary road may follow
            if short(message, body, self._say):
                self._taking = self._loop.time()
                self.started(None)
                self._request_in_progress = True
                return
        waiter.set_result(None)

    def _say(self, answer: "Answer") -> None:
        """Write the short road's answer and go on with what came meanwhile.

        Later requests of this connection waited in aiohttp's queue, as they do for an
        ordinary one, and the end of the service waits for this one as well.
        """
        if self.transport is not None and self._parser:
            self.transport.write(answer.written)
            self._messages.popleft()
            self._parser.message_consumed()
            if lines.access_log.isEnabledFor(logging.INFO) and self._taking is not None:
                took = self._loop.time() - self._taking
                lines.tell("POST", answer.path, answer.status, took)
            if self.writing_paused:  # who reads nothing waits for himself
                self._draining = self._loop.create_task(self._drained())
                return
        self._said()

    async def _drained(self) -> None:
        with suppress(ConnectionError):
            await self._drain_helper()
        self._said()

    def _said(self) -> None:
        self.ended()
        self._next_keepalive_close_time = self._loop.time() + IDLE_S
        self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        self._taking = None
        self._next()


def _whole(payload: StreamReader) -> bool:
    return payload.is_eof() and payload.total_bytes > 0


def _plain(message: object) -> TypeGuard[RawRequestMessage]:
    """Return whether a request has nothing about it but a body of known length."""
    return (
        isinstance(message, RawRequestMessage)
        and message.method == hdrs.METH_POST
        and message.version == HttpVersion11
        and hdrs.EXPECT not in message.headers
        and not message.should_close
        and not message.upgrade
        and not message.chunked
        and not message.compression
    )
