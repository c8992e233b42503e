"""Our own programs as children of the demo: started at once, told later what to do.

Python needs seconds to import what `serve` rests on. A child spends them while its parent
still builds the world; then it reads its variables from standard input, and lives as long
as that stays open: a kill of the parent, too, ends it.
"""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)
STOP_S = 28.0


class Child:
    """One program, as `python -m bot NAME --with-parent`."""

    def __init__(self, name: str, output: Path) -> None:
        self.name = name
        self._output = output
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._output.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 our own program
                [sys.executable, "-m", "bot", self.name, "--with-parent"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is the parent's to pass on
            )

    async def run(self, environment: Mapping[str, str], stop: asyncio.Event) -> None:
        """Let it work until `stop`; start it again when it dies, as a platform would."""
        line = json.dumps(dict(environment)).encode() + b"\n"
        while True:
            ended = asyncio.create_task(self._work(line))
            asked = asyncio.create_task(stop.wait())
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            if stop.is_set():
                self._process.terminate()
                await asyncio.wait({ended}, timeout=STOP_S)
                self._process.kill()
                await ended
                return
            log.warning("%s ended (%s); see %s", self.name, await ended, self._output)
            await asyncio.sleep(0.5)
            self._process = self._start()

    async def _work(self, line: bytes) -> int:
        def until_the_end() -> int:
            if self._process.stdin:
                try:
                    self._process.stdin.write(line)
                    self._process.stdin.flush()
                except BrokenPipeError:  # it died; its exit code says so
                    log.debug("%s took no word", self.name)
            return self._process.wait()

        return await asyncio.to_thread(until_the_end)

    def dismiss(self) -> None:
        """End a child that never got a word."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
