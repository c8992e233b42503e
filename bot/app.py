"""The composition root: the only file that knows everyone."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any, Literal

from aiohttp import web
from azure.core.credentials_async import AsyncTokenCredential

from bot import entrance, teams, webhooks, worker
from bot.azure import AzureMover, AzureTrainer, AzureWorkspace, vault
from bot.azure.alerts import AzureAlerts
from bot.azure.cloud import Cloud
from bot.azure.database import password
from bot.azure.identity import credential as credential_of
from bot.azure.mover import Patience
from bot.desk import TEAM, Desk
from bot.evidence.archive import Archive, build, open_heads, open_shelf
from bot.keys import CannotRead, Keys
from bot.observe import traces
from bot.observe.figures import Figures
from bot.observe.timed import Timed
from bot.pages import routes as pages
from bot.ports import Impossible, Unavailable
from bot.running import now, serving, until_stopped
from bot.settings import Misconfigured, Settings, problems
from bot.store import Store
from bot.watch import WatchList
from bot.worker import Means
from cards import Links

log = logging.getLogger(__name__)


async def serve(
    settings: Settings,
    watch: WatchList,
    stop: asyncio.Event,
    clock: Callable[[], datetime] = now,
) -> None:
    """Run the service until `stop` is set. Raises Misconfigured, CannotOpen."""
    _check(problems(settings))
    async with AsyncExitStack() as stack:
        stack.enter_context(
            traces.exporting(settings.traces, settings.reader_client_id)
        )
        store, figures = _store(settings, "serve", stack), Figures()
        workspace, keys, archive = await _reading(settings, watch, figures, stack)
        portal = await _portal(settings, stack)
        line = await _line(settings, watch, store, stack)
        means = replace(
            _means(settings, watch, store, keys),
            clock=clock,
            workspace=Timed(workspace, figures),
            chat=line.chat,
            workflow=line.workflow,
            portal=portal,
            portal_every=timedelta(seconds=settings.portal_seconds),
            archive=archive,
        )
        loop = worker.driver(means, keys.log, figures.around, keys.announced)
        app = web.Application(middlewares=[figures.count])
        signing = entrance.signing_keys(settings, watch, stack)
        door = entrance.door(settings, watch, store, signing)
        app.add_routes(webhooks.routes(door))
        reader = entrance.reader(settings, watch, signing)
        app.add_routes(pages.routes(means, lambda: not stop.is_set(), figures, reader))
        app.add_routes(line.routes(Desk(means)))
        await stack.enter_async_context(figures.telling(store))
        server = webhooks.Guard(app, webhooks.short(door, figures.counted))
        await serving(settings, server, loop, workspace.warm, stop)


async def execute(settings: Settings, watch: WatchList, stop: asyncio.Event) -> None:
    """Carry out approved changes until `stop` is set; listens on nothing."""
    _check(problems(settings, talks=False))
    async with AsyncExitStack() as stack:
        stack.enter_context(
            traces.exporting(settings.traces, settings.executor_client_id)
        )
        store = _store(settings, "execute", stack)
        keys = Keys.load(settings.key_file)
        patience = Patience(
            poll=settings.poll, limit=settings.limit, settles=settings.settles
        )
        credential = credential_of(settings.executor_client_id, stack)
        mover = AzureMover(credential, _cloud(settings), patience=patience)
        stack.push_async_callback(mover.close)
        means = replace(
            _means(settings, watch, store, keys),
            mover=mover,
            trainer=await _trainer(settings, stack),
            job_poll=6 * settings.poll,
            shift_limit=settings.limit,
            shift_settles=settings.settles,
        )
        task = asyncio.create_task(worker.executor(means, Figures().around).run())
        log.info("ready to carry out approved changes")
        await until_stopped(task, stop)


async def asking(settings: Settings, watch: WatchList, stack: AsyncExitStack) -> Means:
    """Return what one question at the command line is answered with; `stack` closes it.

    It reads the records and Azure, and shows no card. Raises CannotOpen.
    """
    store = _store(settings, "gate", stack)
    credential = credential_of(settings.reader_client_id, stack)
    workspace = AzureWorkspace(credential, _cloud(settings))
    stack.push_async_callback(workspace.close)
    return replace(_means(settings, watch, store, None), workspace=workspace)


def _store(
    settings: Settings, role: Literal["serve", "execute", "gate"], stack: AsyncExitStack
) -> Store:
    token = stack.enter_context(password(settings.database_identity))
    store = Store.open(settings.database_url, role=role, password=token)
    stack.callback(store.close)
    return store


def _cloud(settings: Settings) -> Cloud:
    return Cloud(settings.azure_management_url, settings.azure_logs_url)


def _means(
    settings: Settings, watch: WatchList, store: Store, keys: Keys | None
) -> Means:
    """Return what all processes have; each adds its own ways to Azure and Teams."""
    found = Means(
        store=store,
        watch=watch,
        clock=now,
        random=SystemRandom(),
        links=Links(settings.pages),
        sign=keys.sign if keys else _unsigned,
    )
    return replace(found, signed=keys.signed) if keys else found


def _unsigned(key: str, revision: int) -> str:
    """Return what stands in for a token where no card is made."""
    return f"{key}.{revision}"


async def _reading(
    settings: Settings, watch: WatchList, figures: Figures, stack: AsyncExitStack
) -> tuple[AzureWorkspace, Keys, Archive]:
    credential = credential_of(settings.reader_client_id, stack)
    keys = await _keys(settings, credential)
    archive = _archive(settings, watch, keys, credential, figures)
    stack.push_async_callback(archive.close)
    workspace = AzureWorkspace(credential, _cloud(settings))
    stack.push_async_callback(workspace.close)
    return workspace, keys, archive


async def _line(
    settings: Settings, watch: WatchList, store: Store, stack: AsyncExitStack
) -> teams.Teams:
    vouch = await stack.enter_async_context(
        teams.managed_identity(settings.bot_identity or settings.bot_app_id)
    )
    account = _account(settings, watch)
    return await stack.enter_async_context(
        teams.connect(account, _References(store), vouch)
    )


async def _trainer(settings: Settings, stack: AsyncExitStack) -> AzureTrainer | None:
    if not settings.trainer_client_id:
        return None
    credential = credential_of(settings.trainer_client_id, stack)
    return AzureTrainer(credential, _cloud(settings))


async def _keys(settings: Settings, credential: AsyncTokenCredential) -> Keys:
    """Return the keys that sign, from Key Vault or the file. Raises CannotRead."""
    if not settings.key_secret_url:
        return Keys.load(settings.key_file)
    try:
        text = await vault.secret(settings.key_secret_url, credential)
    except (Unavailable, Impossible, ValueError) as error:
        raise CannotRead(f"KEY_SECRET_URL: {error}") from None
    return Keys.read(text, "the secret of KEY_SECRET_URL")


def _archive(
    settings: Settings,
    watch: WatchList,
    keys: Keys,
    credential: AsyncTokenCredential,
    figures: Figures,
) -> Archive:
    return Archive(
        shelf=open_shelf(settings.evidence_url, credential),
        heads=open_heads(settings.anchor_url or settings.evidence_url, credential),
        key=keys.log,
        announced=keys.announced,
        anchor_every_s=settings.anchor_seconds,
        build=build(),
        configuration=hashlib.sha256(watch.model_dump_json().encode()).hexdigest(),
        anchored=figures.anchor,
    )


async def _portal(settings: Settings, stack: AsyncExitStack) -> AzureAlerts | None:
    """Return the way to set alerts' states, by the bot's identity: the reader only reads."""
    if not settings.portal_seconds:
        return None
    identity = settings.bot_identity or settings.bot_app_id
    credential = credential_of(identity, stack)
    found = AzureAlerts(credential, _cloud(settings))
    stack.push_async_callback(found.close)
    return found


def _check(problems: list[str]) -> None:
    if problems:
        raise Misconfigured("\n".join(problems))


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
