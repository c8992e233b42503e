"""A caller with an app-only token of our own Entra tenant.

Every tenant's tokens are signed with the same keys, and every tenant's action groups
call with the same application: issuer, tenant and the role that our administrator gave
are what tells ours from a stranger's.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.utils import base64url_decode

from bot.callers._verdict import Credentials, Denied
from bot.callers.keys import Keys
from bot.strict_json import NotJson, parse

# Public, documented application ids of Microsoft's senders.
ACTION_GROUPS: Final = "461e8683-5575-4561-ac7f-899cc907d62a"
EVENT_GRID: Final = "4962773b-9cdb-44cf-a8bf-237846a00ab7"
ACTION_GROUPS_ROLE: Final = "ActionGroupsSecureWebhook"
EVENT_GRID_ROLE: Final = "AzureEventGridSecureWebhookSubscriber"

_LEEWAY_S = 300
_LONGEST = 16 * 1024  # characters of a token
_KID = re.compile(r"[A-Za-z0-9._~=+:@-]{1,200}")  # of a key; Entra's are base64url
_TOKEN = re.compile(r"Bearer ([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII | re.IGNORECASE)
_REMEMBERED_S = 300
_MOST_REMEMBERED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Whom we expect: all ids in lower case, the role as it is spelled."""

    tenant: str
    audiences: frozenset[str]  # our client id and api://{client id}
    app: str  # client id of the sender
    role: str
    issuers: frozenset[str] = frozenset()  # empty: the public cloud's, v1 and v2

    @property
    def accepted_issuers(self) -> frozenset[str]:
        return self.issuers or frozenset(
            {
                f"https://login.microsoftonline.com/{self.tenant}/v2.0",
                f"https://sts.windows.net/{self.tenant}/",
            }
        )


def audiences(client: str) -> frozenset[str]:
    """Return both spellings of our audience: v2 tokens have the first, v1 may not."""
    return frozenset({client, f"api://{client}"})


def keys_url(tenant: str) -> str:
    """Return where the public cloud keeps a tenant's keys."""
    return f"https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys"


class Entra:
    """Checks the bearer token. Action groups and Event Grid differ in `Expected`."""

    def __init__(
        self, expected: Expected, keys: Keys, clock: Callable[[], float] = time.time
    ) -> None:
        self._expected = expected
        self._keys = keys
        self._clock = clock
        self._remembered: dict[bytes, float] = {}  # digest of a token -> good until

    async def check(self, shown: Credentials) -> None:
        """Return when the token is right; raise Denied or Undecided.

        A token that passed is not taken apart again for five minutes: senders use one
        for a day, and its signature costs more than the rest of the request.
        """
        token = _token(shown)
        digest = hashlib.sha256(token.encode()).digest()
        if self._remembers(digest):
            return
        claims, expires = await self._signed(token)
        self._right(claims)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[digest] = min(expires, self._clock() + _REMEMBERED_S)

    def knows(self, shown: Credentials) -> bool:
        try:
            token = _token(shown)
        except Denied:
            return False
        return self._remembers(hashlib.sha256(token.encode()).digest())

    def _remembers(self, digest: bytes) -> bool:
        return self._clock() < self._remembered.get(digest, 0)

    def _right(self, claims: Mapping[str, Any]) -> None:
        """Raise Denied 403 unless the caller may do what it came for."""
        _check_right(claims, self._expected)

    async def _signed(self, token: str) -> tuple[Mapping[str, Any], float]:
        """Return the claims, found to be signed, and when they expire.

        They are looked at first: a token that no key could make right must not use up
        the fetches that one with a new key needs.
        """
        header = _object(token.partition(".")[0])
        kid = header.get("kid")
        if header.get("alg") != "RS256" or "crit" in header:
            raise Denied(401, "the token is not signed with RS256")
        if not isinstance(kid, str) or not _KID.fullmatch(kid):
            raise Denied(401, "the token names no key")
        claims = _object(token.split(".")[1])
        expires = _check_person(claims, self._expected, self._clock())
        keys = () if self._misnamed(token, kid) else await self._keys.find(kid)
        if not keys:
            raise Denied(401, "the token is signed with an unknown key")
        if not any(_is_signed(token, key) for key in keys):
            raise Denied(401, "the token's signature is wrong")
        return claims, expires

    def _misnamed(self, token: str, kid: str) -> bool:
        """Return whether a key signed it that we have, under another name than its."""
        return not self._keys.has(kid) and any(
            _is_signed(token, key) for key in self._keys.held
        )


def _is_signed(token: str, key: RSAPublicKey) -> bool:
    try:
        jwt.PyJWS().decode(token, key, algorithms=["RS256"])
    except jwt.PyJWTError:
        return False
    return True


def _token(shown: Credentials) -> str:
    if len(shown.authorization) != 1:
        raise Denied(401, "one bearer token is needed")
    found = _TOKEN.fullmatch(shown.authorization[0][: _LONGEST + 1])
    if found is None or len(shown.authorization[0]) > _LONGEST:
        raise Denied(401, "the Authorization header holds no bearer token")
    return found[1]


def _object(part: str) -> Mapping[str, Any]:
    """Return a part of the token as the JSON object that it must be."""
    try:
        found = parse(base64url_decode(part), max_depth=8)
    except (NotJson, ValueError):
        raise Denied(401, "the token cannot be read") from None
    if not isinstance(found, dict):
        raise Denied(401, "the token cannot be read")
    return found


def _check_person(claims: Mapping[str, Any], expected: Expected, now: float) -> float:
    """Raise Denied 401 unless the token is for us, of our tenant and of this hour.

    Returns when it expires.
    """
    if not _is(claims.get("iss"), expected.accepted_issuers):
        raise Denied(401, "the token's issuer is not our tenant")
    if not _is(claims.get("tid"), {expected.tenant}):
        raise Denied(401, "the token is of another tenant")
    if not _is(claims.get("aud"), expected.audiences):
        raise Denied(401, "the token is not for us")
    expires, begins = _seconds(claims.get("exp")), _seconds(claims.get("nbf"))
    if expires is None or now >= expires + _LEEWAY_S:
        raise Denied(401, "the token has expired")
    if begins is None or now < begins - _LEEWAY_S:
        raise Denied(401, "the token is not valid yet")
    return expires


def _check_right(claims: Mapping[str, Any], expected: Expected) -> None:
    """Raise Denied 403 unless the expected application calls, with the role."""
    if "scp" in claims or claims.get("idtyp", "app") != "app":
        raise Denied(403, "a person's token cannot send alerts")
    if not _is(_app(claims), {expected.app}):
        raise Denied(403, "another application calls")
    roles = claims.get("roles")
    if not isinstance(roles, list) or expected.role not in roles:
        raise Denied(403, f"the caller lacks the role {expected.role}")


def _app(claims: Mapping[str, Any]) -> Any:
    """Return the calling application: azp of a v2 token, appid of a v1 token."""
    found = [claims[name] for name in ("azp", "appid") if name in claims]
    if len(found) > 1 and found[0] != found[1]:
        raise Denied(403, "the token names two applications")
    match claims.get("ver"):
        case "1.0":
            return claims.get("appid")
        case "2.0":
            return claims.get("azp")
    return None


def _is(value: Any, wanted: frozenset[str] | set[str]) -> bool:
    return isinstance(value, str) and value in wanted


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
