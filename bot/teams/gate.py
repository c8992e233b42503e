"""Who may post to /api/messages: Teams, for our bot, in our tenant.

Ours, in front of the SDK: its own check lets emulator tokens pass, a missing service URL
with a missing claim, and a signed foreign service URL to which our token would then go.
https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from bot.teams.account import Account
from bot.teams.keys import Keys

CHANNEL = "msteams"
LEEWAY_S = 300  # for clocks that differ
_TOKEN = re.compile(r"[Bb]earer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
_LONGEST = 16 * 1024  # characters of an Authorization header
_NEEDED = ["exp", "iss", "aud"]


class Denied(Exception):
    """The call is not let in. `status` is 401 or 403; `why` is for the log alone."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


@dataclass(frozen=True, slots=True)
class Caller:
    """A checked token: what it says of the sender's service URL."""

    service_url: str


class Gate:
    """Two steps: the token before a byte of the body is read, then the activity."""

    def __init__(self, account: Account, keys: Keys) -> None:
        self._account, self._keys = account, keys

    async def token(self, headers: Sequence[str]) -> Caller:
        """Return whose token it is, given every Authorization header of the call.

        Raises Denied (401), or keys.NoKeys when it cannot be told.
        """
        token = _bearer(headers)
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Denied(401, "the token cannot be read") from None
        kid = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(kid, str) or "crit" in header:
            raise Denied(401, "the token is not signed as Teams signs")
        key = await self._keys.get(kid)
        if key is None:
            raise Denied(401, "the token is signed with an unknown key")
        if CHANNEL not in key.endorsements:
            raise Denied(401, "the key is not endorsed for Teams")
        service_url = self._claims(token, key.key).get("serviceurl")
        if not isinstance(service_url, str) or not service_url:
            raise Denied(403, "the token names no service URL")
        return Caller(service_url)

    def _claims(self, token: str, key: Any) -> dict[str, Any]:
        try:
            return dict(
                jwt.decode(
                    token,
                    key,
                    algorithms=["RS256"],
                    audience=self._account.app_id,
                    issuer=self._account.issuer,
                    leeway=LEEWAY_S,
                    options={"require": _NEEDED, "strict_aud": True},
                )
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            # The kind of error tells an operator of a wrong clock, too.
            raise Denied(401, f"the token is not good: {_why(error)}") from None

    def activity(self, caller: Caller, activity: Mapping[str, Any]) -> None:
        """Check that the activity is what the token was made for. Raises Denied."""
        service_url = activity.get("serviceUrl")
        if service_url != caller.service_url:
            raise Denied(403, "the service URL is not the token's")
        if not self._account.allows(caller.service_url):
            raise Denied(403, "the service URL is not allowed")
        if activity.get("channelId") != CHANNEL:
            raise Denied(403, "the channel is not Teams")
        data, conversation = activity.get("channelData"), activity.get("conversation")
        tenant = data.get("tenant") if isinstance(data, dict) else None
        if not self._is_ours(tenant.get("id") if isinstance(tenant, dict) else None):
            raise Denied(403, "the sender's tenant is not ours")
        place = conversation if isinstance(conversation, dict) else {}
        if not self._is_ours(place.get("tenantId", self._account.tenant)):
            raise Denied(403, "the conversation's tenant is not ours")

    def _is_ours(self, tenant: Any) -> bool:
        ours = self._account.tenant.lower()
        return isinstance(tenant, str) and tenant.lower() == ours


def _bearer(headers: Sequence[str]) -> str:
    if len(headers) != 1 or len(headers[0]) > _LONGEST:
        raise Denied(401, "not one bearer token")
    found = _TOKEN.fullmatch(headers[0])
    if found is None:
        raise Denied(401, "not one bearer token")
    return found.group(1)


def _why(error: Exception) -> str:
    if isinstance(error, jwt.ExpiredSignatureError | jwt.ImmatureSignatureError):
        return f"{type(error).__name__}; is this machine's clock right?"
    return type(error).__name__
