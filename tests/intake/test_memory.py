"""Callers who finish nothing cost a server no memory to speak of."""

import os
import signal
from pathlib import Path

from tests.intake.floods import flood
from tests.intake.serving import nest

LIMIT_MIB = 32
KIND = "half bodies in chunks"  # the dearest; the others: tests.bench.memory


async def test_sixty_of_them_take_less_than_is_promised(tmp_path: Path) -> None:
    """
    Each may send a megabyte before anything can be said about it.
    """
    async with nest(f"sqlite:///{tmp_path}/w.db") as home:
        pid, port = await home.start()
        try:
            grown, heard = await flood(port, pid, KIND, 60)
        finally:
            os.kill(pid, signal.SIGKILL)

    assert grown < LIMIT_MIB
    assert set(heard) <= {"", "400", "431", "503"}
