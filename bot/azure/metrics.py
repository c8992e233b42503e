"""Platform metrics of endpoints and deployments, and the health that follows."""

import asyncio
import re
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from azure.core.credentials_async import AsyncTokenCredential

from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.azure.together import together
from bot.incident import Health
from bot.ports import Impossible, Series

if TYPE_CHECKING:
    from azure.mgmt.monitor.aio import MonitorManagementClient

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ /.%-]{0,120}")
_AGGREGATIONS = {
    "Average": "average",
    "Minimum": "minimum",
    "Maximum": "maximum",
    "Total": "total",
    "Count": "count",
}
# Grain by window: at most a few hundred points, and Azure knows no others.
_GRAINS = (
    (timedelta(hours=6), timedelta(minutes=1)),
    (timedelta(days=1), timedelta(minutes=5)),
    (timedelta.max, timedelta(hours=1)),
)
_ISO = {
    timedelta(minutes=1): "PT1M",
    timedelta(minutes=5): "PT5M",
    timedelta(minutes=15): "PT15M",
    timedelta(minutes=30): "PT30M",
    timedelta(hours=1): "PT1H",
    timedelta(hours=6): "PT6H",
    timedelta(hours=12): "PT12H",
    timedelta(days=1): "P1D",
}
_LIMIT_S = 45
_MOST_SERIES = 50  # Azure's default is 10, silently


class Metrics:
    def __init__(self, cloud: Cloud, credential: AsyncTokenCredential) -> None:
        self._cloud, self._credential = cloud, credential
        self._client: MonitorManagementClient | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def series(
        self,
        resource: str,
        metric: str,
        span: tuple[datetime, datetime],
        interval: timedelta,
        aggregation: str,
        split_by: str = "",
    ) -> tuple[Series, ...]:
        """Return a metric, one series a value of the dimension `split_by`."""
        field = _AGGREGATIONS.get(aggregation)
        if not field or interval not in _ISO or not _NAME.fullmatch(metric):
            raise Impossible(f"{metric[:60]!r} cannot be asked for like that.")
        if split_by and not _NAME.fullmatch(split_by):
            raise Impossible(f"{split_by[:60]!r} is no dimension.")
        with speaking_of(f"the metric {metric} of {resource.rsplit('/', 1)[-1]}"):
            async with asyncio.timeout(_LIMIT_S):
                client = await self._ready(resource)
                answer = await client.metrics.list(
                    resource.strip("/"),
                    timespan="/".join(_zulu(moment) for moment in span),
                    interval=_ISO[interval],
                    metricnames=metric,
                    aggregation=aggregation,
                    filter=f"{split_by} eq '*'" if split_by else None,
                    top=_MOST_SERIES if split_by else None,
                )
        return tuple(
            _series(found, one, aggregation, field)
            for found in answer.value
            for one in found.timeseries
        )

    async def _ready(self, resource: str) -> "MonitorManagementClient":
        await asyncio.to_thread(import_module, "azure.mgmt.monitor.aio")
        if self._client is None:  # asked after the wait: two may have come in
            from azure.mgmt.monitor.aio import MonitorManagementClient  # noqa: PLC0415

            self._client = MonitorManagementClient(
                self._credential,
                resource.split("/")[2],  # unused by metrics, which name the resource
                **self._cloud.management_client(self._credential),
            )
        return self._client


def _zulu(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _series(found: Any, one: Any, aggregation: str, field: str) -> Series:
    points = one.data or []
    values = (getattr(point, field) for point in points)
    return Series(
        metric=found.name.value,
        unit=str(found.unit),
        aggregation=aggregation,
        times=tuple(point.time_stamp for point in points),
        values=tuple(None if v is None else float(v) for v in values),
        dimensions={m.name.value: m.value for m in one.metadatavalues or []},
    )


async def health(
    metrics: Metrics, endpoint: str, deployment: str, span: tuple[datetime, datetime]
) -> Health:
    """Return how an endpoint, or one deployment of it, served in a window.

    An error is an answer of class 5xx. The P95 is the plain mean of Azure's P95 of each
    minute: the best that Azure keeps, but not the percentile of the whole window.
    """
    resource = f"{endpoint}/deployments/{deployment}" if deployment else endpoint
    # The same metric has another dimension on each level.
    split_by = "envoy_response_code" if deployment else "statusCodeClass"
    grain = next(g for longest, g in _GRAINS if span[1] - span[0] <= longest)
    requests, latency = await together(
        metrics.series(
            resource, "RequestsPerMinute", span, grain, "Average", split_by=split_by
        ),
        metrics.series(resource, "RequestLatency_P95", span, grain, "Average"),
    )
    total, failed = _counted(requests, grain)
    rate = failed / total if total and failed is not None else None
    points = [v for s in latency for v in s.values if v is not None]
    return Health(
        start=span[0],
        end=span[1],
        deployment=deployment,
        requests=total,
        error_rate=rate,
        latency_p95_ms=sum(points) / len(points) if points else None,
        availability=None if rate is None else 1 - rate,
    )


def _counted(
    series: tuple[Series, ...], grain: timedelta
) -> tuple[float | None, float | None]:
    """Return requests in the window, all and failed; None when Azure has no figure."""
    minutes = grain.total_seconds() / 60
    total = failed = 0.0
    known = False
    for one in series:
        values = [v for v in one.values if v is not None]
        known = known or bool(values)
        count = sum(values) * minutes
        total += count
        if any(v.startswith("5") for v in one.dimensions.values()):
            failed += count
    return (total, failed) if known else (None, None)
