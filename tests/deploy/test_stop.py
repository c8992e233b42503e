"""SIGTERM while callers are at the door: what was accepted is kept, and soon we are gone."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.children import inherited
from tests.deploy.conftest import child, start, until

AT_ONCE = 50
ROOT = Path(__file__).parents[2]


def test_fifty_requests_in_flight_are_all_kept(tmp_path: Path) -> None:
    """
    Every rolling upgrade sends SIGTERM; an alert that it lost would never come again.
    """
    demo = start(tmp_path, "--scenario", "none", DRAIN_SECONDS="2")
    try:
        serve = child(demo, b"serve")
        held = [_begun(demo.port, number) for number in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            os.kill(serve, signal.SIGTERM)
            began = time.monotonic()
            until("503 on /readyz", 5, lambda: demo.ask("/readyz")[0] == 503)
            late, _ = demo.ask("/healthz")
            answers = list(pool.map(_finished, held))
        until("the end", 30, lambda: not Path(f"/proc/{serve}").exists())
        took = time.monotonic() - began
    finally:
        demo.process.terminate()
        demo.process.wait(40)

    assert 200 == late  # told to stop, it still takes what comes, for DRAIN_SECONDS
    assert [202] * AT_ONCE == [status for status, _ in answers]
    assert took < 30
    with sqlite3.connect(tmp_path / "watchkeeper.db") as database:
        kept = {row[0] for row in database.execute("SELECT id FROM delivery")}
    assert {delivery for _, delivery in answers} <= kept
    # alerts may name people: no other user of the machine reads them
    for name in ("watchkeeper.db", "watchkeeper.db-wal", "keys.json"):
        path = tmp_path / name
        assert not path.exists() or not path.stat().st_mode & 0o077, name


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_each_way_to_say_stop_is_heard(
    number: signal.Signals,
) -> None:
    """
    A closed terminal sends SIGHUP; what was under way ends in order all the same.
    Whoever started us may ignore it (nohup), and a child inherits that.
    """
    code = (
        "import asyncio, signal\n"
        f"signal.signal({int(number)}, signal.SIG_DFL)\n"
        "from bot.cli._process import _until_stopped\n"
        "async def start(settings, watch, stop):\n"
        "    print('ready', flush=True)\n"
        "    await stop.wait()\n"
        "    print('in order')\n"
        "asyncio.run(_until_stopped(start, None, None, with_parent=False))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert b"ready\n" == await process.stdout.readline()
    process.send_signal(number)
    said, _ = await process.communicate()

    assert (b"in order\n", 0) == (said, process.returncode)


async def test_a_thread_that_hangs_holds_up_no_end() -> None:
    """
    It imports for seconds, or asks an Azure that is silent; the platform counts to 30.
    """
    code = (
        "import asyncio, time\n"
        "from bot.cli._process import _until_stopped\n"
        "async def start(settings, watch, stop):\n"
        "    asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)\n"
        "    await asyncio.sleep(0.1)\n"
        "    print('in order', flush=True)\n"
        "asyncio.run(_until_stopped(start, None, None, with_parent=False))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()

    assert (b"in order\n", 0) == (said, process.returncode)


@pytest.mark.parametrize("name", ["serve", "execute", "demo"])
def test_told_to_stop_before_it_began_is_an_orderly_end(
    name: str, tmp_path: Path
) -> None:
    """
    A platform that changes its mind within the first second has to see no failure, and
    a container's first process would not end at all before it is killed.
    """
    code = (
        "import os, signal, sys\n"
        f"sys.argv = ['watchkeeper', {name!r}]\n"
        "import bot.__main__\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "signal.pause()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=inherited() | {"PYTHONPATH": str(ROOT)},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip

    assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)
    first = (ROOT / "bot/__main__.py").read_text("utf-8").partition("import ")[2]
    assert first.startswith("bot.early")  # before anything that takes its time


def _body(number: int) -> bytes:
    path = next(iter(sorted((ROOT / "tests/fixtures/alerts").rglob("*metric*.json"))))
    document = json.loads(path.read_text("utf-8"))
    return json.dumps({**document, "number": number}).encode()


def _begun(port: int, number: int) -> tuple[socket.socket, bytes]:
    """Send a request up to the middle of its body: it is under way, and waits for us."""
    body = _body(number)
    head = (
        "POST /api/alerts HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    line = socket.create_connection(("127.0.0.1", port), timeout=25)
    line.sendall(head.encode() + body[:20])
    return line, body[20:]


def _finished(held: tuple[socket.socket, bytes]) -> tuple[int, str]:
    line, rest = held
    with line:
        line.sendall(rest)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body).get("delivery", "")
