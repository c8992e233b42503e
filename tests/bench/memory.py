"""What callers who finish nothing cost in memory: `python -m tests.bench.memory [CALLERS]`.

Against `watchkeeper serve` in a process of its own, one kind of caller after another.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import pytest

from tests.house import open_house
from tests.intake.floods import FLOODS, flood
from tests.intake.replica import Replica
from tests.intake.test_storm import many, notice, send


async def main(callers: int) -> None:
    with (
        tempfile.TemporaryDirectory(dir=".") as folder,
        pytest.MonkeyPatch.context() as m,
    ):
        place = Path(folder)
        async with open_house(place, place / "blobs", m, watch=many) as house:
            (place / "watch.yaml").write_text(house.watch.model_dump_json())
            replica = Replica(house, place, house.settings.port)
            await replica.start()
            assert replica.process is not None
            for number in range(100):  # what every service has after a minute
                await send(house, notice(number % 60))
            for kind in FLOODS:
                pid = replica.process.pid
                grown, heard = await flood(replica.port, pid, kind, callers)
                print(f"{callers} {kind}: {grown:+.0f} MiB, {dict(heard)}")  # noqa: T201
            await replica.kill()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
