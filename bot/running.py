"""A process under way: its clock, its port, and its end."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta

from bot.settings import Misconfigured, Settings
from bot.webhooks import Guard
from bot.worker import Worker

log = logging.getLogger(__name__)


class Clock:
    """The wall clock, but it never loses time that has really passed.

    Setting the machine's clock back would give an approval new life.
    """

    def __init__(self) -> None:
        self._wall, self._steady = datetime.now(UTC), time.monotonic()

    def __call__(self) -> datetime:
        passed = timedelta(seconds=time.monotonic() - self._steady)
        return max(datetime.now(UTC), self._wall + passed)


now = Clock()


async def serving(
    settings: Settings,
    server: Guard,
    loop: Worker,
    warm: Callable[[], Coroutine[None, None, None]],
    stop: asyncio.Event,
) -> None:
    """Serve and drive; told to stop, take no more calls and finish those under way.

    For DRAIN_SECONDS before that only /readyz says so: time for whoever sends us calls to
    look, while they are still taken.
    """
    try:
        await server.start(settings.host, settings.port)
    except OSError as error:
        raise Misconfigured(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
        ) from None
    log.info("listening on %s", settings.pages)
    warming = asyncio.create_task(warmed(warm))
    try:
        await until_stopped(
            asyncio.create_task(loop.run()), stop, settings.drain_seconds
        )
    finally:
        warming.cancel()
        await server.stop()


async def warmed(warm: Callable[[], Coroutine[None, None, None]]) -> None:
    """Warm up, and take what is there by then out of what Python goes through again.

    Its collector stops everything for a tenth of a second of CPU and more, again and again,
    to look at a million objects of the SDKs, none of which is ever garbage.
    """
    try:
        await warm()
    finally:
        gc.freeze()


async def until_stopped(
    task: asyncio.Task[None], stop: asyncio.Event, drain_s: float = 0
) -> None:
    """Wait until we are told to stop; a loop that ends by itself is a fault."""
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not task.done() and drain_s:
        await asyncio.wait({task}, timeout=drain_s)
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, waiting, return_exceptions=True)
