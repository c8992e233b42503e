"""The demo as a process, for what only a real process shows: signals, logs, exit codes."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.children import inherited
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
CANARY = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.canary-signature-4711"


@dataclass(frozen=True)
class Running:
    """A demo that runs: the bot's address, its folder, and how to ask it."""

    port: int
    state: Path
    process: subprocess.Popen[bytes]

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        port: int = 0,
    ) -> tuple[int, bytes]:
        """Return status and body; 0 when nobody answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{port or self.port}{path}", body, dict(headers or {})
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def log(self, name: str = "serve") -> list[dict[str, Any]]:
        """Return the lines of a program's log. Every one has to be JSON."""
        text = (self.state / f"{name}.log").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]


def until(what: str, seconds: float, true: Any) -> Any:
    """Return the first true answer; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s for {what}")


def start(state: Path, *more: str, **settings: str) -> Running:
    """Start `watchkeeper demo` with `settings` as WATCHKEEPER_… variables."""
    port = free_port(together=2)
    keep = inherited()
    ours = {f"WATCHKEEPER_{name}": value for name, value in settings.items()}
    with (state / "demo.out").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", "--no-browser", "--port", str(port),
             "--state", str(state), *more],
            cwd=ROOT, stdout=output, stderr=output, env=keep | ours,
        )  # fmt: skip
    running = Running(port, state, process)
    try:
        until("the demo", 60, lambda: running.ask("/readyz")[0] == 200)
    except AssertionError:
        process.kill()
        raise
    return running


def child(demo: Running, name: bytes) -> int:
    """Return the id of the demo's process that runs the program `name`."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if parent == str(demo.process.pid) and name in words:
            return int(entry.name)
    raise AssertionError(f"the demo runs no {name.decode()}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The loan story with JSON logs at DEBUG, and spans in the log."""
    running = start(
        tmp_path_factory.mktemp("demo"),
        LOG_FORMAT="json",
        LOG_LEVEL="DEBUG",
        TRACES="log",
    )
    yield running
    running.process.terminate()
    running.process.wait(40)
