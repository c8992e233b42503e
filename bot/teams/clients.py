"""Bot Connector clients of the SDK, one for each service URL, over our own wire."""

from typing import Any

import aiohttp
from botframework.connector.aio import ConnectorClient
from botframework.connector.aiohttp_bf_pipeline import AsyncBfPipeline
from botframework.connector.auth import ConnectorFactory
from botframework.connector.bot_framework_sdk_client_async import (
    BotFrameworkConnectorConfiguration,
)

from bot.ports import Impossible
from bot.teams.account import CONNECTOR_SCOPE, Account
from bot.teams.credentials import Credentials
from bot.teams.wire import TOTAL_S, Sender


class Clients(ConnectorFactory):  # type: ignore[misc]  # untyped
    """Makes a client the first time that a service URL is spoken to."""

    def __init__(
        self,
        account: Account,
        credentials: Credentials,
        session: aiohttp.ClientSession,
        total_s: float = TOTAL_S,
    ) -> None:
        self._account, self._credentials = account, credentials
        self._sender = Sender(session, total_s)
        self._made: dict[str, ConnectorClient] = {}

    async def create(self, service_url: str, audience: str = "") -> Any:
        """Return the client. Impossible for an address our token must not go to."""
        if not self._account.allows(service_url):
            raise Impossible("The channel's service address is not on the allow list.")
        if service_url not in self._made:
            self._made[service_url] = await self._connect(
                service_url, audience or CONNECTOR_SCOPE
            )
        return self._made[service_url]

    async def _connect(self, service_url: str, scope: str) -> ConnectorClient:
        credentials = await self._credentials.create_credentials(
            self._account.app_id, scope
        )
        configuration = BotFrameworkConnectorConfiguration(
            credentials, service_url, sender=self._sender
        )
        client = ConnectorClient(credentials, custom_configuration=configuration)
        # Last, not by `pipeline_type`: the client builds its default pipeline in
        # between and ties the credentials, which both share, to its `requests` driver.
        client.config.pipeline = AsyncBfPipeline(configuration)
        return client
