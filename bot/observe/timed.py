"""A Workspace whose every question is timed, for the figures of /metrics."""

import time
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pyarrow as pa

from bot.approval.retraining import Job
from bot.incident import (
    Assignment,
    Change,
    EndpointState,
    Health,
    Plan,
    Rule,
)
from bot.observe.figures import Figures
from bot.ports import Lying, Piece, Rows, Series, Taken, Windows, Workspace
from bot.watch import Endpoint

T = TypeVar("T")


class Timed:
    """A Workspace whose every question is timed."""

    def __init__(self, inner: Workspace, figures: Figures) -> None:
        self._inner, self._figures = inner, figures

    async def _time(self, kind: str, question: Awaitable[T]) -> T:
        begun, outcome = time.perf_counter(), "failed"
        try:
            answer = await question
            outcome = "done"
        finally:
            took = time.perf_counter() - begun
            self._figures.queries.labels(kind, outcome).observe(took)
        return answer

    async def state(self, endpoint: str) -> EndpointState:
        return await self._time("state", self._inner.state(endpoint))

    async def captured(self, endpoint: str) -> tuple[EndpointState, bytes]:
        return await self._time("state", self._inner.captured(endpoint))

    async def series(
        self, resource: str, metric: str, start: datetime, end: datetime, *,
        interval: timedelta, aggregation: str, split_by: str = "",
    ) -> tuple[Series, ...]:  # fmt: skip
        asked = self._inner.series(
            resource, metric, start, end,
            interval=interval, aggregation=aggregation, split_by=split_by,
        )  # fmt: skip
        return await self._time("series", asked)

    async def health(
        self, endpoint: str, deployment: str, start: datetime, end: datetime
    ) -> Health:
        asked = self._inner.health(endpoint, deployment, start, end)
        return await self._time("health", asked)

    async def fired(
        self, subscription: str, start: datetime, end: datetime
    ) -> tuple[Mapping[str, Any], ...]:
        return await self._time("fired", self._inner.fired(subscription, start, end))

    async def delivers(self, subscription: str) -> str:
        return await self._time("delivers", self._inner.delivers(subscription))

    async def query(
        self,
        workspace: str,
        query: str,
        parameters: Any,
        start: datetime,
        end: datetime,
    ) -> Rows:
        asked = self._inner.query(workspace, query, parameters, start, end)
        return await self._time("query", asked)

    async def windows(
        self,
        endpoint: Endpoint,
        now: datetime,
        *,
        deployment: str = "",
        since: datetime | None = None,
    ) -> Windows:
        asked = self._inner.windows(endpoint, now, deployment=deployment, since=since)
        return await self._time("windows", asked)

    async def lying(
        self,
        endpoint: Endpoint,
        now: datetime,
        *,
        deployment: str = "",
        since: datetime | None = None,
    ) -> tuple[Lying, Lying]:
        asked = self._inner.lying(endpoint, now, deployment=deployment, since=since)
        return await self._time("lying", asked)

    async def taken(self, side: Lying, pieces: Sequence[Piece]) -> tuple[Taken, ...]:
        return await self._time("taken", self._inner.taken(side, pieces))

    async def data(self, endpoint: Endpoint, asset: str) -> pa.Table:
        return await self._time("data", self._inner.data(endpoint, asset))

    async def changes(
        self, resource: str, start: datetime, end: datetime
    ) -> tuple[Change, ...]:
        return await self._time("changes", self._inner.changes(resource, start, end))

    async def rule(self, rule: str) -> Rule:
        return await self._time("rule", self._inner.rule(rule))

    async def plan(self, endpoint: Endpoint) -> Plan:
        return await self._time("plan", self._inner.plan(endpoint))

    async def access(self, resource: str) -> tuple[Assignment, ...]:
        return await self._time("access", self._inner.access(resource))

    async def job(self, endpoint: Endpoint, name: str) -> Job:
        return await self._time("job", self._inner.job(endpoint, name))
