"""The bot's own tokens, without a secret: a managed identity vouches for the bot.

The managed identity's token is the client assertion of a federated credential:
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
One protocol for Entra and for the simulator: the second step is not azure-identity's,
which takes https only.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeAlias

import aiohttp
from azure.core.exceptions import AzureError
from azure.identity.aio import ManagedIdentityCredential
from botframework.connector.auth import AppCredentials, ServiceClientCredentialsFactory
from msrest.pipeline import AsyncHTTPPolicy

from bot.ports import Unavailable
from bot.teams.account import CONNECTOR_SCOPE, Account
from bot.teams.wire import Answered

Assertion: TypeAlias = Callable[[], Awaitable[str]]
_EXCHANGE = "api://AzureADTokenExchange/.default"
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TIME_OUT = aiohttp.ClientTimeout(total=10)
_IDENTITY_S = 15  # the SDK itself asks a host that hangs for minutes
_SPARE_S = 300  # a token that ends sooner is replaced, while it is still good
_AGAIN_S = 30  # after which Entra is asked again for what it did not give


@asynccontextmanager
async def managed_identity(client_id: str = "") -> AsyncIterator[Assertion]:
    """Yield what vouches for the bot: the process's (user-assigned) identity."""
    async with ManagedIdentityCredential(client_id=client_id or None) as credential:

        async def vouch() -> str:
            try:
                async with asyncio.timeout(_IDENTITY_S):
                    return str((await credential.get_token(_EXCHANGE)).token)
            except (AzureError, TimeoutError) as error:
                raise Unavailable(
                    "The managed identity gives no token "
                    f"({type(error).__name__}); nothing was sent."
                ) from None

        yield vouch


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    good_until: float
    new_after: float


class Tokens:
    """One cached token for each scope; whoever comes while it is fetched waits.

    A token is replaced some minutes before it ends: if Entra is away then, the old one
    is good until its end. Who waited for a fetch that failed does not fetch once more.
    """

    def __init__(
        self,
        account: Account,
        session: aiohttp.ClientSession,
        assertion: Assertion,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account, self._session = account, session
        self._assertion, self._clock = assertion, clock
        self._kept: dict[str, _Kept] = {}
        self._failed: dict[str, tuple[int, Unavailable]] = {}
        self._asks = 0  # fetches that ended, to tell who waited for which
        self._lock = asyncio.Lock()

    async def get(self, scope: str = CONNECTOR_SCOPE) -> str:
        """Return a bearer token. Raises Unavailable when Entra gives none."""
        came = self._asks
        async with self._lock:
            kept, now = self._kept.get(scope), self._clock()
            if kept and now < kept.new_after:
                return kept.token
            number, why = self._failed.get(scope, (0, None))
            if why is not None and number > came:
                raise Unavailable(str(why), why.retry_after)
            try:
                token, lifetime = await self._fetch(scope)
            except Unavailable as error:
                if kept and (now := self._clock()) < kept.good_until:
                    self._kept[scope] = replace(kept, new_after=now + _AGAIN_S)
                    return kept.token
                self._asks += 1
                self._failed[scope] = self._asks, error
                raise
            now, spare = self._clock(), min(_SPARE_S, lifetime / 2)
            self._failed.pop(scope, None)
            self._kept[scope] = _Kept(token, now + lifetime, now + lifetime - spare)
            return token

    def drop(self, token: str) -> None:
        """Forget a token that was refused, unless it was replaced meanwhile."""
        self._kept = {s: k for s, k in self._kept.items() if k.token != token}

    async def _fetch(self, scope: str) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._account.app_id,
            "client_assertion_type": _BEARER,
            "client_assertion": await self._assertion(),
            "scope": scope,
        }
        base = self._account.login_url.rstrip("/")
        url = f"{base}/{self._account.tenant}/oauth2/v2.0/token"
        try:
            async with self._session.post(
                url, data=form, timeout=_TIME_OUT, allow_redirects=False
            ) as answer:
                body: Any = await answer.json()
                status = answer.status
            if status == HTTPStatus.OK:
                return str(body["access_token"]), float(body["expires_in"])
            code = str(body.get("error_description", "")).partition(":")[0][:20]
        except (aiohttp.ClientError, TimeoutError) as error:
            code = type(error).__name__
        except (ValueError, KeyError, AttributeError, TypeError):
            code = "an answer that is no token"
        raise Unavailable(f"Entra gives the bot no token ({code}); nothing was sent.")


class Bearer(AppCredentials, AsyncHTTPPolicy):  # type: ignore[misc]  # both untyped
    """Puts the bot's token on a request; a refused one is fetched again, once.

    botbuilder's own credentials fetch synchronously, on the event loop. One object
    belongs to one client: the pipeline writes its next step into it.
    """

    def __init__(self, app_id: str, tokens: Tokens, scope: str) -> None:
        AppCredentials.__init__(self, app_id=app_id, oauth_scope=scope)
        AsyncHTTPPolicy.__init__(self)
        self._tokens = tokens

    async def send(self, request: Any, **kwargs: Any) -> Any:
        try:
            return await self._send(request, **kwargs)
        except Answered as answer:
            if answer.status != HTTPStatus.UNAUTHORIZED:
                raise
        return await self._send(request, **kwargs)

    async def _send(self, request: Any, **kwargs: Any) -> Any:
        token = await self._tokens.get()
        request.http_request.headers["Authorization"] = f"Bearer {token}"
        try:
            return await self.next.send(request, **kwargs)
        except Answered as answer:
            if answer.status == HTTPStatus.UNAUTHORIZED:
                self._tokens.drop(token)
            raise


class Credentials(ServiceClientCredentialsFactory):  # type: ignore[misc]  # untyped
    """The SDK's way to ask for credentials; all share the same tokens."""

    def __init__(self, account: Account, tokens: Tokens) -> None:
        self._account, self._tokens = account, tokens

    async def is_valid_app_id(self, app_id: str) -> bool:
        return app_id == self._account.app_id

    async def is_authentication_disabled(self) -> bool:
        return False

    async def create_credentials(
        self,
        app_id: str,
        oauth_scope: str,
        login_endpoint: str = "",
        validate_authority: bool = True,  # noqa: FBT001, FBT002  # the SDK's signature
    ) -> Bearer:
        if app_id != self._account.app_id:
            raise ValueError("another bot's credentials were asked for")
        return Bearer(app_id, self._tokens, oauth_scope)
