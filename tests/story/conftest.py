"""The demo as a newcomer starts it: a process of its own, with a folder that stays."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.children import inherited
from tests.ports import free_port
from tests.story.remote import Remote, until

ROOT = Path(__file__).parents[2]


class Demo:
    """`watchkeeper demo` on free ports. A second start goes on where the first was."""

    def __init__(self, state: Path, scenario: str) -> None:
        self.state = state
        self.scenario = scenario
        self.port = free_port(together=2)
        self._process: asyncio.subprocess.Process | None = None
        self._session = aiohttp.ClientSession()
        self.remote = Remote(
            self._session,
            f"http://127.0.0.1:{self.port}",
            f"http://127.0.0.1:{self.port + 1}",
        )

    async def start(self) -> Remote:
        with (self.state / "demo.out").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "demo", "--no-browser",
                "--scenario", self.scenario,
                "--port", str(self.port),
                "--state", str(self.state),
                cwd=ROOT,
                stdout=output,
                stderr=output,
                env=inherited(),
            )  # fmt: skip
        await until("the bot to be ready", self._ready)
        return self.remote

    async def kill(self) -> None:
        """SIGKILL: no goodbye, nothing flushed."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ctrl-C; return the exit code."""
        return await self._end(signal.SIGINT)

    async def close(self) -> None:
        if self._process and self._process.returncode is None:
            await self._end(signal.SIGKILL)
        await self._session.close()

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return await self._process.wait()

    async def _ready(self) -> bool:
        async with self._session.get(f"{self.remote.bot}/readyz") as answer:
            return answer.ok


@pytest.fixture
async def loan(tmp_path: Path) -> AsyncIterator[Demo]:
    demo = Demo(tmp_path, "loan")
    yield demo
    await demo.close()


@pytest.fixture
async def quiet(tmp_path: Path) -> AsyncIterator[Demo]:
    """A world in which nothing happens by itself."""
    demo = Demo(tmp_path, "none")
    yield demo
    await demo.close()
