"""The public keys of a tenant, fetched when needed and never more than twice a minute.

A stranger can name any key, so an unknown name costs one fetch at most. It is unknown
when a list that came after it was asked for lacks it: an older list may lack a key that
is new. While none can be had the answer is "not now", since a 401 would lose the alert
for good.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bot.callers._verdict import Undecided
from bot.strict_json import NotJson, parse

_log = logging.getLogger(__name__)
_PER_MINUTE = 2
_MINUTE_S = 60.0
_TIME_OUT_S = 5.0
_REFRESH_S = 3600.0  # older keys still serve while new ones are fetched beside
_STALE_S = 24 * 3600.0  # older keys serve nobody
_LARGEST = 256 * 1024  # bytes
_BITS = 2048
_SAME_NAME = 4  # keys; each costs a check of the signature
_ABSENT_S = 30.0  # a name that a list lacked is not looked for again so soon
_MOST_ABSENT = 256  # names


class Keys:
    """The keys behind one JWKS address."""

    def __init__(
        self,
        url: str,
        *,
        time_out_s: float = _TIME_OUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._time_out_s = time_out_s
        self._clock = clock
        self._keys: Mapping[str, tuple[RSAPublicKey, ...]] = {}
        self._fetched_at = float("-inf")
        self._asked: deque[float] = deque(maxlen=_PER_MINUTE)
        self._fetching: asyncio.Task[bool] | None = None
        self._absent: dict[str, float] = {}  # by name, when a list lacked it

    def has(self, kid: str) -> bool:
        return kid in self._keys

    @property
    def held(self) -> tuple[RSAPublicKey, ...]:
        """All keys that were last had, of any age."""
        return tuple(key for named in self._keys.values() for key in named)

    async def find(self, kid: str) -> tuple[RSAPublicKey, ...]:
        """Return the keys called `kid`: one, or () when the tenant has no such key.

        Two of one name, as while keys are changed, are both the tenant's.

        Raises Undecided when neither can be said now.
        """
        found = self._keys.get(kid, ()) if self._age() < _STALE_S else ()
        if found:
            if self._age() > _REFRESH_S:
                self._fetch()
            return found
        if self._clock() - self._absent.get(kid, float("-inf")) < _ABSENT_S:
            return ()
        if not await self._renewed():
            raise Undecided("the caller's keys cannot be had now", self._wait_s())
        if kid not in self._keys:
            if len(self._absent) >= _MOST_ABSENT:
                self._absent.clear()
            self._absent[kid] = self._clock()
        return self._keys.get(kid, ())

    async def warm(self) -> None:
        """Fetch the keys ahead of the first caller; a failure is only logged."""
        await self._renewed()

    async def close(self) -> None:
        """Give up a fetch under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    async def _renewed(self) -> bool:
        """Return whether a list came, of the fetch that is under way or a new one."""
        if (fetching := self._fetch()) is None:
            return False
        await asyncio.wait([fetching])
        return not fetching.cancelled() and fetching.result()

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _wait_s(self) -> int:
        """Return the seconds until a fetch is allowed again, 1 at least."""
        if len(self._asked) < _PER_MINUTE:
            return 1
        return max(1, round(self._asked[0] + _MINUTE_S - self._clock()))

    def _fetch(self) -> asyncio.Task[bool] | None:
        """Return the one fetch under way, a new one, or None when it is too soon."""
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        now = self._clock()
        if len(self._asked) == _PER_MINUTE and now - self._asked[0] < _MINUTE_S:
            return None
        self._asked.append(now)
        self._fetching = asyncio.get_running_loop().create_task(self._renew())
        return self._fetching

    async def _renew(self) -> bool:
        try:
            found = _keys(await self._download())
        except (aiohttp.ClientError, TimeoutError, OSError, NotJson, ValueError) as e:
            _log.warning(
                "the keys at %s cannot be had: %s", self._url, type(e).__name__
            )
            return False
        self._keys, self._fetched_at = found, self._clock()
        return True

    async def _download(self) -> bytes:
        """Return the document. Follows no redirect and reads no more than _LARGEST."""
        limit = aiohttp.ClientTimeout(total=self._time_out_s)
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(self._url, allow_redirects=False) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise ValueError(f"status {answer.status}")
            body = b""
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > _LARGEST:
                    raise ValueError("too large")
            return body


def _keys(body: bytes) -> Mapping[str, tuple[RSAPublicKey, ...]]:
    """Return the RSA signing keys by name. Raises ValueError when there is none."""
    document = parse(body)
    listed = document.get("keys") if isinstance(document, dict) else None
    found: dict[str, tuple[RSAPublicKey, ...]] = {}
    for each in listed if isinstance(listed, list) else ():
        if named := _key(each):
            kid, key = named
            found[kid] = (*found.get(kid, ()), key)[:_SAME_NAME]
    if not found:
        raise ValueError("no key in it")
    return found


def _key(jwk: Any) -> tuple[str, RSAPublicKey] | None:
    match jwk:
        case {"kty": "RSA", "kid": str(kid), "n": str(), "e": str()} if kid:
            pass
        case _:
            return None
    if jwk.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.algorithms.RSAAlgorithm.from_jwk(
            {name: jwk[name] for name in ("kty", "n", "e")}
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    usable = isinstance(key, RSAPublicKey) and key.key_size >= _BITS
    return (kid, key) if usable else None  # type: ignore[return-value]
