"""How the HTTP server is served: time-outs that aiohttp lacks, and a log without secrets.

aiohttp waits for the rest of a request's head as long as for an idle connection, an
hour by default; closing idle connections early instead would break the proxies before
us, whose next request would be lost. So the time runs from the first byte of a head,
and from the end of the head for the body.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiohttp import web

from bot.webhooks import lines
from bot.webhooks.connection import IDLE_S, Connection, Shared, Short
from bot.webhooks.room import READ_MOST

HEAD_S = 10.0
BODY_S = 18.0  # over the door's own limit, which answers 408
_SWEEP_S = 1.0
_FINISH_S = 15.0  # told to stop: for the requests under way
_LINGER_S = 2.0  # in which a refused body may still run into the void

_Next: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_HOW = {
    "access_log_class": lines.PathOnly,
    "logger": lines.server_log,
    "auto_decompress": False,  # a bomb is refused by its header, never inflated
    "lingering_time": _LINGER_S,
    "keepalive_timeout": IDLE_S,
    "read_bufsize": READ_MOST,  # bytes of a body that nobody has asked for yet
}


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
        self.shared = Shared(short, head_s, body_s)
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
            lambda: Connection(self.shared, server, **_HOW), host, port, backlog=1024
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
            await asyncio.sleep(min(_SWEEP_S, self.shared.head_s / 4))
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.shared.open):
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
