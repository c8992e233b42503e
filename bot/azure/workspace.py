"""The Workspace port: everything the bot reads of Azure, with the reader's identity."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module

from azure.core.credentials_async import AsyncTokenCredential

from bot.azure import blobs
from bot.azure.arm import Arm, look
from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.azure.jobs import look as look_at_job
from bot.azure.logs import Logs
from bot.azure.metrics import Metrics, health
from bot.azure.ml import Ml
from bot.azure.together import together
from bot.incident import EndpointState, Health
from bot.ports import Impossible, Rows, Series, Windows
from bot.retraining import Job
from bot.watch import Endpoint

_STATE_LIMIT_S = 45
# What takes seconds to import, so a busy event loop never does it.
_SLOW = ("azure.ai.ml", "azure.mgmt.monitor.aio", "azure.storage.blob.aio")


def _now() -> datetime:
    return datetime.now(UTC)


class AzureWorkspace:
    """The Workspace port on the real SDKs; every method is one try, no more.

    Nothing is repeated here: the worker backs off by itself and knows what is due, and
    `Unavailable.retry_after` says how long Azure wants to be left alone.
    """

    def __init__(
        self,
        credential: AsyncTokenCredential,
        cloud: Cloud | None = None,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._cloud, self._credential = cloud or Cloud(), credential
        self._clock = clock
        self._arm = Arm(self._cloud, credential)
        self._logs = Logs(self._cloud, credential)
        self._metrics = Metrics(self._cloud, credential)
        self._ml: dict[str, Ml] = {}

    async def warm(self) -> None:
        """Import the SDKs in a thread, so that the first incident need not wait."""
        for name in _SLOW:
            await asyncio.to_thread(import_module, name)

    async def close(self) -> None:
        for part in (self._arm, self._logs, self._metrics):
            await part.close()

    async def state(self, endpoint: str) -> EndpointState:
        with speaking_of(f"the endpoint {endpoint.rsplit('/', 1)[-1]}"):
            async with asyncio.timeout(_STATE_LIMIT_S):
                return (await look(self._arm, endpoint, self._clock))[1]

    async def series(
        self,
        resource: str,
        metric: str,
        start: datetime,
        end: datetime,
        *,
        interval: timedelta,
        aggregation: str,
        split_by: str = "",
    ) -> tuple[Series, ...]:
        return await self._metrics.series(
            resource, metric, (start, end), interval, aggregation, split_by
        )

    async def health(
        self, endpoint: str, deployment: str, start: datetime, end: datetime
    ) -> Health:
        return await health(self._metrics, endpoint, deployment, (start, end))

    async def query(
        self,
        workspace: str,
        query: str,
        parameters: Mapping[str, str],
        start: datetime,
        end: datetime,
    ) -> Rows:
        return await self._logs.query(workspace, query, parameters, (start, end))

    async def windows(self, endpoint: Endpoint, now: datetime) -> Windows:
        """Return both sides of the monitor as Azure ML itself would compare them."""
        if not endpoint.monitor:
            raise Impossible(f"No monitor is named for {endpoint.name}.")
        ml = self._workspace_of(endpoint)
        reference, production = await ml.monitor(endpoint.monitor, now)
        tables = await together(
            blobs.rows(self._cloud, self._credential, reference),
            blobs.rows(self._cloud, self._credential, production),
        )
        return Windows(
            reference=tables[0],
            production=tables[1],
            reference_name=reference.name,
            production_name=production.name,
            reference_window=reference.window,
            production_window=production.window,
        )

    async def job(self, endpoint: Endpoint, name: str) -> Job:
        ml = self._workspace_of(endpoint)
        found = await ml.call(f"the job {name}", look_at_job, name)
        if found is None:
            raise Impossible(f"Azure knows no job {name}.")
        return found

    def _workspace_of(self, endpoint: Endpoint) -> Ml:
        workspace = endpoint.id.rsplit("/onlineendpoints/", 1)[0]
        made = Ml(self._cloud, self._credential, workspace)
        return self._ml.setdefault(workspace, made)
