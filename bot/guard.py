"""How the HTTP server is served: time-outs that aiohttp lacks, and a log without secrets.

aiohttp waits for the rest of a request's head as long as for an idle connection, an
hour by default; closing idle connections early instead would break the proxies before
us, whose next request would be lost. So the time runs from the first byte of a head,
and from the end of the head for the body.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
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
        _log.info(
            "%s %r %s %.1f ms",
            request.method,
            request.path,
            response.status,
            time * 1e3,
        )


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


class _Plain(web.RequestHandler):
    """aiohttp's own, but for its answer to what is no HTTP: that quotes what was sent.

    A line that cannot be read may hold a secret, and after a proxy another's.
    """

    __slots__ = ()

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


class _Watched(asyncio.Protocol):
    """A connection whose deadlines are kept; all else is its HTTP protocol's."""

    def __init__(self, inner: asyncio.Protocol, guard: "Guard") -> None:
        self._inner = inner
        self._guard = guard
        self._transport: asyncio.Transport | None = None
        self._begun = False  # of the next head, a byte is here
        self._over = False  # it sends no more, and may still wait for an answer
        self.request: web.Request | None = None
        self.deadline: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.deadline = self._guard.now() + self._guard.head_s
        self._guard.connections[transport] = self
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.request is None or self.request.content.is_eof():
            if self.deadline is None and self.request is None:
                self.deadline = self._guard.now() + self._guard.head_s
            self._begun = True
        self._inner.data_received(data)

    def eof_received(self) -> bool:
        """Return whether an answer may still be due; asyncio would close at once.

        A client may close its side when it has asked. The deadlines go on.
        """
        self._inner.eof_received()
        self._over = True
        if self.request is not None:
            return self.request.content.is_eof()
        return self._begun

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._guard.connections.pop(self._transport, None)
        self._inner.connection_lost(exc)

    def started(self, request: web.Request) -> None:
        """Note that a head is complete: now its body has a deadline."""
        if self._over and not request.content.is_eof() and self._transport:
            self._transport.abort()  # the rest of the body never comes
        self.request = request
        self._begun = False
        self.deadline = self._guard.now() + self._guard.body_s

    def ended(self) -> None:
        """Note that the answer is made: a head that came meanwhile has a deadline."""
        self.request = None
        self.deadline = self._guard.now() + self._guard.head_s if self._begun else None

    def close_if_late(self, now: float) -> None:
        if self._over and self.request is None and not self._begun and self._transport:
            self._transport.close()
        if self.deadline is None or now < self.deadline:
            return
        self.deadline = None
        done = self.request is not None and self.request.content.is_eof()
        if not done and self._transport is not None:
            self._transport.abort()


class Guard:
    """Serves an application and closes the connections of slow clients.

    Use: `guard = Guard(app)`, `await guard.start(host, port)`, `await guard.stop()`.
    """

    def __init__(
        self, app: web.Application, *, head_s: float = HEAD_S, body_s: float = BODY_S
    ) -> None:
        self.head_s, self.body_s = head_s, body_s
        self.connections: dict[Any, _Watched] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self._listening: asyncio.Server | None = None
        _server_log.addFilter(_plainly)  # added once, however often
        app.middlewares.insert(0, self._deadlines())
        self._how: dict[str, Any] = {
            "access_log_class": _PathOnly,
            "logger": _server_log,
            "auto_decompress": False,  # a bomb is refused by its header, never inflated
            "lingering_time": _LINGER_S,
            "keepalive_timeout": _IDLE_S,
        }
        self._runner = web.AppRunner(app, shutdown_timeout=_FINISH_S, **self._how)

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port; with 0 the system chooses it."""
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the application has no server")
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: _Watched(_Plain(server, loop=loop, **self._how), self),
            host,
            port,
            backlog=1024,
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
            for connection in tuple(self.connections.values()):
                connection.close_if_late(self.now())

    def _deadlines(self) -> Any:
        @web.middleware
        async def deadlines(request: web.Request, handler: _Next) -> web.StreamResponse:
            connection = self.connections.get(request.transport)
            if connection is None:
                return await handler(request)
            connection.started(request)
            try:
                return await handler(request)
            finally:
                connection.ended()

        return deadlines
