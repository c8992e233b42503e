"""The state that people gave an alert in Azure Monitor: New, Acknowledged, Closed."""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

from azure.core.credentials_async import AsyncTokenCredential

from bot.azure.cloud import Cloud
from bot.azure.errors import plain_words, speaking_of
from bot.incident import AlertState, Marked
from bot.ports import Impossible

if TYPE_CHECKING:
    from azure.mgmt.alertsmanagement.aio import AlertsManagementClient

_LIMIT_S = 20
_LONGEST_COMMENT = 500
_STATES: dict[str, AlertState] = {
    "New": "New",
    "Acknowledged": "Acknowledged",
    "Closed": "Closed",
}


class AzureAlerts:
    """Implements `bot.ports.Portal`, with the bot's own identity."""

    def __init__(self, credential: AsyncTokenCredential, cloud: Cloud) -> None:
        self._credential, self._cloud = credential, cloud
        self._clients: dict[str, AlertsManagementClient] = {}

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    async def state(self, alert: str) -> Marked:
        with speaking_of("the alert in Azure Monitor"):
            async with asyncio.timeout(_LIMIT_S):
                client = await self._ready(alert)
                found = await client.alerts.get_by_id(alert.rsplit("/", 1)[-1])
        return _marked(found)

    async def mark(self, alert: str, state: AlertState, comment: str) -> None:
        with speaking_of("the state of the alert in Azure Monitor"):
            async with asyncio.timeout(_LIMIT_S):
                client = await self._ready(alert)
                from azure.mgmt.alertsmanagement.models import (  # noqa: PLC0415
                    Comments,
                )

                words = plain_words(comment)[:_LONGEST_COMMENT]
                await client.alerts.change_state(
                    alert.rsplit("/", 1)[-1], state, Comments(comments=words)
                )

    async def _ready(self, alert: str) -> "AlertsManagementClient":
        """Return the client of the alert's subscription; the SDK is slow to import."""
        subscription = alert.split("/")[2]
        await asyncio.to_thread(import_module, "azure.mgmt.alertsmanagement.aio")
        if subscription not in self._clients:
            from azure.mgmt.alertsmanagement.aio import (  # noqa: PLC0415
                AlertsManagementClient,
            )

            self._clients[subscription] = AlertsManagementClient(
                self._credential,
                subscription,
                **self._cloud.management_client(self._credential),
            )
        return self._clients[subscription]


def _marked(found: Any) -> Marked:
    essentials = getattr(found.properties, "essentials", None)
    state = _STATES.get(str(getattr(essentials, "alert_state", "")))
    if state is None:
        raise Impossible("Azure did not say what state the alert is in.")
    who = str(getattr(essentials, "last_modified_user_name", "") or "")
    at = getattr(essentials, "last_modified_date_time", None)
    return Marked(state=state, by=who.partition("@")[0][:60], at=at)
