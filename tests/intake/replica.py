"""`watchkeeper serve` as a process of its own, before the simulated cloud of a house."""

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.children import inherited
from tests.house import House
from tests.story.remote import until

ROOT = Path(__file__).parents[2]


@dataclass
class Replica:
    """`watchkeeper serve` in a process of its own."""

    house: House
    folder: Path
    port: int
    code: Path = ROOT  # where the program lies: another version of it, perhaps
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        told = self.house.settings.model_dump(mode="json") | {
            "port": self.port,
            "watch_file": str(self.folder / "watch.yaml"),
        }
        given = {f"WATCHKEEPER_{k.upper()}": str(v) for k, v in told.items()}
        with (self.folder / f"{self.port}.log").open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "serve",
                cwd=self.code, stdout=output, stderr=output, env={**inherited(), **given},
            )  # fmt: skip
        await until("the replica", self._ready)

    async def _ready(self) -> bool:
        url = f"http://127.0.0.1:{self.port}/readyz"
        async with self.house.session.get(url) as answer:
            return answer.ok

    async def stop(self) -> int:
        """End it as an upgrade does, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
