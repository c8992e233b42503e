"""Running a long-lived process: its signals, its log, and its first words of failure."""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import typer

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.watch import WatchList

_THREADS_S = 1.0  # told to stop: for threads that are still at something
Start: TypeAlias = Callable[["Settings", "WatchList", asyncio.Event], Awaitable[None]]


def run(start: Start, *, talks: bool, with_parent: bool) -> None:
    """Run until SIGTERM, SIGHUP or Ctrl-C; exit 2 with one line for each thing to mend.

    What it writes is for its own user alone: alerts may name people. Settings and keys are
    read once: another start reads them again.
    With a parent: its first line on standard input holds our variables, as JSON; its end
    is ours.
    """
    from bot import keys  # noqa: PLC0415 `--help` stays quick
    from bot.observe import logs  # noqa: PLC0415 `--help` stays quick
    from bot.observe.traces import CannotExport  # noqa: PLC0415
    from bot.settings import Misconfigured, load  # noqa: PLC0415
    from bot.store import CannotOpen  # noqa: PLC0415

    os.umask(0o077)
    if with_parent:
        os.environ.update(_told())
    try:
        settings, watch = load(talks=talks)
    except Misconfigured as error:
        refuse(error)
    logs.set_up(settings.log_level, settings.log_format)
    try:
        asyncio.run(_until_stopped(start, settings, watch, with_parent=with_parent))
    except (Misconfigured, CannotOpen, CannotExport, keys.CannotRead) as error:
        refuse(error)
    except KeyboardInterrupt:
        return


def _told() -> dict[str, str]:
    line = sys.stdin.readline()
    if not line:  # the parent is gone, or has no use for us
        raise SystemExit(0)
    told: dict[str, str] = json.loads(line)
    return told


def refuse(error: Exception) -> NoReturn:
    """End with exit code 2, a line for each thing to mend."""
    for line in str(error).splitlines():
        typer.echo(f"watchkeeper: {line}", err=True)
    raise SystemExit(2)


async def _until_stopped(
    start: Start, settings: "Settings", watch: "WatchList", *, with_parent: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            loop.add_signal_handler(number, stop.set)
    if with_parent:
        _end_with_parent(loop, stop)
    await start(settings, watch, stop)
    _leave()


def _leave() -> None:
    """End soon, whatever a thread still does: all that must last is closed by now.

    Python would wait for each thread of its pool, and one may be in the middle of a call
    to an Azure that hangs, or of an import of seconds.
    """
    ending = threading.Timer(_THREADS_S, os._exit, (0,))
    ending.daemon = True
    ending.start()


def _end_with_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when standard input ends: the parent holds it open as long as it lives."""

    def watch() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="parent", daemon=True).start()
