"""An async credential, lent to the SDKs that block a thread: one cache of tokens."""

import asyncio
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential

_TOKEN_LIMIT_S = 30


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
