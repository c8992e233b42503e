"""The composition root: the only file that knows everyone."""

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from typing import Any

from aiohttp import web
from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

from bot import callers, guard, handshakes, pages, teams, traces, webhooks, worker
from bot.azure import AzureMover, AzureTrainer, AzureWorkspace
from bot.azure.alerts import AzureAlerts
from bot.azure.cloud import Cloud
from bot.azure.database import password
from bot.azure.mover import Patience
from bot.callers import Caller
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
from bot.desk import TEAM, Desk
from bot.evidence.archive import Archive, build, open_shelf
from bot.keys import Keys
from bot.observe import Figures, Timed
from bot.settings import Misconfigured, Settings
from bot.store import Store
from bot.store.store import digest
from bot.watch import WatchList
from bot.worker import Means
from cards import Links

log = logging.getLogger(__name__)


class Clock:
    """The wall clock, but it never loses time that has really passed.

    Setting the machine's clock back would give an approval new life.
    """

    def __init__(self) -> None:
        self._wall, self._steady = datetime.now(UTC), time.monotonic()

    def __call__(self) -> datetime:
        passed = timedelta(seconds=time.monotonic() - self._steady)
        return max(datetime.now(UTC), self._wall + passed)


now = Clock()


async def serve(
    settings: Settings,
    watch: WatchList,
    stop: asyncio.Event,
    clock: Callable[[], datetime] = now,
) -> None:
    """Run the service until `stop` is set. Raises Misconfigured, CannotOpen."""
    _check(settings.problems())
    async with AsyncExitStack() as stack:
        stack.enter_context(
            traces.exporting(settings.traces, settings.reader_client_id)
        )
        store = Store.open(
            settings.database_url,
            password=stack.enter_context(password(settings.database_identity)),
        )
        stack.callback(store.close)
        keys = Keys.load(settings.key_file)
        figures = Figures()
        cloud = Cloud(settings.azure_management_url, settings.azure_logs_url)
        credential = await stack.enter_async_context(
            _credential(settings.reader_client_id)
        )
        archive = _archive(settings, watch, keys, credential)
        stack.push_async_callback(archive.close)
        workspace = AzureWorkspace(credential, cloud)
        stack.push_async_callback(workspace.close)
        vouch = await stack.enter_async_context(
            teams.managed_identity(settings.bot_identity or settings.bot_app_id)
        )
        portal = await _portal(settings, cloud, stack)
        line = await stack.enter_async_context(
            teams.connect(_account(settings, watch), _References(store), vouch)
        )
        means = Means(
            store=store,
            watch=watch,
            clock=clock,
            random=SystemRandom(),
            links=Links(settings.pages),
            sign=keys.sign,
            workspace=Timed(workspace, figures),
            chat=line.chat,
            workflow=line.workflow,
            portal=portal,
            portal_every=timedelta(seconds=settings.portal_seconds),
            archive=archive,
        )
        loop = worker.driver(means, keys.log, figures.around)
        app = web.Application(middlewares=[figures.count])
        app.add_routes(webhooks.routes(await _door(settings, watch, store, stack)))
        reader = _reader(settings, watch, stack)
        app.add_routes(pages.routes(means, lambda: not stop.is_set(), figures, reader))
        app.add_routes(line.routes(Desk(means)))
        await stack.enter_async_context(figures.telling(store))
        await _run(settings, guard.Guard(app), loop, workspace, stop)


async def execute(settings: Settings, watch: WatchList, stop: asyncio.Event) -> None:
    """Carry out approved changes until `stop` is set; listens on nothing."""
    _check(settings.problems(talks=False))
    async with AsyncExitStack() as stack:
        stack.enter_context(
            traces.exporting(settings.traces, settings.executor_client_id)
        )
        store = Store.open(
            settings.database_url,
            role="execute",
            password=stack.enter_context(password(settings.database_identity)),
        )
        stack.callback(store.close)
        keys = Keys.load(settings.key_file)
        cloud = Cloud(settings.azure_management_url, settings.azure_logs_url)
        credential = await stack.enter_async_context(
            _credential(settings.executor_client_id)
        )
        settles = settings.settles
        patience = Patience(poll=settings.poll, limit=settings.limit, settles=settles)
        mover = AzureMover(credential, cloud, patience=patience)
        stack.push_async_callback(mover.close)
        trainer = None
        if settings.trainer_client_id:
            training = await stack.enter_async_context(
                _credential(settings.trainer_client_id)
            )
            trainer = AzureTrainer(training, cloud)
        means = Means(
            store=store,
            watch=watch,
            clock=now,
            random=SystemRandom(),
            links=Links(settings.pages),
            sign=keys.sign,
            mover=mover,
            trainer=trainer,
            job_poll=6 * settings.poll,
            shift_limit=settings.limit,
            shift_settles=settles,
        )
        task = asyncio.create_task(worker.executor(means, Figures().around).run())
        log.info("ready to carry out approved changes")
        await _first(task, stop)


def _archive(
    settings: Settings, watch: WatchList, keys: Keys, credential: AsyncTokenCredential
) -> Archive:
    return Archive(
        shelf=open_shelf(settings.evidence_url, credential),
        heads=open_shelf(settings.anchor_url or settings.evidence_url, credential),
        key=keys.log,
        anchor_every_s=settings.anchor_seconds,
        build=build(),
        configuration=hashlib.sha256(watch.model_dump_json().encode()).hexdigest(),
    )


async def _portal(
    settings: Settings, cloud: Cloud, stack: AsyncExitStack
) -> AzureAlerts | None:
    """Return the way to set alerts' states, by the bot's identity: the reader only reads."""
    if not settings.portal_seconds:
        return None
    identity = settings.bot_identity or settings.bot_app_id
    credential = await stack.enter_async_context(_credential(identity))
    found = AzureAlerts(credential, cloud)
    stack.push_async_callback(found.close)
    return found


def _check(problems: list[str]) -> None:
    if problems:
        raise Misconfigured("\n".join(problems))


@asynccontextmanager
async def _credential(
    client_id: str,
) -> AsyncIterator[ManagedIdentityCredential | DefaultAzureCredential]:
    """Yield the named managed identity; without a name, whatever the machine offers."""
    made = (
        ManagedIdentityCredential(client_id=client_id)
        if client_id
        else DefaultAzureCredential()
    )
    async with made as credential:
        yield credential


def _account(settings: Settings, watch: WatchList) -> teams.Account:
    return teams.Account(
        app_id=settings.bot_app_id,
        tenant=watch.tenant,
        allowed=settings.origins,
        issuer=settings.bot_issuer,
        openid_url=settings.bot_openid_url,
        login_url=settings.bot_login_url,
        graph_url=settings.graph_url,
        workflow_url=settings.workflow_url,
    )


class _References:
    """Where we may speak. A channel that Teams never named is reached by its team's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def reference(self, key: str, /) -> Mapping[str, Any] | None:
        return await self._store.reference(key) or await self._store.reference(TEAM)


class _Inbox:
    """The store as the door sees it: it knows what time it is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def accept(self, source: str, body: bytes) -> str:
        begun_by = digest(source, body)
        with traces.step("accept", begun_by, route=source):
            return await self._store.accept(source, body, now())


def _reader(settings: Settings, watch: WatchList, stack: AsyncExitStack) -> Caller:
    if settings.read_by_all:
        return callers.Anyone()
    keys = SigningKeys(settings.alert_jwks_url or keys_url(watch.tenant))
    stack.push_async_callback(keys.close)
    client = (settings.alert_audience or settings.bot_app_id).removeprefix("api://")
    people = {a for p in watch.people if not p.guest for a in p.accounts}
    return callers.Readers(watch.tenant, audiences(client), people, keys)


async def _door(
    settings: Settings, watch: WatchList, store: Store, stack: AsyncExitStack
) -> webhooks.Door:
    keys = SigningKeys(settings.alert_jwks_url or keys_url(watch.tenant))
    stack.push_async_callback(keys.close)

    def caller(kind: str, app: str, role: str) -> Caller:
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
        store=_Inbox(store),
        alerts=caller(settings.alert_auth, ACTION_GROUPS, ACTION_GROUPS_ROLE),
        events=caller(settings.event_auth, EVENT_GRID, settings.event_role),
        subscriptions=handshakes.Allowed(
            names=settings.subscriptions,
            topics=watch.workspaces,
            marked=settings.event_auth == "entra",
        ),
    )


async def _run(
    settings: Settings,
    server: guard.Guard,
    loop: worker.Worker,
    workspace: AzureWorkspace,
    stop: asyncio.Event,
) -> None:
    """Serve and drive; told to stop, take no more calls and finish those under way.

    For DRAIN_SECONDS before that only /readyz says so: time for whoever sends us calls to
    look, while they are still taken.
    """
    try:
        await server.start(settings.host, settings.port)
    except OSError as error:
        raise Misconfigured(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
        ) from None
    log.info("listening on %s", settings.pages)
    warming = asyncio.create_task(workspace.warm())
    try:
        await _first(asyncio.create_task(loop.run()), stop, settings.drain_seconds)
    finally:
        warming.cancel()
        await server.stop()


async def _first(
    task: asyncio.Task[None], stop: asyncio.Event, drain_s: float = 0
) -> None:
    """Wait until we are told to stop; a loop that ends by itself is a fault."""
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not task.done() and drain_s:
        await asyncio.wait({task}, timeout=drain_s)
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, waiting, return_exceptions=True)
