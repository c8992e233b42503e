"""Retention: what is due goes, on record; what is held, open, young or shared stays."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot import evidence
from bot.__main__ import application
from bot.approval.oversight import EvidenceExpired, EvidenceHeld
from bot.evidence import anchor, bundle, page, retention, signing
from bot.evidence.inspect import inspect
from bot.evidence.reading import reading
from bot.evidence.shelf import Folder, NotKept, keep, keep_apart
from bot.incident import (
    Actor,
    EndpointState,
    EvidenceCollected,
    RollbackRequested,
)
from bot.store import Leader, Store
from bot.store.log import Log, heads
from tests.evidence.conftest import KEY
from tests.evidence.matter import months

LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)
NOW = LONG_AGO + timedelta(days=9000)
WHO = Actor("command line", "omar", "omar (command line)")


@pytest.fixture
async def state(tmp_path: Path, url: str) -> Path:
    """Nine old incidents, of which the first is still open."""
    store = Store.open(url)
    await months(store, tmp_path / "evidence", 9, LONG_AGO, 30)
    store.close()
    return tmp_path


def run(state: Path, *words: str) -> Result:
    return CliRunner().invoke(application(), [*words, "--state", str(state)])


def listed(state: Path, *more: str) -> dict[str, Any]:
    found = run(state, "evidence", "expire", "--format", "json", *more)
    assert 0 == found.exit_code, found.output
    document: dict[str, Any] = json.loads(found.stdout)
    return document


def shelved(state: Path) -> set[str]:
    return {p.name for p in (state / "evidence" / "objects").rglob("*") if p.is_file()}


async def seal(url: str, folder: Path) -> None:
    """Take the newest records up, as the service does, and anchor the heads."""
    store = Store.open(url)
    leader = await Leader.elect(store, "driver")
    await Log(store, KEY).seal(datetime.now(UTC), fence=leader.epoch)
    shelf = Folder(folder / "evidence")
    size = await anchor.last(shelf)
    fresh = [h for h in await store.read(heads) if h.size > size]
    await anchor.keep(shelf, fresh, KEY.public_key())
    leader.resign()
    store.close()


def test_without_delete_it_only_tells(state: Path) -> None:
    before = shelved(state)
    found = listed(state)

    assert (False, 8) == (found["deleted"], len(found["due"]))
    assert "A-1" not in {one["incident"] for one in found["due"]}  # still open
    assert before == shelved(state)


async def test_what_is_deleted_leaves_a_record_and_the_log_stays_right(
    state: Path, url: str
) -> None:
    """
    Years later a risk officer has to see that it was there, and why it is not.
    """
    key = signing.in_hex(KEY.public_key())
    before = shelved(state)
    found = await asyncio.to_thread(listed, state, "--delete")
    gone = {name for one in found["due"] for name in one["objects"]}

    assert gone
    assert before - gone == shelved(state)
    await seal(url, state)
    verified = await asyncio.to_thread(run, state, "audit", "verify", "--key", key)
    assert (0, True) == (verified.exit_code, "OK" in verified.output), verified.output
    assert [] == (await asyncio.to_thread(listed, state))["due"]
    with reading(url) as db:
        sealed = evidence.read(db, ["A-2"])
    objects = await evidence.objects(Folder(state / "evidence"), sealed)
    inspect(evidence.of_incident(sealed, objects, KEY), KEY.public_key(), [])
    [incident] = sealed.incidents()
    html = page(bundle.plain_view(incident), objects)
    assert "too late: deleted on" in html
    assert "keeps it for" in html


async def test_a_shared_object_stays_as_long_as_somebody_needs_it(
    state: Path, url: str
) -> None:
    """
    Settings that did not change are one object for many incidents.
    """
    store = Store.open(url)
    held = await store.load("A-1")
    store.close()
    assert held
    shared = retention.named(held)
    found = await asyncio.to_thread(listed, state, "--delete")

    assert shared
    assert not shared & {name for one in found["due"] for name in one["objects"]}
    assert shared <= shelved(state)


async def test_azures_own_document_goes_with_the_evidence(
    state: Path, url: str
) -> None:
    """
    A rollback's document names who made the endpoint; it must not stay for ever.
    """
    raw = b'{"systemData": {"createdBy": "somebody"}}'
    store = Store.open(url)
    asked = await store.load("A-2")
    assert asked
    folder = Folder(state / "evidence")
    digest = await keep_apart(folder, raw)
    shown = await keep(folder, b'{"systemData": {"createdBy": "[left out]"}}')
    request = RollbackRequested(
        at=LONG_AGO,
        by=WHO,
        request="R-900",
        reason="rates rose",
        target="green",
        captured=EndpointState(
            at=LONG_AGO,
            traffic={"blue": 100},
            deployments=(),
            provisioning_state="Succeeded",
            digest=digest,
        ),
        traffic={"green": 100},
        expires_at=LONG_AGO,
        kept=shown,
    )
    await store.append(asked, [request])
    store.close()

    found = await asyncio.to_thread(listed, state, "--delete")

    due = {one["incident"]: one["objects"] for one in found["due"]}
    assert {digest, shown} <= set(due[asked.id])
    assert shown not in shelved(state)
    assert not [f for f in (state / "evidence/restricted").rglob("*") if f.is_file()]


def test_a_legal_hold_outlives_the_retention(state: Path) -> None:
    held = run(state, "evidence", "hold", "2", "case 2026-117")
    assert (0, True) == (held.exit_code, "under a legal hold" in held.output)
    assert 2 == run(state, "evidence", "hold", "A-2", "again").exit_code
    found = listed(state, "--delete")

    assert ["A-2"] == found["held"]
    assert "A-2" not in {one["incident"] for one in found["due"]}
    assert 2 == run(state, "evidence", "release", "A-3", "x").exit_code
    assert 2 == run(state, "evidence", "hold", "A-99", "x").exit_code
    assert 2 == run(state, "evidence", "hold", "A-3", "  ").exit_code
    assert 0 == run(state, "evidence", "release", "A-2", "closed").exit_code
    assert ["A-2"] == [one["incident"] for one in listed(state, "--delete")["due"]]


def test_the_watch_list_says_how_long(state: Path) -> None:
    watch = state / "watchkeeper.yaml"
    tenant = "tenant: 0a1b2c3d-0000-4000-8000-00000000000a\n"
    watch.write_text(tenant + "retention_days: {1: 36500, 2: 36500, 3: 36500}\n")
    assert [] == listed(state)["due"]

    watch.write_text(tenant + "retention_days: {1: 0}\n")
    refused = run(state, "evidence", "expire")
    assert (2, True) == (refused.exit_code, "retention_days.1" in refused.output)


def test_an_object_that_went_without_a_record_is_found(state: Path) -> None:
    key = signing.in_hex(KEY.public_key())
    victim = next(p for p in (state / "evidence/objects").rglob("*") if p.is_file())
    content = victim.read_bytes()
    victim.write_bytes(content + b" ")
    changed = run(state, "audit", "verify", "--key", key)
    victim.unlink()
    gone = run(state, "audit", "verify", "--key", key)
    shutil.rmtree(state / "evidence/objects")
    elsewhere = run(state, "audit", "verify", "--key", key)

    assert (1, True) == (changed.exit_code, "was changed: " in changed.output)
    assert (1, True) == (gone.exit_code, "no record says why" in gone.output)
    assert "not looked at" in elsewhere.output


class Locked(Folder):
    """A shelf whose policy lets nothing go."""

    async def remove(self, name: str) -> bool:
        raise NotKept("the evidence container answered 409")


async def test_what_a_locked_container_keeps_is_tried_again(
    state: Path, url: str
) -> None:
    store, now = Store.open(url), LONG_AGO + timedelta(days=9000)
    locked, free = Locked(state / "evidence"), Folder(state / "evidence")
    first = await retention.plan(store, locked, None, now)
    failed = await retention.expire(store, locked, first, WHO, None, now)
    again = await retention.plan(store, free, None, now)
    then = await retention.expire(store, free, again, WHO, None, now)
    last = await retention.plan(store, free, None, now)
    store.close()

    assert len(failed) == len(again.left) > 0
    assert ([], [], ()) == (again.due, then, last.left)


def unaccounted(state: Path, url: str) -> list[str]:
    """Return the objects that are gone with no tombstone, or held and have a new one."""

    async def look() -> list[str]:
        store, there = Store.open(url), shelved(state)
        found = []
        for listed in await store.incidents(limit=99):
            incident = await store.load(listed.id)
            assert incident
            found += sorted(retention.named(incident) - there)
        store.close()
        return found

    return asyncio.run(look())


KILLED = """
import asyncio, os, signal, sys
from datetime import datetime
from pathlib import Path
from bot.evidence import retention
from bot.evidence.shelf import Folder
from bot.incident import Actor
from bot.store import Store

url, folder, now, left = sys.argv[1:]

class Mortal(Folder):
    left = int(left)

    async def remove(self, name):
        if not Mortal.left:
            os.kill(os.getpid(), signal.SIGKILL)
        Mortal.left -= 1
        return await super().remove(name)

async def run():
    store, shelf, at = Store.open(url), Mortal(Path(folder)), datetime.fromisoformat(now)
    found = await retention.plan(store, shelf, None, at)
    who = Actor("t", "o", "omar")
    await retention.expire(store, shelf, found, who, None, at)

asyncio.run(run())
"""


@pytest.mark.parametrize("removed", [0, 3])
async def test_a_run_that_is_killed_leaves_nothing_without_a_record(
    state: Path, url: str, removed: int
) -> None:
    """
    A kill comes between the records and the bytes, or between the bytes of one object.
    """
    before, folder = shelved(state), str(state / "evidence")
    words = [sys.executable, "-c", KILLED, url, folder, NOW.isoformat(), str(removed)]
    child = await asyncio.to_thread(subprocess.run, words, check=False, timeout=60)
    between = shelved(state)

    assert -signal.SIGKILL == child.returncode
    assert len(before) - len(between) == (removed + 1) // 2
    assert [] == await asyncio.to_thread(unaccounted, state, url)
    # Somebody puts a hold on an incident whose objects are recorded as deleted.
    store = Store.open(url)
    free = Folder(state / "evidence")
    waiting = (await retention.plan(store, free, None, NOW)).left
    kept = await store.load("A-5")
    assert kept
    mine = retention.buried(kept) & between
    held = EvidenceHeld(at=NOW, by=WHO, reason="case 2026-117")
    await store.append(kept, [held])
    again = await retention.plan(store, free, None, NOW)
    failed = await retention.expire(store, free, again, WHO, None, NOW)
    store.close()

    assert (True, []) == (mine <= set(waiting), failed)
    assert between - shelved(state) == set(waiting) - mine
    assert mine <= shelved(state)
    assert [] == await asyncio.to_thread(unaccounted, state, url)


class Meddled(Folder):
    """A shelf that is listed twice; `between` runs before the second time."""

    def __init__(self, root: Path, between: Callable[[], Awaitable[object]]) -> None:
        super().__init__(root)
        self._between, self._listed = between, 0

    async def names(self, prefix: str) -> list[str]:
        self._listed += prefix == "objects/"
        if self._listed == 2 and prefix == "objects/":
            await self._between()
        return await super().names(prefix)


async def test_a_hold_that_comes_between_record_and_deletion_keeps_the_bytes(
    state: Path, url: str
) -> None:
    store = Store.open(url)

    async def hold() -> None:
        incident = await store.load("A-3")
        assert incident
        held = EvidenceHeld(at=NOW, by=WHO, reason="case 2026-118")
        await store.append(incident, [held])

    shelf = Meddled(state / "evidence", hold)
    found = await retention.plan(store, shelf, None, NOW)
    failed = await retention.expire(store, shelf, found, WHO, None, NOW)
    incident = await store.load("A-3")
    store.close()

    assert incident
    mine = {d for e in incident.every(EvidenceCollected) for d in e.digests.values()}
    assert ([], True) == (failed, mine <= shelved(state))
    assert mine & {d for one in found.due for d in one.digests}


async def test_two_runs_at_once_and_a_hold_before_the_record(
    state: Path, url: str
) -> None:
    """
    Both planned the same; the second finds each history changed and takes no harm.
    """
    store, shelf = Store.open(url), Folder(state / "evidence")
    first = await retention.plan(store, shelf, None, NOW)
    second = await retention.plan(store, shelf, None, NOW)
    incident = await store.load("A-4")
    assert incident
    held = EvidenceHeld(at=NOW, by=WHO, reason="case 2026-119")
    await store.append(incident, [held])
    told = await asyncio.gather(
        retention.expire(store, shelf, first, WHO, None, NOW),
        retention.expire(store, shelf, second, WHO, None, NOW),
    )
    last = await store.load("A-4")
    every = [await store.load(f"A-{n}") for n in range(2, 10)]
    store.close()

    assert last
    assert not last.every(EvidenceExpired)
    assert retention.named(last) <= shelved(state)
    assert all("A-4 was changed" in " ".join(failed) for failed in told)
    assert len(first.due) - 1 == sum(len(e.every(EvidenceExpired)) for e in every if e)
    assert [] == await asyncio.to_thread(unaccounted, state, url)


def test_a_place_without_a_database_is_not_made_one(tmp_path: Path) -> None:
    refused = run(tmp_path, "evidence", "expire")

    assert (2, False) == (refused.exit_code, any(tmp_path.iterdir()))
