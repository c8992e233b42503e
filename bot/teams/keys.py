"""The Bot Framework's signing keys, kept fresh by ourselves.

The SDK fetches them on the event loop without a time-out, and after an unknown key id
refuses the new key for a day.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from bot.teams.account import origin

FRESH_S = 3600.0  # after that they are fetched again, while the old ones still serve
STALE_S = 86400.0  # Microsoft: fetch at least once a day
_FETCHES = 2  # in a minute, however many unknown ids come in
_MINUTE_S = 60.0
_TIME_OUT = aiohttp.ClientTimeout(total=5)
_MOST = 1024 * 1024
_SMALLEST = 2048  # bits of an RSA key


class NoKeys(Exception):
    """The keys cannot be had now, so nobody's token can be checked."""


@dataclass(frozen=True, slots=True)
class Key:
    key: Any  # a public RSA key of `cryptography`
    endorsements: frozenset[str]  # the channels that it may speak for


class Keys:
    """Keys by id. Safe to ask from many requests at once: they share one fetch."""

    def __init__(
        self,
        openid_url: str,
        session: aiohttp.ClientSession,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._session, self._clock = openid_url, session, clock
        self._kept: Mapping[str, Key] = {}
        self._at = 0.0
        self._fetched: deque[float] = deque(maxlen=_FETCHES)
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def get(self, kid: str) -> Key | None:
        """Return the key, None if there is no such one; NoKeys if we cannot know."""
        age = self._clock() - self._at
        if self._kept and age < STALE_S:
            if kid in self._kept:
                if age > FRESH_S:
                    self._refresh()
                return self._kept[kid]
            with suppress(NoKeys):
                await self._fetch()
            return self._kept.get(kid)
        await self._fetch()
        return self._kept.get(kid)

    async def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)

    def _refresh(self) -> None:
        """Fetch in the background; whoever asks meanwhile is served the old keys."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._quietly())

    async def _quietly(self) -> None:
        with suppress(NoKeys):
            await self._fetch()

    async def _fetch(self) -> None:
        seen = self._at
        async with self._lock:
            if self._at != seen:
                return  # somebody else fetched while we waited
            now = self._clock()
            if len(self._fetched) == _FETCHES and now - self._fetched[0] < _MINUTE_S:
                raise NoKeys("the signing keys were asked for twice in a minute")
            self._fetched.append(now)
            document = await self._read(self._url)
            url = document.get("jwks_uri")
            if not isinstance(url, str) or not _same_origin(url, self._url):
                raise NoKeys("the OpenID document names no keys of its own host")
            found = _parse(await self._read(url))
            if not found:
                raise NoKeys("the list of signing keys is empty")
            self._kept, self._at = found, self._clock()

    async def _read(self, url: str) -> dict[str, Any]:
        try:
            async with self._session.get(
                url, timeout=_TIME_OUT, allow_redirects=False
            ) as answer:
                if answer.status == HTTPStatus.OK:
                    body = await answer.content.read(_MOST)
                    return dict(json.loads(body))
            raise NoKeys(f"the signing keys' host answered {answer.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoKeys(
                f"the signing keys cannot be fetched ({type(error).__name__})"
            ) from None
        except (ValueError, TypeError, RecursionError):
            raise NoKeys("the signing keys' host answered no JSON object") from None


def _same_origin(url: str, other: str) -> bool:
    try:
        return origin(url) == origin(other)
    except ValueError:
        return False


def _parse(document: Mapping[str, Any]) -> dict[str, Key]:
    """Return the RSA keys of a key set by id; what is no such key is passed over."""
    found: dict[str, Key] = {}
    entries = document.get("keys")
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA":
            continue
        kid, endorsed = entry.get("kid"), entry.get("endorsements")
        if not isinstance(kid, str) or entry.get("use", "sig") != "sig":
            continue
        with suppress(PyJWTError, ValueError, TypeError):
            key = PyJWK.from_dict(entry, algorithm="RS256").key
            names = endorsed if isinstance(endorsed, list) else []
            if key.key_size >= _SMALLEST:
                channels = frozenset(n for n in names if isinstance(n, str))
                found[kid] = Key(key, channels)
    return found
