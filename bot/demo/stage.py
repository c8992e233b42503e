"""The demo: a simulated cloud in this process, the bot and its executor beside it.

The two are the real programs, with an identity each; only the addresses are local.
"""

import asyncio
import logging
import os
import secrets
import shlex
import signal
import socket
import webbrowser
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web

from bot.demo import welcome
from bot.demo.children import Child
from bot.demo.days import pass_by
from bot.simulator import scenarios
from bot.simulator.app import create
from bot.simulator.azure import AZURE
from bot.simulator.hands import Hands, Measured, Stuck
from bot.simulator.identity import (
    ALERTS_APP,
    BOT_APP,
    EXECUTOR,
    READER,
    TENANT,
    TRAINER,
)
from bot.simulator.scenarios._scenario import Scenario
from bot.simulator.teams import BOT_URL
from bot.simulator.world import World
from bot.store.engine import CannotOpen, FileLock

log = logging.getLogger(__name__)
HOST = "127.0.0.1"
READY_S = 60.0
STORY_S = 2.0  # after the start: time to see that all was well before
ROLES = {"serve": READER, "execute": EXECUTOR}
PROGRAMS = {identity: name for name, identity in ROLES.items()}


class Unplayable(Exception):
    """The demo cannot start; the text says why and what to do."""


def play(
    scenario: str,
    port: int,
    state: Path,
    children: Sequence[Child],
    *,
    browser: bool,
    acts: bool = False,
) -> None:
    """Run the demo until Ctrl-C or SIGTERM. Raises Unplayable.

    `acts`: the case study plays itself, and tells what it reached.

    `children` are `serve` and `execute`, already started.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        chosen = scenarios.scenario(scenario)
    except KeyError:
        names = ", ".join(scenarios.names())
        raise Unplayable(
            f"no scenario is called {scenario!r}; there is {names}"
        ) from None
    try:
        lock = FileLock(state / "demo", "demo")
    except CannotOpen:
        raise Unplayable(
            f"a demo already runs on {state}; stop it, or use --state"
        ) from None
    except OSError as error:
        raise Unplayable(f"cannot write to {state}: {error.strerror}") from None
    try:
        asyncio.run(
            _play(chosen, port, state.resolve(), children, browser=browser, acts=acts)
        )
    except KeyboardInterrupt:
        pass
    finally:
        lock.release()


async def _play(
    scenario: Scenario,
    port: int,
    state: Path,
    children: Sequence[Child],
    *,
    browser: bool,
    acts: bool,
) -> None:
    if acts and scenario.course is None:
        raise Unplayable(f"the scenario {scenario.name} has no course to play")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    for each in (port, port + 1):
        await _free(each)
    async with AsyncExitStack() as stack:
        world = World(state / "cloud.db")
        stack.callback(world.close)
        scenario.seed(world, state, _now())
        _write_watch_list(scenario, state)
        await _serve_cloud(scenario, world, port, stack)
        days = asyncio.create_task(pass_by(scenario, world, state, _now))
        stack.callback(days.cancel)
        tasks = [
            asyncio.create_task(
                child.run(_environment(world, ROLES[child.name], port, state), stop)
            )
            for child in children
        ]
        if await _ready(port, stop):
            _welcome(scenario, port, state, acts=acts)
            if browser:
                await asyncio.to_thread(webbrowser.open, f"http://{HOST}:{port + 1}/")
            if acts:
                await _act(scenario, port, state, stop)
        elif not stop.is_set():
            stop.set()
            raise Unplayable(f"the bot did not start; see {state / 'serve.log'}")
        await stop.wait()
        print("\nStopping; nothing is lost.", flush=True)  # noqa: T201 it talks to a person
        await asyncio.gather(*tasks)


def _now() -> datetime:
    return datetime.now(UTC)


async def _free(port: int) -> None:
    """Raise Unplayable when somebody listens on `port`; wait for one that just died."""
    for _ in range(20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((HOST, port))
                return
        await asyncio.sleep(0.25)
    raise Unplayable(f"port {port} is in use; choose another with --port")


def _write_watch_list(scenario: Scenario, state: Path) -> None:
    """Write the scenario's watch list, unless a person has made it theirs."""
    path = state / "watchkeeper.yaml"
    if not path.exists():
        text = yaml.safe_dump(scenario.watch(), sort_keys=False, allow_unicode=True)
        path.write_text(text, "utf-8")


async def _serve_cloud(
    scenario: Scenario, world: World, port: int, stack: AsyncExitStack
) -> None:
    app = create(world)
    bot, own = f"http://{HOST}:{port}", f"http://{HOST}:{port + 1}"
    app[AZURE].bot_url = bot
    app[BOT_URL].bot, app[BOT_URL].own = bot, own
    app.cleanup_ctx.append(scenario.story(STORY_S))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.TCPSite(runner, HOST, port + 1).start()


def _environment(world: World, identity: str, port: int, state: Path) -> dict[str, str]:
    """Return the variables of one program; what the user has set stays as it is."""
    cloud = f"http://{HOST}:{port + 1}"
    header = secrets.token_urlsafe(24)
    for client in (identity, BOT_APP if identity == READER else TRAINER):
        world.put("identity-header", client, {"value": header})
    ours: Mapping[str, str] = {
        "HOST": HOST,
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{state / 'watchkeeper.db'}",
        "WATCH_FILE": str(state / "watchkeeper.yaml"),
        "TENANT_ID": TENANT,
        "BOT_APP_ID": BOT_APP,
        "BOT_OPENID_URL": f"{cloud}/v1/.well-known/openidconfiguration",
        "BOT_LOGIN_URL": cloud,
        "GRAPH_URL": cloud,
        "SERVICE_URL_ALLOW": cloud,
        "ALERT_AUTH": "none",
        "EVENT_AUTH": "none",
        "ALERT_AUDIENCE": ALERTS_APP,
        "ALERT_JWKS_URL": f"{cloud}/{TENANT}/discovery/v2.0/keys",
        "AZURE_MANAGEMENT_URL": cloud,
        "AZURE_LOGS_URL": cloud,
        "READER_CLIENT_ID": READER,
        "EXECUTOR_CLIENT_ID": EXECUTOR,
        "TRAINER_CLIENT_ID": TRAINER,
        "OPERATION_POLL_S": "0.5",  # the simulated Azure takes two seconds
        "OPERATION_SETTLES_S": "10",
        "KEY_FILE": str(state / "keys.json"),
        "EVIDENCE_URL": str(state / "evidence"),
    }
    defaults = {f"WATCHKEEPER_{name}": value for name, value in ours.items()}
    told = {
        **defaults,
        **{name: os.environ[name] for name in defaults if name in os.environ},
        "IDENTITY_ENDPOINT": f"{cloud}/msi/token",
        "IDENTITY_HEADER": header,
    }
    _write_down(told, state / f"{PROGRAMS[identity]}.env")
    return told


def _write_down(variables: Mapping[str, str], path: Path) -> None:
    """Keep what a program was told, for `watchkeeper check` in another terminal."""
    path.touch(0o600)
    lines = (f"export {name}={shlex.quote(value)}" for name, value in variables.items())
    path.write_text("\n".join(lines) + "\n", "utf-8")


async def _ready(port: int, stop: asyncio.Event) -> bool:
    async with aiohttp.ClientSession() as session:
        for _ in range(int(READY_S / 0.1)):
            if stop.is_set():
                return False
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(f"http://{HOST}:{port}/readyz") as answer:
                    if answer.ok:
                        return True
            await asyncio.sleep(0.1)
    return False


async def _act(scenario: Scenario, port: int, state: Path, stop: asyncio.Event) -> None:
    """Play the case, tell what it reached, and leave its packet in `state`."""
    if scenario.course is None:
        return
    async with aiohttp.ClientSession() as session:
        hands = Hands(session, f"http://{HOST}:{port}", f"http://{HOST}:{port + 1}")
        course = asyncio.create_task(_told(scenario.course(hands), hands, state))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({course, waiting}, return_when=asyncio.FIRST_COMPLETED)
        for task in (course, waiting):
            task.cancel()
        await asyncio.gather(course, waiting, return_exceptions=True)


async def _told(
    course: Coroutine[Any, Any, list[Measured]], hands: Hands, state: Path
) -> None:
    try:
        found = await course
        packet = await hands.packet("A-1")
    except Stuck as error:
        print(f"\nThe case did not go on: {error}", flush=True)  # noqa: T201
        return
    lines = [
        f"  {'met   ' if one.met else 'MISSED'}  {one.objective}: {one.measured}"
        for one in found
    ]
    place = state / "A-1.zip"
    await asyncio.to_thread(place.write_bytes, packet)
    print(  # noqa: T201 it talks to a person
        "\nWhat the case was to reach, and what was measured:",
        *lines,
        f"Its packet: {place}  (watchkeeper audit verify {place} --state {state})",
        sep="\n",
        flush=True,
    )


def _welcome(scenario: Scenario, port: int, state: Path, *, acts: bool) -> None:
    by = "nobody" if scenario.name == "none" else "case" if acts else "story"
    bot, cloud = (f"http://{HOST}:{number}/" for number in (port, port + 1))
    print(welcome.words(scenario.title, bot, cloud, state, by=by), flush=True)  # noqa: T201
