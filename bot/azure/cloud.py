"""Which Azure we talk to: the addresses, the token audiences and the wire below."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    BearerTokenCredentialPolicy,
)
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport

PUBLIC_MANAGEMENT = "https://management.azure.com"
PUBLIC_LOGS = "https://api.loganalytics.io"
# Seconds. A request that takes longer is worth less than the next try.
CONNECT_S, READ_S = 5, 30
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _LoopbackAio(AioHttpTransport):  # type: ignore[misc]
    """Carries to a local simulator, as plain http, what the SDKs insist is https."""

    async def send(self, request: Any, **config: Any) -> Any:
        secure, request.url = request.url, _plain(request.url)
        try:
            return await super().send(request, **config)
        finally:
            request.url = secure  # Key Vault's client looks at it again


class _LoopbackRequests(RequestsTransport):  # type: ignore[misc]
    """The same for the SDKs that block a thread."""

    def send(self, request: Any, **config: Any) -> Any:
        request.url = _plain(request.url)
        return super().send(request, **config)


def _plain(url: str) -> str:
    """Return `url` as http when its host is this machine.

    Any other host keeps https, so no token of ours ever crosses a network in the clear.

    >>> _plain("https://127.0.0.1:3979/subscriptions")
    'http://127.0.0.1:3979/subscriptions'
    >>> _plain("https://127.0.0.1.example/")
    'https://127.0.0.1.example/'
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname in _LOOPBACK:
        return parts._replace(scheme="http").geturl()
    return url


@dataclass(frozen=True, slots=True)
class Cloud:
    """Public Azure, another cloud, or a simulator on this machine.

    A plain http address is taken for loopback hosts alone; ValueError otherwise.
    """

    management_url: str = PUBLIC_MANAGEMENT
    logs_url: str = PUBLIC_LOGS

    def __post_init__(self) -> None:
        for url in (self.management_url, self.logs_url):
            parts = urlsplit(url)
            plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
            if not plain and (parts.scheme != "https" or not parts.hostname):
                raise ValueError(f"{url!r}: https, or http on this machine alone")
        if urlsplit(self.logs_url).scheme != urlsplit(self.management_url).scheme:
            raise ValueError("a simulator and a real cloud cannot be mixed")

    @property
    def simulated(self) -> bool:
        return self.management_url.startswith("http://")

    @property
    def management(self) -> str:
        """Return the address for the SDKs: always https to their eyes."""
        return _secure(self.management_url)

    @property
    def logs(self) -> str:
        return _secure(self.logs_url)

    @property
    def logs_audience(self) -> str:
        return PUBLIC_LOGS if self.simulated else self.logs

    # Without CAE in both: the simulator and other clouds know nothing of it, and its
    # challenge would send a PUT a second time behind our back.

    def management_auth(
        self, credential: AsyncTokenCredential
    ) -> AsyncBearerTokenCredentialPolicy[Any, Any]:
        return AsyncBearerTokenCredentialPolicy(credential, self._management_scope)

    def management_client(self, credential: AsyncTokenCredential) -> dict[str, Any]:
        """Return what each asynchronous client of the management address is made with.

        No retries: what may be tried again, and when, is decided by who asks.
        """
        return {
            "base_url": self.management,
            "authentication_policy": self.management_auth(credential),
            "transport": self.aio_transport(),
            "retry_total": 0,
        }

    def blocking_management_auth(
        self, credential: TokenCredential
    ) -> BearerTokenCredentialPolicy[Any, Any]:
        return BearerTokenCredentialPolicy(credential, self._management_scope)

    @property
    def _management_scope(self) -> str:
        return (PUBLIC_MANAGEMENT if self.simulated else self.management) + "/.default"

    def blob_account(self, account: str, suffix: str) -> tuple[str, str]:
        """Return the address of a storage account, and the audience for its token.

        The audience is the account itself and not all of Storage, so that a data asset
        which points to a stranger's account does not hand it a key to ours.
        """
        real = f"https://{account}.blob.{suffix}"
        return (f"{self.management}/blob/{account}" if self.simulated else real), real

    def aio_transport(self) -> AioHttpTransport:
        kind = _LoopbackAio if self.simulated else AioHttpTransport
        return kind(connection_timeout=CONNECT_S, read_timeout=READ_S)

    def requests_transport(self, read_s: float = READ_S) -> RequestsTransport:
        kind = _LoopbackRequests if self.simulated else RequestsTransport
        return kind(connection_timeout=CONNECT_S, read_timeout=read_s)


def _secure(url: str) -> str:
    return "https://" + url.split("://", 1)[1].rstrip("/")
