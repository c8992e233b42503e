"""Monitors, data assets and data stores, through azure-ai-ml in a worker thread."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from azure.core.credentials_async import AsyncTokenCredential

from bot.azure.borrowed import Borrowed
from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.azure.spark import SparkJob, status, submit
from bot.ports import Impossible

T = TypeVar("T")
_THREADS = 4
_LIMIT_S = 90  # the first call imports azure-ai-ml: seconds on a busy machine
_numbers = count(1)
_ASSET = re.compile(r"(?:azureml:|.*/data/)([\w.-]+)(?::|/versions/)([\w.-]+)")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_STORE_PATH = re.compile(r"azureml://(?:.+/)?datastores/([\w-]+)/paths/(.+)")
_DIRECT_PATH = re.compile(r"https://([a-z0-9]+)\.blob\.([a-z0-9.]+)/([a-z0-9-]+)/(.+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where data lies in Blob Storage: one blob, or all below a prefix."""

    account: str
    suffix: str  # "core.windows.net"
    container: str
    path: str

    @property
    def address(self) -> str:
        return f"https://{self.account}.blob.{self.suffix}/{self.container}/{self.path}"

    @classmethod
    def at(cls, address: str) -> "Place | None":
        """Return the place at an address, None where it is none in Blob Storage."""
        found = _DIRECT_PATH.fullmatch(address)
        return cls(found[1], found[2], found[3], found[4]) if found else None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a monitor: the asset, where it lies, and which part of it counts."""

    name: str  # "loan-reference:1"
    place: Place
    window: tuple[datetime, datetime] | None  # None: all of it


class Ml:
    """The MLClient of one workspace."""

    def __init__(
        self, cloud: Cloud, credential: AsyncTokenCredential, workspace: str
    ) -> None:
        """`workspace` is its ARM id."""
        self._cloud, self._credential = cloud, credential
        self._workspace = workspace
        self._client: Any = None
        self._opening = asyncio.Lock()
        # Its own: calls that hang would fill the loop's, which looks up host names, and
        # with Azure down nothing could be said in Teams either.
        self._threads = ThreadPoolExecutor(_THREADS, "azure-ai-ml")

    async def monitor(self, name: str, now: datetime) -> tuple[Side, Side]:
        """Return reference and production of the monitor's first signal that has both.

        A data drift signal goes before any other: it is what the bot recomputes.
        """
        schedule = await self.call(f"the monitor {name}", _schedule, name)
        signal = _drift_signal(schedule, name)
        sides = []
        for side in (signal.reference_data, signal.production_data):
            asset = _ASSET.fullmatch(str(side.input_data.path))
            window = _window(side.data_window, now, f"the monitor {name}")
            if asset is None:
                raise Impossible(
                    f"The monitor {name} reads data that is no data asset."
                )
            sides.append(await self._side(asset[1], asset[2], window))
        return sides[0], sides[1]

    async def asset(self, name: str, version: str) -> Side:
        """Return where all of a data asset lies."""
        return await self._side(name, version, None)

    async def submit(self, job: SparkJob) -> str:
        """Start a profile where the data is; return the job's state ("Queued" …)."""
        return await self.call(f"the job {job.name}", submit, job)

    async def job(self, name: str) -> str:
        """Return how a job stands: "Queued", "Running", "Completed", "Failed" …"""
        return await self.call(f"the job {name}", status, name)

    async def _side(
        self, name: str, version: str, window: tuple[datetime, datetime] | None
    ) -> Side:
        subject = f"the data asset {name}:{version}"
        path = await self.call(subject, _data_path, name, version)
        if direct := Place.at(path):
            place = direct
        elif found := _STORE_PATH.fullmatch(path):
            account, suffix, container = await self.call(
                f"the data store {found[1]}", _store, found[1]
            )
            place = Place(account, suffix, container, found[2])
        else:
            raise Impossible(f"{subject} does not lie in Blob Storage.".capitalize())
        return Side(f"{name}:{version}", place, window)

    async def call(self, subject: str, function: Callable[..., T], *given: Any) -> T:
        """Return what `function` of the client returns; it may block its thread."""
        with speaking_of(subject):
            async with asyncio.timeout(_LIMIT_S):
                loop = asyncio.get_running_loop()
                async with self._opening:
                    if self._client is None:
                        self._client = await loop.run_in_executor(
                            self._threads, self._open, loop
                        )
                return await loop.run_in_executor(
                    self._threads, function, self._client, *given
                )

    def _open(self, loop: asyncio.AbstractEventLoop) -> Any:
        from azure.ai.ml import MLClient  # noqa: PLC0415

        _, _, subscription, _, group, *_, workspace = self._workspace.split("/")
        base = self._cloud.management
        credential = Borrowed(self._credential, loop)
        # A second client with the same cloud name silently keeps the first one's URL.
        return MLClient(
            credential,
            subscription,
            group,
            workspace,
            cloud=f"watchkeeper-{next(_numbers)}",
            cloud_metadata={
                "azure_portal": base,
                "resource_manager": base,
                "active_directory": base,
                "aml_resource_id": base,
                "storage_endpoint": "core.windows.net",
                "registry_discovery_endpoint": base,
            },
            enable_telemetry=False,
            show_progress=False,
            authentication_policy=self._cloud.blocking_management_auth(credential),
            transport=self._cloud.requests_transport(),
            retry_total=0,
        )


def collected(
    side: Side, endpoint: str, deployment: str, window: tuple[datetime, datetime]
) -> Side:
    """Return what another deployment took in, as the model data collector lays it.

    The collector writes …/modelDataCollector/ENDPOINT/DEPLOYMENT/COLLECTION/yyyy/mm/dd/HH.
    Files are by the hour, so the hour in which the window starts counts as a whole.
    """
    pattern = rf"(?i)(.*/?modelDataCollector/{re.escape(endpoint)}/)[^/]+(/.+)"
    found = re.fullmatch(pattern, side.place.path)
    if found is None:
        words = f"no data collector's, so those of {deployment} cannot be found"
        raise Impossible(f"The production data of the monitor are {words}.")
    place = replace(side.place, path=f"{found[1]}{deployment}{found[2]}")
    return Side(f"model inputs of {deployment}", place, window)


def _schedule(client: Any, name: str) -> Any:
    return client.schedules.get(name)


def _data_path(client: Any, name: str, version: str) -> str:
    return str(client.data.get(name, version).path)


def _store(client: Any, name: str) -> tuple[str, str, str]:
    store = client.datastores.get(name)
    return (
        str(store.account_name),
        str(store.endpoint or "core.windows.net"),
        str(store.container_name),
    )


def _drift_signal(schedule: Any, name: str) -> Any:
    monitor = getattr(schedule, "create_monitor", None)
    if monitor is None:
        raise Impossible(f"The schedule {name} is not a monitor.")
    whole = [
        s
        for s in monitor.monitoring_signals.values()
        if getattr(s, "reference_data", None) and getattr(s, "production_data", None)
    ]
    whole.sort(key=lambda s: "drift" not in str(s.type).lower())
    if not whole:
        raise Impossible(f"The monitor {name} names no reference and production data.")
    return whole[0]


def _window(
    given: Any, now: datetime, subject: str
) -> tuple[datetime, datetime] | None:
    """Return the part of the data that a monitor run at `now` would look at."""
    if given is None:
        return None
    if given.lookback_window_size:
        end = now - _span(given.lookback_window_offset or "P0D", subject)
        return end - _span(given.lookback_window_size, subject), end
    days = [
        datetime.fromisoformat(d).replace(tzinfo=UTC)
        for d in (given.window_start, given.window_end)
    ]
    return days[0], days[1] + timedelta(days=1)


def _span(text: str, subject: str) -> timedelta:
    """Return an ISO 8601 duration of weeks, days, hours and minutes."""
    found = _DURATION.fullmatch(str(text))
    if found is None or not any(found.groups()):
        raise Impossible(f"A window of {subject} has the odd length {text!r}.")
    weeks, days, hours, minutes = (int(g or 0) for g in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
