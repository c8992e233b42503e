"""Azure Resource Manager in its own words: an endpoint as the exact bytes of a GET.

azure-ai-ml reads an endpoint into a class and writes the class back, which drops what
it does not know (kind, sku, entries of 0 %). What an approver sees and what we put
back must be Azure's own document, so this speaks to ARM through azure-core's pipeline.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import DecodeError, HttpResponseError
from azure.core.pipeline.policies import (
    HeadersPolicy,
    HttpLoggingPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core import ARMPipelineClient, AsyncARMPipelineClient

from bot.azure.borrowed import Borrowed, apart
from bot.azure.cloud import Cloud
from bot.azure.errors import retry_after
from bot.azure.together import together
from bot.evidence import policy
from bot.incident import Deployment, EndpointState

API_VERSION = "2024-10-01"
_POLICIES = (
    RequestIdPolicy(),
    HeadersPolicy({"Accept": "application/json"}),
    UserAgentPolicy("watchkeeper"),
)
_LOGGING = HttpLoggingPolicy()  # redacts tokens and query strings
_PAGES = 20


@dataclass(frozen=True, slots=True)
class Document:
    """A resource as ARM sent it, and the digest of those bytes."""

    body: Mapping[str, Any]
    digest: str
    raw: bytes = b""

    @property
    def properties(self) -> Mapping[str, Any]:
        found = self.body.get("properties")
        return found if isinstance(found, dict) else {}

    @property
    def traffic(self) -> dict[str, int]:
        """Return percent by deployment, with the entries of 0 %."""
        traffic = self.properties.get("traffic") or {}
        return {str(name): int(percent) for name, percent in traffic.items()}

    @property
    def mirror(self) -> dict[str, int]:
        """Return which percent of the requests a deployment is sent copies of."""
        mirror = self.properties.get("mirrorTraffic") or {}
        return {str(name): int(percent) for name, percent in mirror.items()}

    @property
    def provisioning_state(self) -> str:
        return str(self.properties.get("provisioningState", ""))


class Arm:
    """One request, one try: who calls decides what to do about a failure."""

    def __init__(self, cloud: Cloud, credential: AsyncTokenCredential) -> None:
        self._cloud, self._credential = cloud, credential
        self._client: AsyncARMPipelineClient[Any, Any] = AsyncARMPipelineClient(
            cloud.management,
            policies=[*_POLICIES, cloud.management_auth(credential), _LOGGING],
            transport=cloud.aio_transport(),
        )

    async def close(self) -> None:
        await self._client.close()

    async def get(self, path: str, *, version: str = API_VERSION) -> Document:
        """Return the resource at `path`; azure.core errors as they come."""
        response = await self._send(HttpRequest("GET", self._url(path, version)))
        body = _json(response)
        raw = response.content
        return Document(body, hashlib.sha256(raw).hexdigest(), raw)

    async def children(
        self,
        path: str,
        *,
        version: str = API_VERSION,
        filter: str = "",  # noqa: A002
        query: Mapping[str, str] | None = None,
    ) -> list[Mapping[str, Any]]:
        """Return all resources below the collection at `path`, page by page."""
        found: list[Mapping[str, Any]] = []
        url = self._url(path, version)
        if filter:
            url += f"&$filter={quote(filter)}"
        if query:
            url += f"&{urlencode(query)}"
        for _ in range(_PAGES):
            body = _json(await self._send(HttpRequest("GET", url)))
            found.extend(body.get("value") or [])
            if not body.get("nextLink"):
                return found
            url = self.own(str(body["nextLink"]))
        raise DecodeError(message="too many pages")

    async def put(self, path: str, body: bytes, wait: timedelta) -> HttpResponse:
        """Send `body` once and return Azure's answer; there is no second try.

        From a thread, by requests: aiohttp repeats a PUT by itself when the connection
        drops, and the first one may have been carried out. `wait`: for the answer.
        """
        loop = asyncio.get_running_loop()
        return await apart(partial(self._put, loop, path, body, wait))

    def _put(
        self,
        loop: asyncio.AbstractEventLoop,
        path: str,
        body: bytes,
        wait: timedelta,
    ) -> HttpResponse:
        borrowed = Borrowed(self._credential, loop)
        auth = self._cloud.blocking_management_auth(borrowed)
        client: ARMPipelineClient[Any, Any] = ARMPipelineClient(
            self._cloud.management,
            policies=[*_POLICIES, auth, _LOGGING],
            transport=self._cloud.requests_transport(wait.total_seconds()),
        )
        with client:
            kind = {"Content-Type": "application/json"}
            url = self._url(path)
            request = HttpRequest("PUT", url, content=body, headers=kind)
            response: HttpResponse = client.send_request(request)
            if response.status_code >= 400:  # noqa: PLR2004
                raise _error(response)
            return response

    async def operation(self, url: str) -> tuple[Mapping[str, Any], timedelta | None]:
        """Return how a long-running operation stands, and how long to leave it alone.

        Under `Location` Azure answers 202 without words for as long as it works.
        """
        response = await self._send(HttpRequest("GET", self.own(url)))
        if response.status_code == 202 and not response.content:  # noqa: PLR2004
            return {"status": "InProgress"}, retry_after(response)
        return _json(response), retry_after(response)

    def own(self, url: str) -> str:
        """Return `url` on our own management host; ValueError for a foreign one.

        An answer that names another host would be sent our token.
        """
        theirs, ours = urlsplit(url), urlsplit(self._cloud.management)
        if (theirs.hostname, theirs.port) != (ours.hostname, ours.port):
            raise ValueError("the answer points to another host")
        return theirs._replace(scheme="https").geturl()

    def _url(self, path: str, version: str = API_VERSION) -> str:
        return f"{self._cloud.management}{path}?api-version={version}"

    async def _send(self, request: HttpRequest) -> Any:
        response = await self._client.send_request(request)
        if response.status_code >= 400:  # noqa: PLR2004
            raise _error(response)
        return response


def _error(response: Any) -> HttpResponseError:
    try:
        return HttpResponseError(response=response)
    except (AttributeError, TypeError):  # a body that only looks like Azure's errors
        error = HttpResponseError(message="an error without a readable body")
        error.status_code = response.status_code
        return error


def _json(response: Any) -> Mapping[str, Any]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError) as error:  # or nested beyond all sense
        raise DecodeError(message="not JSON") from error
    if not isinstance(body, dict):
        raise DecodeError(message="not an object")
    return body


async def look(
    arm: Arm, endpoint: str, clock: Callable[[], datetime]
) -> tuple[Document, EndpointState]:
    """Return an endpoint with its deployments, both as they are now."""
    found: list[Any] = await together(
        arm.get(endpoint), arm.children(f"{endpoint}/deployments")
    )
    document, deployments = found
    return document, state_of(document, deployments, clock())


def state_of(
    document: Document, deployments: list[Mapping[str, Any]], at: datetime
) -> EndpointState:
    """Return our description of Azure's documents; DecodeError if they are none."""
    try:
        found = tuple(_deployment(d) for d in deployments)
        names = {d.name.lower(): d.name for d in found}
        return EndpointState(
            at=at,
            # Azure takes a name in any letter case; ours is the deployment's own.
            traffic={names.get(n.lower(), n): p for n, p in document.traffic.items()},
            deployments=found,
            mirror={names.get(n.lower(), n): p for n, p in document.mirror.items()},
            provisioning_state=document.provisioning_state,
            digest=document.digest,
            # The history keeps them for good; the digest is over Azure's own bytes.
            tags=policy.tags(document.body.get("tags") or {}),
        )
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise DecodeError(message="not an endpoint") from error


def _deployment(body: Mapping[str, Any]) -> Deployment:
    properties = body.get("properties") or {}
    sku = body.get("sku") or {}
    limits = properties.get("requestSettings") or {}
    return Deployment(
        name=str(body["name"]),
        model=model_name(str(properties.get("model") or "")),
        provisioning_state=str(properties.get("provisioningState") or ""),
        instances=sku.get("capacity"),
        instance_type=str(properties.get("instanceType") or ""),
        concurrency=limits.get("maxConcurrentRequestsPerInstance"),
    )


def model_name(reference: str) -> str:
    """Return "name:version" of a model reference, whatever way Azure writes it.

    >>> model_name("/subscriptions/s/…/workspaces/w/models/loan/versions/14")
    'loan:14'
    >>> model_name("azureml:loan:14")
    'loan:14'
    >>> model_name("azureml://registries/shared/models/loan/versions/14")
    'loan:14'
    """
    parts = reference.removeprefix("azureml:").split("/")
    if "models" in parts and "versions" in parts:
        name, version = parts.index("models") + 1, parts.index("versions") + 1
        if max(name, version) < len(parts):
            return f"{parts[name]}:{parts[version]}"
    return parts[-1]
