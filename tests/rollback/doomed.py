"""An executor that is killed at a given await of its move. Run by test_kill.

`python -m tests.rollback.doomed SETTINGS.json` reads lists of places from its input, one
a line as JSON. For each it forks a process that is the executor until its outbox is empty;
at the first await inside our code that is not in the list that process gets SIGKILL (null:
never). It prints the name of the place, or "done".
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from random import SystemRandom
from typing import Any

from azure.identity.aio import ManagedIdentityCredential

from bot.azure import AzureMover, AzureTrainer
from bot.azure.cloud import Cloud
from bot.azure.mover import Patience
from bot.incident import Effect, ShiftTraffic, SubmitRetraining
from bot.settings import Settings
from bot.store import Store
from bot.watch import WatchList
from bot.worker import Means
from bot.worker.loop import Perform, Worker
from bot.worker.shift import shift
from bot.worker.train import submit
from cards import Links

KILLED = "killed at "
OURS = f"{os.sep}bot{os.sep}"


class Doomed:
    """Drives a coroutine as the loop would, and dies at an await that is not spared."""

    def __init__(self, coroutine: Any, spared: list[str] | None, out: int) -> None:
        self._coroutine, self._spared, self._out = coroutine, spared, out

    def __await__(self) -> Generator[Any, Any, None]:
        step, given = self._coroutine.send, None
        while True:
            try:
                waits_for = step(given)
            except StopIteration:
                return
            self._count()
            try:
                step, given = self._coroutine.send, (yield waits_for)
            except BaseException as error:  # noqa: BLE001 - the coroutine's to catch
                step, given = self._coroutine.throw, error

    def _count(self) -> None:
        if self._spared is None:
            return
        place = _place(self._coroutine)
        if place not in self._spared:
            os.write(self._out, place.encode())
            os.kill(os.getpid(), signal.SIGKILL)


def _place(awaited: Any) -> str:
    """Return where our own code waits: "shift.py:_move:120 mover.py:_put:83 …"."""
    found = []
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None)
        if frame is not None and OURS in frame.f_code.co_filename:
            code = frame.f_code
            file = Path(code.co_filename).name
            found.append(f"{file}:{code.co_name}:{frame.f_lineno}")
        awaited = getattr(awaited, "cr_await", None)
    return " ".join(found)


async def _execute(
    settings: Settings, watch: WatchList, spared: list[str] | None, out: int
) -> None:
    """Be `watchkeeper execute`, until nothing is left to do."""
    store = Store.open(settings.database_url, role="execute")
    cloud = Cloud(settings.azure_management_url, settings.azure_logs_url)
    settles = timedelta(seconds=0.2)
    patience = Patience(poll=settings.poll, limit=settings.limit, settles=settles)
    async with (
        ManagedIdentityCredential(client_id=settings.executor_client_id) as who,
        ManagedIdentityCredential(client_id=settings.trainer_client_id) as trains,
    ):
        mover = AzureMover(who, cloud, patience=patience)
        means = Means(
            store=store,
            watch=watch,
            clock=lambda: datetime.now(UTC),
            random=SystemRandom(),
            links=Links(),
            sign=lambda _key, _revision: "",
            mover=mover,
            trainer=AzureTrainer(trains, cloud),
            shift_limit=settings.limit,
            shift_settles=settles,
        )

        def doomed(perform: Perform) -> Perform:
            async def performed(*given: Any) -> None:
                await Doomed(perform(*given), spared, out)

            return performed

        performs: dict[type[Effect], Perform] = {
            ShiftTraffic: doomed(shift),
            SubmitRetraining: doomed(submit),
        }
        worker = Worker(means, "executor", performs)
        task = asyncio.create_task(worker.run())
        while await _left(store):  # noqa: ASYNC110 - a database
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await mover.close()
    store.close()


async def _left(store: Store) -> bool:
    """Return whether something is to be done that is ours: not to follow a job."""
    far = datetime.now(UTC) + timedelta(days=1)
    due = await store.outbox.due("executor", far)
    return any(isinstance(d.effect, ShiftTraffic | SubmitRetraining) for d in due)


def _forked(settings: Settings, watch: WatchList, spared: list[str] | None) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        asyncio.run(_execute(settings, watch, spared, writing))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        place = told.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"{KILLED}{place}"
    return "done" if status == 0 else f"failed with {status}"


def main() -> None:
    document = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    settings = Settings(**document["settings"])
    watch = WatchList.model_validate(document["watch"])
    import_module("azure.ai.ml")  # seconds, which no child has to spend again
    for line in sys.stdin:
        told = _forked(settings, watch, json.loads(line))
        print(told, flush=True)  # noqa: T201 - the protocol


if __name__ == "__main__":
    main()
