"""Two hundred random SIGKILLs under load: `python -m tests.bench.kills [ROUNDS]`."""

import asyncio
import sys
import tempfile

from tests.intake.kills import kept, kill


async def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(dir=".") as folder:
        url = f"sqlite:///{folder}/kills.db"
        tally = await kill(url, rounds, seed=7)
        lost = tally.promised - await kept(url)
    print(  # noqa: T201
        f"{rounds} kills, {tally.sent} sent, {len(tally.promised)} answered 202, "
        f"{len(lost)} of them lost, {len(tally.other)} answers other than 202 and 503"
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
