"""Log Analytics: constant queries, inside its limits, with an honest "partial"."""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from azure.core.credentials_async import AsyncTokenCredential

from bot.azure.cloud import Cloud
from bot.azure.errors import plain_words, speaking_of
from bot.azure.queries import compose
from bot.ports import Rows

if TYPE_CHECKING:
    from azure.monitor.query.aio import LogsQueryClient

_AT_ONCE = 5  # Log Analytics answers 429 to the sixth …
_PER_WINDOW, _WINDOW_S = 200, 30.0  # … and to the 201st within 30 s
_SERVER_LIMIT_S, _LIMIT_S = 60, 90


class Logs:
    """One client, shared by all: the limits hold for our identity as a whole."""

    def __init__(self, cloud: Cloud, credential: AsyncTokenCredential) -> None:
        self._cloud, self._credential = cloud, credential
        self._client: LogsQueryClient | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._sent: deque[float] = deque(maxlen=_PER_WINDOW)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def query(
        self,
        workspace: str,
        name: str,
        values: Mapping[str, str],
        span: tuple[datetime, datetime],
    ) -> Rows:
        text = compose(name, values)
        with speaking_of(f"the logs ({name})"):
            async with asyncio.timeout(_LIMIT_S), self._slots:
                await self._turn()
                client = await self._ready()
                answer = await client.query_workspace(
                    workspace, text, timespan=span, server_timeout=_SERVER_LIMIT_S
                )
        return replace(_rows(answer), query=text)

    async def _turn(self) -> None:
        """Wait until another query fits into Log Analytics' window of 30 s."""
        clock: Callable[[], float] = asyncio.get_running_loop().time
        if len(self._sent) == _PER_WINDOW:
            await asyncio.sleep(max(0.0, self._sent[0] + _WINDOW_S - clock()))
        self._sent.append(clock())

    async def _ready(self) -> "LogsQueryClient":
        await asyncio.to_thread(import_module, "azure.monitor.query.aio")
        if self._client is None:  # asked after the wait: two may have come in
            from azure.monitor.query.aio import LogsQueryClient  # noqa: PLC0415

            self._client = LogsQueryClient(
                self._credential,
                endpoint=self._cloud.logs,
                audience=self._cloud.logs_audience,
                transport=self._cloud.aio_transport(),
                retry_total=0,
            )
        return self._client


def _rows(answer: Any) -> Rows:
    """Return the first table of an answer, whole or partial.

    A NaN or infinity arrives as a string in a `real` column; it becomes None, for it is
    not a figure. Times are datetimes, dynamic columns stay the JSON text they are.
    """
    error = getattr(answer, "partial_error", None)
    tables = getattr(answer, "partial_data", None) if error else answer.tables
    if not tables:
        return Rows(columns=(), rows=(), partial=_reason(error))
    table = tables[0]
    real = {i for i, kind in enumerate(table.columns_types) if kind == "real"}
    known = partial(_known, real)
    return Rows(
        columns=tuple(table.columns),
        rows=tuple(tuple(map(known, enumerate(row))) for row in table.rows),
        partial=_reason(error),
    )


def _known(real: set[int], cell: tuple[int, Any]) -> Any:
    index, value = cell
    if index not in real or value is None:
        return value
    try:
        figure = float(value)
    except (TypeError, ValueError):
        return None
    return figure if math.isfinite(figure) else None


def _reason(error: Any) -> str:
    if error is None:
        return ""
    return plain_words(str(getattr(error, "message", "") or error)) or "not complete"
