"""Work that blocks a thread, and an async credential lent to it: one cache of tokens."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential

T = TypeVar("T")
_TOKEN_LIMIT_S = 30


async def apart(work: Callable[[], T]) -> T:
    """Return what `work` does, in a thread that an ending program does not wait for.

    A thread of the loop's own pool would hold up the end until Azure answers.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(error: BaseException | None, result: T | None) -> None:
        if done.done():  # nobody waits any more
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        error, result = None, None
        try:
            result = work()
        except Exception as raised:  # noqa: BLE001 whoever waits gets it
            error = raised
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(partial(tell, error, result))

    Thread(target=run, name="apart", daemon=True).start()
    return await done


class Borrowed:
    """A TokenCredential for worker threads; `loop` is where the real one lives."""

    def __init__(
        self, credential: AsyncTokenCredential, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._credential, self._loop = credential, loop

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        asked = self._credential.get_token(*scopes, **options)
        future = asyncio.run_coroutine_threadsafe(asked, self._loop)
        return future.result(_TOKEN_LIMIT_S)
