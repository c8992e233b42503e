"""A process that only takes alerts in, to be killed: `python -m tests.intake.serving URL`.

A line on standard input starts it anew; it answers "PID PORT". The parent imports
everything once and forks, so that a round costs milliseconds and a kill is a real one.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from bot import callers, webhooks
from bot.store import Store
from bot.store.records import Route
from bot.webhooks import Guard, short


class Inbox:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def accept(self, source: Route, body: bytes) -> str:
        return await self._store.accept(source, body, datetime.now(UTC))


async def door(store: Store) -> Guard:
    """Return a running door before `store`."""
    app = web.Application()
    anyone = callers.Anyone()
    inbox = Inbox(store)
    opened = webhooks.Door(store=inbox, alerts=anyone, events=anyone)  # type: ignore[arg-type]
    app.add_routes(webhooks.routes(opened))
    return Guard(app, short(opened))


async def _serve(url: str) -> None:
    store = Store.open(url)
    guard = await door(store)
    port = await guard.start("127.0.0.1", 0)
    print(os.getpid(), port, flush=True)  # noqa: T201 for the parent
    await asyncio.Event().wait()


def main() -> None:
    while sys.stdin.readline():
        child = os.fork()
        if child == 0:
            asyncio.run(_serve(sys.argv[1]))
        os.waitpid(child, 0)
        print("ended", flush=True)  # noqa: T201 for the parent


@dataclass
class Nest:
    """The parent process as a test drives it."""

    process: asyncio.subprocess.Process

    async def start(self) -> tuple[int, int]:
        """Return the process id and the port of a fresh server."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"start\n")
        pid, port = (await self._line()).split()
        return int(pid), int(port)

    async def ended(self) -> None:
        assert "ended" == await self._line()

    async def _line(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            return (await self.process.stdout.readline()).decode().strip()


@asynccontextmanager
async def nest(url: str) -> AsyncIterator[Nest]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.intake.serving",
        url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        yield Nest(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    main()
