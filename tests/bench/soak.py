"""Alerts at a steady rate for long: `python -m tests.bench.soak [MINUTES] [PER_SECOND]`.

Conditions of one endpoint fire and resolve in turn. It is of tier 3, which closes without
a decision, so incidents open and close all the time and no history grows for ever. Printed:
what was lost, how long answers took, how the memory of `serve` went. An empty loop in a
process of its own is asked beside: what it takes as well is the machine's, not ours.
"""

import asyncio
import json
import multiprocessing
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import yaml
from aiohttp import web

from bot.simulator.scenarios import scenario
from tests.deploy.conftest import Running, child, start, until
from tests.ports import free_port

CONDITIONS = 100  # that fire, and then resolve, in one round
ALERTS = "/subscriptions/s/providers/Microsoft.AlertsManagement/alerts"
LOOK_S = 0.1  # between two calls of /healthz, which waits as long as the loop does


@dataclass
class Seen:
    taken_ms: list[float] = field(default_factory=list)
    health_ms: list[float] = field(default_factory=list)
    empty_ms: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)  # s, MB


def alert(endpoint: str, number: int, fired: datetime) -> bytes:
    """Return the `number`-th alert: half of each round fires, half resolves."""
    turn, place = divmod(number, 2 * CONDITIONS)
    condition, resolved = place % CONDITIONS, place >= CONDITIONS
    essentials = {
        "alertId": f"{ALERTS}/{turn}-{condition}",
        "originAlertId": f"{turn}-{condition}",
        "alertRule": f"soak {condition}",
        "severity": "Sev3",
        "signalType": "Metric",
        "monitorCondition": "Resolved" if resolved else "Fired",
        "monitoringService": "Platform",
        "alertTargetIDs": [endpoint],
        "firedDateTime": fired.isoformat().replace("+00:00", "Z"),
    }
    if resolved:
        essentials["resolvedDateTime"] = essentials["firedDateTime"]
    data = {"essentials": essentials, "alertContext": {}}
    return json.dumps(
        {"schemaId": "azureMonitorCommonAlertSchema", "data": data}
    ).encode()


async def send(url: str, endpoint: str, seconds: float, rate: int, seen: Seen) -> None:
    """Send `rate` alerts a second, none later because another was slow."""
    began, number = time.monotonic(), 0
    fired = datetime.now(UTC)
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        while (at := number / rate) < seconds:
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            if number % (2 * CONDITIONS) == 0:
                fired = datetime.now(UTC)
            group.create_task(_post(session, url, alert(endpoint, number, fired), seen))
            number += 1


async def _post(
    session: aiohttp.ClientSession, url: str, body: bytes, seen: Seen
) -> None:
    began = time.perf_counter()
    headers = {"Content-Type": "application/json"}
    async with session.post(f"{url}/api/alerts", data=body, headers=headers) as answer:
        await answer.read()
        if answer.status == 202:
            seen.taken_ms.append((time.perf_counter() - began) * 1000)
        else:
            seen.refused.append(answer.status)


async def watch(url: str, empty: str, pid: int, seen: Seen) -> None:
    """Measure the loop and the memory of the process until cancelled."""
    began = time.monotonic()
    async with aiohttp.ClientSession() as session:
        while True:
            for place, taken_ms in ((url, seen.health_ms), (empty, seen.empty_ms)):
                asked = time.perf_counter()
                async with session.get(f"{place}/healthz") as answer:
                    await answer.read()
                taken_ms.append((time.perf_counter() - asked) * 1000)
            seen.memory.append((time.monotonic() - began, _memory(pid)))
            await asyncio.sleep(LOOK_S)


def alive(port: int) -> None:
    """Serve /healthz with nothing else to do, until killed."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


@contextmanager
def empty_loop() -> Iterator[str]:
    """Yield the address of a process whose loop has nothing to do."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=alive, args=(port,))
    process.start()
    url = f"http://127.0.0.1:{port}"
    try:
        until("the empty loop", 60, lambda: _answers(port))
        yield url
    finally:
        process.kill()
        process.join()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _memory(pid: int) -> float:
    """Return the resident memory of a process, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


async def settled(url: str, limit_s: float) -> dict[str, Any]:
    """Return /readyz once no delivery waits, or as it is after `limit_s`."""
    end = time.monotonic() + limit_s
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{url}/readyz") as answer:
                found: dict[str, Any] = await answer.json()
            if not found.get("new") or time.monotonic() > end:
                return found
            await asyncio.sleep(0.5)


async def soak(demo: Running, seconds: float, rate: int) -> bool:
    """Run, print, and return whether nothing was lost."""
    document = yaml.safe_load((demo.state / "watchkeeper.yaml").read_text("utf-8"))
    endpoint = document["endpoints"][0]["id"]
    url, seen = f"http://127.0.0.1:{demo.port}", Seen()
    with empty_loop() as empty:
        looks = watch(url, empty, child(demo, b"serve"), seen)
        watching = asyncio.create_task(looks)
        await send(url, endpoint, seconds, rate, seen)
        watching.cancel()
    left = await settled(url, 120)
    report(seen, seconds, left)
    return not seen.refused and not left.get("new")


def report(seen: Seen, seconds: float, left: dict[str, Any]) -> None:
    half = [(s, mb) for s, mb in seen.memory if s > seconds / 2]
    minutes, megabytes = [s / 60 for s, _ in half], [mb for _, mb in half]
    slope = float(np.polyfit(minutes, megabytes, 1)[0])
    print(  # noqa: T201
        f"{seconds / 60:.0f} min: {len(seen.taken_ms):,} answered 202, "
        f"{len(seen.refused)} otherwise, {left.get('new')} not taken in\n"
        f"answers: p50 {np.percentile(seen.taken_ms, 50):.1f} ms, "
        f"p99 {np.percentile(seen.taken_ms, 99):.1f} ms\n"
        f"loop (/healthz): p50 {np.percentile(seen.health_ms, 50):.1f} ms, "
        f"p99 {np.percentile(seen.health_ms, 99):.1f} ms; of an empty one "
        f"{np.percentile(seen.empty_ms, 50):.1f}, "
        f"{np.percentile(seen.empty_ms, 99):.1f} ms\n"
        f"memory of serve: {seen.memory[0][1]:.0f} MB at the start, "
        f"{seen.memory[-1][1]:.0f} MB at the end, "
        f"{slope:+.2f} MB a minute in the second half"
    )


def watch_list() -> str:
    listed = scenario("none").watch()
    listed["endpoints"][0]["tier"] = 3
    return yaml.safe_dump(listed)


def main(minutes: float, rate: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "watchkeeper.yaml").write_text(watch_list(), "utf-8")
        demo = start(Path(folder), "--scenario", "none")
        try:
            whole = asyncio.run(soak(demo, minutes * 60, rate))
        finally:
            demo.process.terminate()
            demo.process.wait(40)
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:3]]
    main(given[0] if given else 20, int(given[1]) if len(given) > 1 else 25)
