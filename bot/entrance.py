"""Who may call which route: the door of alerts and events, and the readers' gate."""

from collections.abc import Awaitable
from contextlib import AsyncExitStack

from bot import callers, webhooks
from bot.callers import Caller, Remembering
from bot.callers.entra import (
    ACTION_GROUPS,
    ACTION_GROUPS_ROLE,
    EVENT_GRID,
    Entra,
    Expected,
    audiences,
    keys_url,
)
from bot.callers.keys import Keys as SigningKeys
from bot.callers.url_secret import UrlSecret
from bot.observe import traces
from bot.running import now
from bot.settings import Settings
from bot.store import Store
from bot.store.store import digest
from bot.watch import WatchList


class Inbox:
    """The store as the door sees it: it knows what time it is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accept(self, source: str, body: bytes) -> Awaitable[str]:
        if traces.wanted():
            return self._traced(source, body)
        return self._store.accept(source, body, now())

    async def _traced(self, source: str, body: bytes) -> str:
        with traces.step("accept", digest(source, body), route=source):
            return await self._store.accept(source, body, now())


def signing_keys(
    settings: Settings, watch: WatchList, stack: AsyncExitStack
) -> SigningKeys:
    """Return the tenant's keys, one for all doors: together they ask twice a minute."""
    keys = SigningKeys(settings.alert_jwks_url or keys_url(watch.tenant))
    stack.push_async_callback(keys.close)
    return keys


def reader(settings: Settings, watch: WatchList, keys: SigningKeys) -> Caller:
    if settings.read_by_all:
        return callers.Anyone()
    client = (settings.alert_audience or settings.bot_app_id).removeprefix("api://")
    people = {a for p in watch.people if not p.guest for a in p.accounts}
    return callers.Readers(watch.tenant, audiences(client), people, keys)


def door(
    settings: Settings, watch: WatchList, store: Store, keys: SigningKeys
) -> webhooks.Door:
    def caller(kind: str, app: str, role: str) -> Remembering:
        if kind == "none":
            return callers.Anyone()
        if kind == "url-secret":
            return UrlSecret(settings.secrets)
        client = settings.alert_audience.removeprefix("api://")
        expected = Expected(
            tenant=watch.tenant, audiences=audiences(client), app=app, role=role
        )
        return Entra(expected, keys)

    return webhooks.Door(
        store=Inbox(store),
        alerts=caller(settings.alert_auth, ACTION_GROUPS, ACTION_GROUPS_ROLE),
        events=caller(settings.event_auth, EVENT_GRID, settings.event_role),
        subscriptions=webhooks.Allowed(
            names=settings.subscriptions,
            topics=watch.workspaces,
            marked=settings.event_auth == "entra",
        ),
    )
