"""The Workspace port: everything the bot reads of Azure, with the reader's identity."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pyarrow as pa
from azure.core.credentials_async import AsyncTokenCredential

from bot.approval.retraining import Job
from bot.azure import blobs, listed, plans
from bot.azure.arm import Arm, look
from bot.azure.changes import Changes
from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.azure.jobs import look as look_at_job
from bot.azure.logs import Logs
from bot.azure.metrics import Metrics, health
from bot.azure.ml import Ml, Side, collected
from bot.azure.together import together
from bot.incident import Assignment, Change, EndpointState, Health, Plan, Rule
from bot.ports import (
    Impossible,
    Lying,
    Piece,
    Rows,
    Series,
    Taken,
    Unavailable,
    Windows,
)
from bot.watch import Endpoint

_STATE_LIMIT_S = 45
_LOG_KEPT = timedelta(days=89)  # Azure keeps 90 days and refuses to look further
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
        self._changes = Changes(self._cloud, credential)
        self._ml: dict[str, Ml] = {}

    async def warm(self) -> None:
        """Import the SDKs in a thread, so that the first incident need not wait."""
        for name in _SLOW:
            await asyncio.to_thread(import_module, name)

    async def close(self) -> None:
        for part in (self._arm, self._logs, self._metrics, self._changes):
            await part.close()

    async def state(self, endpoint: str) -> EndpointState:
        return (await self.captured(endpoint))[0]

    async def captured(self, endpoint: str) -> tuple[EndpointState, bytes]:
        with speaking_of(f"the endpoint {endpoint.rsplit('/', 1)[-1]}"):
            async with asyncio.timeout(_STATE_LIMIT_S):
                document, state = await look(self._arm, endpoint, self._clock)
                return state, document.raw

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

    async def fired(
        self, subscription: str, start: datetime, end: datetime
    ) -> tuple[Mapping[str, Any], ...]:
        with speaking_of("the list of alerts"):
            async with asyncio.timeout(_STATE_LIMIT_S):
                return await listed.alerts(self._arm, subscription, (start, end))

    async def delivers(self, subscription: str) -> str:
        with speaking_of(f"the event subscription {subscription.rsplit('/', 1)[-1]}"):
            async with asyncio.timeout(_STATE_LIMIT_S):
                return await listed.subscription(self._arm, subscription)

    async def query(
        self,
        workspace: str,
        query: str,
        parameters: Mapping[str, str],
        start: datetime,
        end: datetime,
    ) -> Rows:
        return await self._logs.query(workspace, query, parameters, (start, end))

    async def windows(
        self,
        endpoint: Endpoint,
        now: datetime,
        *,
        deployment: str = "",
        since: datetime | None = None,
    ) -> Windows:
        """Return both sides of the monitor as Azure ML itself would compare them."""
        reference, production = await self._monitored(endpoint, now, deployment, since)
        tables = await together(
            blobs.rows(self._cloud, self._credential, reference),
            blobs.rows(self._cloud, self._credential, production),
        )
        return Windows(
            reference=tables[0].table,
            production=tables[1].table,
            hours=tables[1].hours,
            findings=(
                *(f"reference: {note}" for note in tables[0].findings),
                *(f"production: {note}" for note in tables[1].findings),
            ),
            reference_name=reference.name,
            production_name=production.name,
            reference_window=reference.window,
            production_window=production.window,
        )

    async def _monitored(
        self,
        endpoint: Endpoint,
        now: datetime,
        deployment: str,
        since: datetime | None,
    ) -> tuple[Side, Side]:
        if not endpoint.monitor:
            raise Impossible(f"No monitor is named for {endpoint.name}.")
        ml = self._workspace_of(endpoint)
        reference, production = await ml.monitor(endpoint.monitor, now)
        if deployment:
            span = (since or now - timedelta(hours=1), now)
            production = collected(production, endpoint.name, deployment, span)
        return reference, production

    async def lying(
        self,
        endpoint: Endpoint,
        now: datetime,
        *,
        deployment: str = "",
        since: datetime | None = None,
    ) -> tuple[Lying, Lying]:
        sides = await self._monitored(endpoint, now, deployment, since)
        reference, production = await together(
            *(blobs.lying(self._cloud, self._credential, side) for side in sides)
        )
        return reference, production

    async def taken(self, side: Lying, pieces: Sequence[Piece]) -> tuple[Taken, ...]:
        return await blobs.taken(self._cloud, self._credential, side, pieces)

    async def data(self, endpoint: Endpoint, asset: str) -> pa.Table:
        """Return the rows of a data asset, from wherever in Blob Storage it lies."""
        name, _, version = asset.partition(":")
        side = await self._workspace_of(endpoint).asset(name, version)
        return (await blobs.rows(self._cloud, self._credential, side)).table

    async def sides(self, endpoint: Endpoint, now: datetime) -> tuple[Side, ...]:
        """Return where the data of the monitor lie, and the labels where there are any."""
        ml, found = self._workspace_of(endpoint), list[Side]()
        if endpoint.monitor:
            found += await ml.monitor(endpoint.monitor, now)
        if endpoint.labels and endpoint.labels.data:
            name, _, version = endpoint.labels.data.partition(":")
            found.append(await ml.asset(name, version))
        return tuple(found)

    async def holds(self, side: Side) -> bool:
        """Return whether any blob lies there; Impossible where we may not look."""
        return await blobs.holds(self._cloud, self._credential, side)

    async def changes(
        self, resource: str, start: datetime, end: datetime
    ) -> tuple[Change, ...]:
        return await self._changes.below(resource, start, end)

    async def rule(self, rule: str) -> Rule:
        with speaking_of(f"the alert rule {rule.rsplit('/', 1)[-1]}"):
            async with asyncio.timeout(_STATE_LIMIT_S):
                found = await plans.rule(self._arm, rule)
                by, at = await self._set(rule, found.set_by, found.set_at)
        return replace(found, set_by=by, set_at=at)

    async def plan(self, endpoint: Endpoint) -> Plan:
        if not endpoint.monitor:
            raise Impossible(f"No monitor is named for {endpoint.name}.")
        workspace = endpoint.id.rsplit("/onlineendpoints/", 1)[0]
        with speaking_of(f"the monitor {endpoint.monitor}"):
            async with asyncio.timeout(_STATE_LIMIT_S):
                found = await plans.plan(self._arm, workspace, endpoint.monitor)
                schedule = f"{workspace}/schedules/{endpoint.monitor}"
                by, at = await self._set(schedule, found.set_by, found.set_at)
        return replace(found, set_by=by, set_at=at)

    async def access(self, resource: str) -> tuple[Assignment, ...]:
        with speaking_of(f"the access to {resource.rsplit('/', 1)[-1]}"):
            async with asyncio.timeout(_STATE_LIMIT_S):
                return await plans.access(self._arm, resource)

    async def _set(
        self, resource: str, by: str, at: datetime | None
    ) -> tuple[str, datetime | None]:
        """Return who wrote `resource` last, from the log where ARM keeps no name."""
        if by:
            return by, at
        now = self._clock()
        try:
            lines = await self._changes.below(resource, now - _LOG_KEPT, now)
        except (Impossible, Unavailable):  # who set it is left open; the rule is known
            return by, at
        written = [c for c in lines if c.operation.lower().endswith("/write") and c.by]
        return (written[0].by, written[0].at) if written else (by, at)

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
