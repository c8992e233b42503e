"""The parts put together, for the composition root."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from bot.ports import Unavailable
from bot.teams import door
from bot.teams.account import Account
from bot.teams.adapter import Adapter
from bot.teams.chat import References, TeamsChat
from bot.teams.clients import Clients
from bot.teams.credentials import Assertion, Credentials, Tokens
from bot.teams.gate import Gate
from bot.teams.graph import Graph
from bot.teams.keys import Keys
from bot.teams.workflow import Webhook
from bot.turns import Desk

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Teams:
    """A connected bot: `chat` for the worker, `routes` for the application."""

    account: Account
    chat: TeamsChat
    gate: Gate
    adapter: Adapter
    workflow: Webhook | None = None

    def routes(self, desk: Desk) -> web.RouteTableDef:
        return door.routes(self.account, self.gate, self.adapter, desk)


@asynccontextmanager
async def connect(
    account: Account, references: References, assertion: Assertion
) -> AsyncIterator[Teams]:
    """Yield the bot; everything it opened is closed at the end.

    `assertion` vouches for the bot (`managed_identity`). The first token is fetched in
    the background: nobody waits for it, and without one the bot starts all the same.
    """
    # Not the environment's proxies or .netrc: our token goes to the named hosts only.
    async with aiohttp.ClientSession(trust_env=False) as session:
        tokens = Tokens(account, session, assertion)
        clients = Clients(account, Credentials(account, tokens), session)
        graph = Graph(account, tokens, session) if account.graph_url else None
        keys = Keys(account.openid_url, session)
        warm = asyncio.create_task(_warm(tokens))
        try:
            yield Teams(
                account,
                TeamsChat(account, clients, references, graph),
                Gate(account, keys),
                Adapter(account, clients),
                Webhook(url, session) if (url := account.workflow_url) else None,
            )
        finally:
            warm.cancel()
            await asyncio.gather(warm, return_exceptions=True)
            await keys.close()


async def _warm(tokens: Tokens) -> None:
    try:
        await tokens.get()
    except Unavailable as error:
        log.warning("the bot cannot speak yet: %s", error)
