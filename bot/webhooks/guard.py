"""How the HTTP server is served: time-outs that aiohttp lacks, and a log without secrets.

aiohttp waits for the rest of a request's head as long as for an idle connection, an
hour by default; closing idle connections early instead would break the proxies before
us, whose next request would be lost. So the time runs from the first byte of a head,
and from the end of the head for the body.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple, TypeAlias, TypeGuard

from aiohttp import HttpVersion11, StreamReader, hdrs, web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError

from bot.webhooks import lines
from bot.webhooks.room import HEAD_MOST, READ_MOST, NoRoom, Room

HEAD_S = 10.0
BODY_S = 18.0  # over the door's own limit, which answers 408
_IDLE_S = 300.0  # between requests: longer than the proxies before us wait
_SWEEP_S = 1.0
_FINISH_S = 15.0  # told to stop: for the requests under way
_LINGER_S = 2.0  # in which a refused body may still run into the void

_Next: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_HOW = {
    "access_log_class": lines.PathOnly,
    "logger": lines.server_log,
    "auto_decompress": False,  # a bomb is refused by its header, never inflated
    "lingering_time": _LINGER_S,
    "keepalive_timeout": _IDLE_S,
    "read_bufsize": READ_MOST,  # bytes of a body that nobody has asked for yet
}
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"
    b"Content-Type: application/json; charset=utf-8\r\nContent-Length: 33\r\n\r\n"
    b'{"error": "the head is too long"}'
)


class Connection(web.RequestHandler):
    """aiohttp's connection, with deadlines, and a short road for plain requests.

    The way to a handler costs aiohttp more than all that we do with an alert. So its
    parser is asked, but its machinery is woken only for what the short road leaves.

    What is no HTTP is not read back, as aiohttp would: a line that cannot be read may
    hold a secret, and after a proxy another's.
    """

    def __init__(self, guard: "Guard", server: web.Server, **how: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **how)
        self._guard = guard
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
        self.deadline = self._loop.time() + self._guard.head_s
        self._guard.connections.add(self)
        transport.max_size = READ_MOST  # type: ignore[attr-defined]  # of asyncio: 256 KB
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if data and (self.request is None or self.request.content.is_eof()):
            if self.deadline is None and self.request is None:
                self.deadline = self._loop.time() + self._guard.head_s
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
        self._guard.room.hold(self, size, self._loop.time(), whole=whole)

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
        self._guard.connections.discard(self)
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
        self.deadline = self._loop.time() + self._guard.body_s

    def ended(self) -> None:
        """Note that the answer is made: a head that came meanwhile has a deadline."""
        self.request, self._crowded = None, False
        waiting = len(self._messages)
        if not waiting:
            self._answered = self._body
        if self.held:  # of several requests, each is taken to be as large
            self._hold(self.held * waiting // (waiting + 1))
        self.deadline = self._loop.time() + self._guard.head_s if self._begun else None

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
        short = self._guard.short if len(self._messages) == 1 else None
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
        self._next_keepalive_close_time = self._loop.time() + _IDLE_S
        self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        self._taking = None
        self._next()


class Answer(NamedTuple):
    """What the short road says: head and body as they are written, and for the log."""

    written: bytes
    path: str
    status: int


Short: TypeAlias = Callable[[RawRequestMessage, bytes, Callable[[Answer], None]], bool]
"""Takes a request that came whole, or returns False and leaves it to the ordinary road.

What is taken is answered later, once, by calling what was given. Never raises.
"""


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


class Guard:
    """Serves an application and closes the connections of slow clients.

    Use: `guard = Guard(app)`, `await guard.start(host, port)`, `await guard.stop()`.
    Plain requests that `short` answers never reach the application.
    """

    def __init__(
        self,
        app: web.Application,
        short: Short | None = None,
        *,
        head_s: float = HEAD_S,
        body_s: float = BODY_S,
    ) -> None:
        self.short = short
        self.head_s, self.body_s = head_s, body_s
        self.connections: set[Connection] = set()
        self.room = Room()
        self.port = 0  # where it listens
        self._sweeping: asyncio.Task[None] | None = None
        self._listening: asyncio.Server | None = None
        self._lines = lines.Spared()
        app.middlewares.insert(0, self._deadlines())
        self._runner = web.AppRunner(app, shutdown_timeout=_FINISH_S)

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port; with 0 the system chooses it."""
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the application has no server")
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: Connection(self, server, **_HOW), host, port, backlog=1024
        )
        self._sweeping = loop.create_task(self._sweep())
        self._lines.begin()
        self.port = self._listening.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Take no more connections, let requests end, then close all."""
        if self._listening is not None:
            self._listening.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._lines.end()
        await self._runner.cleanup()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(_SWEEP_S, self.head_s / 4))
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.connections):
                connection.close_if_late(now)
            self._lines.sum_up(time.time())

    def _deadlines(self) -> Any:
        @web.middleware
        async def deadlines(request: web.Request, handler: _Next) -> web.StreamResponse:
            connection = request.protocol
            if not isinstance(connection, Connection):
                return await handler(request)
            connection.started(request)
            try:
                return await handler(request)
            finally:
                connection.ended()

        return deadlines
