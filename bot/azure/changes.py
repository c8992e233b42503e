"""The activity log: who did what to which resource, less what names a person's devices."""

import asyncio
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from azure.core.credentials_async import AsyncTokenCredential

from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.incident import Change
from bot.ports import Unavailable

if TYPE_CHECKING:
    from azure.mgmt.monitor.aio import MonitorManagementClient

_LIMIT_S = 45
_MOST = 2000  # lines: a resource group of a busy team has some hundred in a day
# Addresses and tokens of people are in what we do not ask for.
_FIELDS = "eventTimestamp,operationName,status,resourceId,correlationId,claims"
_OBJECT_ID = (
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "oid",
)
_LONGEST = 400


class Changes:
    """One client a subscription: the activity log belongs to that."""

    def __init__(self, cloud: Cloud, credential: AsyncTokenCredential) -> None:
        self._cloud, self._credential = cloud, credential
        self._clients: dict[str, MonitorManagementClient] = {}

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    async def below(
        self, resource: str, start: datetime, end: datetime
    ) -> tuple[Change, ...]:
        """Return the lines about `resource` and what is below it, newest first.

        Azure filters by a resource without its children, or by the whole resource
        group: the group is asked for, and the rest left out here.
        """
        wanted = resource.lower().rstrip("/")
        parts = resource.split("/")
        asked = (
            f"eventTimestamp ge '{_zulu(start)}' and eventTimestamp le '{_zulu(end)}' "
            f"and resourceGroupName eq '{parts[4]}'"
        )
        subject = f"the activity log of {parts[-1]}"
        found: list[Change] = []
        count = 0
        with speaking_of(subject):
            async with asyncio.timeout(_LIMIT_S):
                client = await self._ready(parts[2])
                async for line in client.activity_logs.list(asked, select=_FIELDS):
                    count += 1
                    if count > _MOST:
                        raise Unavailable(f"There is too much in {subject} to read.")
                    about = str(line.resource_id or "").lower()
                    if about == wanted or about.startswith(wanted + "/"):
                        found.append(_change(line, about))
        return tuple(sorted(found, key=lambda c: (c.at, c.operation), reverse=True))

    async def _ready(self, subscription: str) -> "MonitorManagementClient":
        await asyncio.to_thread(import_module, "azure.mgmt.monitor.aio")
        if subscription not in self._clients:
            from azure.mgmt.monitor.aio import MonitorManagementClient  # noqa: PLC0415

            self._clients[subscription] = MonitorManagementClient(
                self._credential,
                subscription,
                **self._cloud.management_client(self._credential),
            )
        return self._clients[subscription]


def _change(line: Any, about: str) -> Change:
    claims = line.claims or {}
    return Change(
        at=line.event_timestamp,
        operation=_value(line.operation_name),
        status=_value(line.status),
        resource=about[:_LONGEST],
        by=next((str(claims[k]).lower() for k in _OBJECT_ID if claims.get(k)), ""),
        correlation=str(line.correlation_id or "")[:_LONGEST],
    )


def _value(name: Any) -> str:
    return str(getattr(name, "value", None) or "")[:_LONGEST]


def _zulu(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
