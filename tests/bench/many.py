"""What 10,000 open incidents cost a start: `python -m tests.bench.many [INCIDENTS]`.

A store with them and one without are opened in turn, each time by a new process that
then takes the first look of a driver: new deliveries, open incidents, effects that are
due. The whole of `serve` around it is the same on both sides and not counted.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.consequences import follow
from bot.store import Store
from tests.incidents import NEW, received

TOGETHER = 100  # appends that share commits
ROUNDS = 3


async def fill(url: str, incidents: int) -> None:
    store = Store.open(url)

    async def opened(number: int) -> None:
        endpoint, event = f"{NEW.endpoint}-{number}", received()
        new = replace(NEW, endpoint=endpoint, group_key=f"{endpoint} latency")
        await store.append(new, [event], follow(new, (event,)))

    for first in range(0, incidents, TOGETHER):
        last = min(first + TOGETHER, incidents)
        await asyncio.gather(*map(opened, range(first, last)))
    store.close()


async def look(url: str) -> None:
    """Print the seconds until the first look is done, and the peak memory in MB."""
    begun = time.monotonic()
    store = Store.open(url)
    await store.new_deliveries()
    await store.incidents()
    await store.outbox.due("driver", datetime.now(UTC))
    took = time.monotonic() - begun
    store.close()
    print(took, peak_mb())  # noqa: T201


def peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [peak] = [line.split()[1] for line in status.splitlines() if "VmHWM" in line]
    return int(peak) / 1024


def measured(url: str) -> tuple[float, float]:
    """Return the best of some rounds: seconds, MB."""
    child = [sys.executable, "-m", "tests.bench.many", url]
    rounds = [
        subprocess.run(child, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603
        for _ in range(ROUNDS)
    ]
    return min(float(r[0]) for r in rounds), min(float(r[1]) for r in rounds)


def main(incidents: int) -> None:
    with tempfile.TemporaryDirectory(dir=".") as folder:
        empty, full = (f"sqlite:///{folder}/{name}.db" for name in ("empty", "full"))
        asyncio.run(fill(empty, 0))
        asyncio.run(fill(full, incidents))
        (bare_s, bare_mb), (took_s, took_mb) = measured(empty), measured(full)
    print(  # noqa: T201
        f"{incidents} open incidents: ready in {took_s:.2f} s (without: {bare_s:.2f} s), "
        f"{took_mb - bare_mb:.1f} MB more memory"
    )


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else "10000"
    if given.startswith("sqlite"):
        asyncio.run(look(given))
    else:
        main(int(given))
