"""Durable accepts against a handler that only reads: `python -m tests.bench.accept`.

Both servers run in one process each, on one core, and take turns; the sender has the
other core. Single alerts of the common schema, each with an id of its own, over 32
keep-alive connections; SQLite in WAL mode with synchronous=FULL. Ours answers 202 after
the commit. The service's access log is off on both sides.
"""

import asyncio
import json
import logging
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web

from bot import callers, webhooks
from bot.entrance import Inbox
from bot.observe.figures import Figures
from bot.store import Store
from bot.webhooks import Guard, short

SAMPLE = Path(__file__).parents[1] / "fixtures/alerts/cas_metric_aml_latency_p95.json"
CONNECTIONS = 32
REQUESTS = 8_000  # a round
ROUNDS = 5


async def _read_only(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=202)


async def _bare(app: web.Application) -> int:
    app.router.add_post("/api/alerts", _read_only)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return int(runner.addresses[0][1])


async def _ours(app: web.Application, folder: str) -> int:
    """Serve as `bot.app` does: with figures, and tracing that nobody asked for."""
    store, figures = Inbox(Store.open(f"sqlite:///{folder}/bench.db")), Figures()
    anyone = callers.Anyone()
    door = webhooks.Door(store=store, alerts=anyone, events=anyone)
    app.middlewares.append(figures.count)
    app.add_routes(webhooks.routes(door))
    return await Guard(app, short(door, figures.counted)).start("127.0.0.1", 0)


def serve(kind: str, folder: str, line: Connection) -> None:
    """Serve until killed; answer each message on `line` with the CPU seconds so far."""
    with suppress(OSError, AttributeError):
        os.sched_setaffinity(0, {0})

    async def run() -> None:
        app = web.Application(client_max_size=2**20)
        port = await (_bare(app) if kind == "bare" else _ours(app, folder))
        line.send(port)
        while True:
            await asyncio.to_thread(line.recv)
            used = resource.getrusage(resource.RUSAGE_SELF)
            line.send(used.ru_utime + used.ru_stime)

    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run())


class Sender(asyncio.Protocol):
    """One connection that sends its requests one after another and times each."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[None]) -> None:
        self._requests, self._done = requests, done
        self.times: list[float] = []
        self.bad = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        if not self._requests:
            self._transport.close()
            self._done.set_result(None)
            return
        self._begun = time.perf_counter()
        self._transport.write(self._requests.pop())

    def data_received(self, data: bytes) -> None:  # a short answer comes in one piece
        self.times.append(time.perf_counter() - self._begun)
        self.bad += not data.startswith(b"HTTP/1.1 202")
        self._next()


async def load(port: int, bodies: list[bytes]) -> tuple[float, list[float], int]:
    """Send all; return requests a second, the times in seconds, and the refused."""
    head = "POST /api/alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    requests = [f"{head}Content-Length: {len(b)}\r\n\r\n".encode() + b for b in bodies]
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    senders: list[Sender] = []
    for n in range(CONNECTIONS):
        done = loop.create_future()
        sender = Sender(requests[n::CONNECTIONS], done)
        await loop.create_connection(lambda s=sender: s, "127.0.0.1", port)  # type: ignore[misc]
        senders.append(sender)
    await asyncio.gather(*(s._done for s in senders))  # noqa: SLF001 our own
    took = time.perf_counter() - begun
    times = sorted(t for s in senders for t in s.times)
    return len(bodies) / took, times, sum(s.bad for s in senders)


def bodies(count: int, mark: str) -> list[bytes]:
    """Return `count` alerts that differ in their id alone."""
    document = json.loads(SAMPLE.read_bytes())
    essentials = document["data"]["essentials"]
    found = []
    for n in range(count):
        essentials["alertId"] = f"/subscriptions/s/alerts/{mark}-{n}"
        found.append(json.dumps(document).encode())
    return found


def main() -> None:
    with suppress(OSError, AttributeError):
        os.sched_setaffinity(0, {1})
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(dir=".") as folder:
        lines: dict[str, Connection] = {}
        ports: dict[str, int] = {}
        programs = []
        for kind in ("bare", "ours"):
            lines[kind], theirs = spawn.Pipe()
            program = spawn.Process(target=serve, args=(kind, folder, theirs))
            program.start()
            programs.append(program)
            ports[kind] = lines[kind].recv()
        try:
            _rounds(lines, ports)
        finally:
            for program in programs:
                program.kill()
                program.join()


def _rounds(lines: dict[str, Connection], ports: dict[str, int]) -> None:
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    costs: dict[str, list[float]] = {"bare": [], "ours": []}
    times: dict[str, list[float]] = {"bare": [], "ours": []}
    for n in range(ROUNDS + 1):
        for kind, port in ports.items():
            before = _cpu(lines[kind])
            sent = bodies(REQUESTS, f"{n}")
            rate, each, bad = asyncio.run(load(port, sent))
            if bad:
                sys.exit(f"{bad} were not answered 202")
            if n:  # the first warms up
                rates[kind].append(rate)
                times[kind] += each
                costs[kind].append((_cpu(lines[kind]) - before) / REQUESTS * 1e6)
    for kind, took in times.items():
        p99 = statistics.quantiles(took, n=100)[98] * 1e3
        print(  # noqa: T201
            f"{kind}: {statistics.median(rates[kind]):.0f}/s (best "
            f"{max(rates[kind]):.0f}), {statistics.median(costs[kind]):.0f} µs of CPU, "
            f"p99 {p99:.1f} ms"
        )
    pairs = zip(rates["ours"], rates["bare"], strict=True)
    print(  # noqa: T201
        f"ours / bare: {statistics.median(o / b for o, b in pairs):.2f} by rate "
        f"(best rounds {max(rates['ours']) / max(rates['bare']):.2f}), "
        f"{min(costs['bare']) / min(costs['ours']):.2f} by CPU"
    )


def _cpu(line: Connection) -> float:
    line.send(None)
    return float(line.recv())


if __name__ == "__main__":
    main()
