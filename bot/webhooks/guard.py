"""How the HTTP server is served: time-outs that aiohttp lacks, and a log without secrets.

aiohttp waits for the rest of a request's head as long as for an idle connection, an
hour by default; closing idle connections early instead would break the proxies before
us, whose next request would be lost. So the time runs from the first byte of a head,
and from the end of the head for the body.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias, TypeGuard

from aiohttp import HttpVersion11, StreamReader, hdrs, web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError

HEAD_S = 10.0
BODY_S = 18.0  # over the door's own limit, which answers 408
_IDLE_S = 300.0  # between requests: longer than the proxies before us wait
_SWEEP_S = 1.0
_FINISH_S = 15.0  # told to stop: for the requests under way
_LINGER_S = 2.0  # in which a refused body may still run into the void

_log = logging.getLogger("bot.access")
_server_log = logging.getLogger("bot.server")
_Next: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _PathOnly(AbstractAccessLogger):
    """One line a request. The query may hold a secret and is left out."""

    @property
    def enabled(self) -> bool:
        return _log.isEnabledFor(logging.INFO)

    def log(
        self, request: web.BaseRequest, response: web.StreamResponse, time: float
    ) -> None:
        _tell(request.method, request.path, response.status, time)


def _tell(method: str, path: str, status: int, seconds: float) -> None:
    _log.info("%s %r %s %.1f ms", method, path, status, seconds * 1e3)


_HOW = {
    "access_log_class": _PathOnly,
    "logger": _server_log,
    "auto_decompress": False,  # a bomb is refused by its header, never inflated
    "lingering_time": _LINGER_S,
    "keepalive_timeout": _IDLE_S,
}


def _plainly(record: logging.LogRecord) -> bool:
    """Make one line of what is no HTTP: a stranger's bytes are no error of ours.

    aiohttp logs a stack trace for each, with up to 8 KB of what was sent.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = "no HTTP came: %s", (type(error).__name__,)
        record.exc_info = record.exc_text = None
    return True


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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.deadline = self._loop.time() + self._guard.head_s
        self._guard.connections.add(self)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if data and (self.request is None or self.request.content.is_eof()):
            if self.deadline is None and self.request is None:
                self.deadline = self._loop.time() + self._guard.head_s
            self._begun = True
        waiter, self._waiter = self._waiter, None  # sleep on while we look
        try:
            super().data_received(data)
        finally:
            self._waiter = waiter
        self._next()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio asks
        """Return whether an answer may still be due; asyncio would close at once.

        A client may close its side when it has asked. The deadlines go on.
        """
        super().eof_received()
        self._over = True
        if self.request is not None:
            return self.request.content.is_eof()
        return self._begun or self._taking is not None

    def connection_lost(self, exc: BaseException | None) -> None:
        self._guard.connections.discard(self)
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
        self.request = None
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
            if _log.isEnabledFor(logging.INFO) and self._taking is not None:
                took = self._loop.time() - self._taking
                _tell("POST", answer.path, answer.status, took)
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
        self._sweeping: asyncio.Task[None] | None = None
        self._listening: asyncio.Server | None = None
        _server_log.addFilter(_plainly)  # added once, however often
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
        found: int = self._listening.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Take no more connections, let requests end, then close all."""
        if self._listening is not None:
            self._listening.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
        await self._runner.cleanup()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(_SWEEP_S, self.head_s / 4))
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.connections):
                connection.close_if_late(now)

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
