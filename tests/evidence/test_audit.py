"""`audit verify` on a database: what it finds, and what only an anchored head shows."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from bot.__main__ import application
from bot.approval.oversight import EndpointLocked
from bot.evidence import anchor, signing, verdict
from bot.evidence.shelf import Differs, Folder, NotKept
from bot.keys import Keys
from bot.store import Leader, Store, merkle
from bot.store.log import Head, Log, head_bytes, heads, leaf_data
from bot.store.schema import (
    delivery,
    history,
    incident,
    log_head,
    log_leaf,
    unsealed,
)
from bot.worker.anchor import Anchoring
from tests.conftest import NOW
from tests.evidence.conftest import KEY, PRIYA, anchored, write
from tests.incidents import NEW, received

PUBLIC = KEY.public_key()
Change = Callable[..., None]


@pytest.fixture
async def outside(url: str, tmp_path: Path) -> list[Head]:
    """A database with 20 sealed records; its heads, as they were anchored."""
    store = Store.open(url)
    await store.accept("alerts", b'{"an": "alert"}', NOW)
    await write(store, 20)
    shelf = await anchored(store, tmp_path / "evidence")
    store.close()
    return (await anchor.read(shelf))[0]


def test_what_nobody_touched_verifies(url: str, outside: list[Head]) -> None:
    found = verdict.of_database(url, PUBLIC, outside)

    assert found.ok
    assert {"sealed": 20, "waiting": 0}.items() <= dict(found.figures).items()
    assert dict(found.figures)["heads"] == dict(found.figures)["anchored"] > 3


def rewrite(url: str, key: Ed25519PrivateKey, *, cut: int = 0) -> None:
    """Change record 7, drop the last `cut`, and make every hash and head anew."""
    engine = sa.create_engine(url)
    with engine.begin() as db:
        leaves = db.execute(sa.select(log_leaf).order_by(log_leaf.c.position)).all()
        sizes = [h.size for h in heads(db)]
        for table in (log_leaf, log_head):
            db.execute(sa.delete(table))
        frontier = merkle.Frontier()
        for leaf in leaves[: len(leaves) - cut]:
            where = (history.c.incident == leaf.incident) & (history.c.seq == leaf.seq)
            if leaf.position == 7:
                db.execute(sa.update(history).where(where).values(at=1))
            row = db.execute(sa.select(history).where(where)).one()
            fresh = merkle.leaf_hash(leaf_data(row))
            frontier.add(fresh)
            db.execute(sa.insert(log_leaf).values(**leaf._asdict() | {"hash": fresh}))
            if frontier.size in sizes or leaf.position == len(leaves) - cut - 1:
                signature = key.sign(head_bytes(frontier.size, frontier.root, NOW))
                row_at = int(NOW.timestamp() * 1e6)
                head = {"size": frontier.size, "root": frontier.root, "at": row_at}
                db.execute(sa.insert(log_head).values(**head, signature=signature))
        for leaf in leaves[len(leaves) - cut :] if cut else []:
            where = (history.c.incident == leaf.incident) & (history.c.seq == leaf.seq)
            db.execute(sa.delete(history).where(where))
            db.execute(
                sa.update(incident)
                .where(incident.c.id == leaf.incident)
                .values(revision=incident.c.revision - 1)
            )
    engine.dispose()


def test_history_rewritten_by_someone_with_our_key_is_found_by_the_anchor(
    url: str, outside: list[Head]
) -> None:
    """
    Whoever runs the machine has the key too; fresh hashes and signatures all agree.
    """
    rewrite(url, KEY)

    assert verdict.of_database(url, PUBLIC, []).ok
    found = verdict.of_database(url, PUBLIC, outside)
    assert not found.ok
    assert "not the one that was anchored outside" in found.words
    assert "records 7 to " in found.words or "record 7:" in found.words


def test_a_cut_tail_is_found_by_the_anchor(url: str, outside: list[Head]) -> None:
    """
    A cut log is a shorter log that is right in itself, as a restored backup is.
    """
    engine = sa.create_engine(url)
    with engine.connect() as db:
        last = db.execute(sa.select(log_head).order_by(log_head.c.size.desc())).all()[1]
    engine.dispose()
    rewrite_untouched = 20 - last.size
    _cut(url, rewrite_untouched)

    assert verdict.of_database(url, PUBLIC, []).ok
    found = verdict.of_database(url, PUBLIC, outside)
    assert not found.ok
    assert f"record {last.size} and all after it are cut" in found.words


def _cut(url: str, count: int) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as db:
        leaves = db.execute(sa.select(log_leaf).order_by(log_leaf.c.position)).all()
        for leaf in leaves[len(leaves) - count :]:
            here = (history.c.incident == leaf.incident) & (history.c.seq == leaf.seq)
            db.execute(sa.delete(history).where(here))
            db.execute(sa.delete(log_leaf).where(log_leaf.c.position == leaf.position))
            same = incident.c.id == leaf.incident
            less = sa.update(incident).where(same)
            db.execute(less.values(revision=incident.c.revision - 1))
        db.execute(sa.delete(log_head).where(log_head.c.size > len(leaves) - count))
    engine.dispose()


def test_fresh_hashes_with_another_key_are_found(url: str, outside: list[Head]) -> None:
    rewrite(url, Ed25519PrivateKey.generate())

    found = verdict.of_database(url, PUBLIC, [])
    assert "is not signed by our key" in found.words


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            sa.update(log_head).where(log_head.c.size == 20).values(at=5),
            "not signed by",
        ),
        (sa.update(incident).values(revision=3), "the index says 3"),
        (sa.delete(log_head).where(log_head.c.size < 9), "was anchored, and is gone"),
        (sa.update(incident).values(status="resolved"), "another status for A-1"),
        (sa.update(incident).values(request="R-9"), "another request for A-1"),
        (sa.update(incident).values(number=incident.c.number + 7), "another number"),
        (sa.update(incident).values(opened_at=5), "other times for A-1"),
        (sa.update(incident).values(updated_at=5), "other times for A-1"),
        (sa.update(delivery).values(body=b"{}"), "was changed"),
        (sa.insert(unsealed).values(incident="A-9", seq=1), "A-9/1 waited"),
    ],
)
def test_what_lies_beside_the_records_is_checked_too(
    url: str,
    outside: list[Head],
    change: Change,
    statement: sa.Executable,
    words: str,
) -> None:
    change(statement)

    assert words in verdict.of_database(url, PUBLIC, outside).words


async def test_histories_that_the_index_does_not_list_are_right_as_well(
    url: str, change: Change
) -> None:
    """
    Every move holds its endpoint in a history of the endpoint's own.
    """
    store = Store.open(url)
    await write(store, 6)
    leader = await Leader.elect(store, "driver")
    for history_ in (await store.ledger(NEW.endpoint), await store.journal("19:x")):
        locked = [EndpointLocked(at=NOW, by=PRIYA, reason=str(n)) for n in range(3)]
        await store.append(history_, locked)
    await Log(store, KEY).seal(NOW, fence=leader.epoch)
    leader.resign()
    store.close()

    assert verdict.of_database(url, PUBLIC, []).ok
    change(sa.update(history).where(history.c.incident == "C:19:x").values(version=2))
    assert "C:19:x/1 was changed" in verdict.of_database(url, PUBLIC, []).words


async def test_it_reads_beside_a_service_that_writes(url: str, tmp_path: Path) -> None:
    """
    An auditor must not have to stop the service, and must not be able to harm it.
    """
    store = Store.open(url)
    await write(store, 6)

    found = verdict.of_database(url, PUBLIC, [])
    await store.append(NEW, [received(fingerprint="later")])
    after = verdict.of_database(url, PUBLIC, [])
    store.close()

    assert (6, 0) == (dict(found.figures)["sealed"], dict(found.figures)["waiting"])
    assert (6, 1) == (dict(after.figures)["sealed"], dict(after.figures)["waiting"])


def test_exit_codes_of_the_command(
    url: str, tmp_path: Path, outside: list[Head], change: Change
) -> None:
    Keys.load(tmp_path / "keys.json")  # another key than the one that signed
    pem = tmp_path / "log.pem"
    pem.write_text(signing.in_pem(PUBLIC))
    run = CliRunner().invoke
    here = ["audit", "verify", "--state", str(tmp_path)]

    good = run(application(), [*here, "--key", str(pem), "--format", "json"])
    assert 0 == good.exit_code, good.output
    assert json.loads(good.output)["anchored"] > 3
    assert 1 == run(application(), here).exit_code
    change(sa.update(history).where(history.c.seq == 3).values(body="{}"))
    bad = run(application(), [*here, "--key", str(pem)])
    assert (1, True) == (bad.exit_code, "/3 was changed" in bad.output)
    assert (
        2
        == run(
            application(), ["audit", "verify", "--state", str(tmp_path / "no")]
        ).exit_code
    )
    assert 2 == run(application(), [*here, "--key", "nonsense"]).exit_code


def test_heads_in_two_places_have_to_tell_of_one_history(
    url: str, outside: list[Head], tmp_path: Path
) -> None:
    """
    One place may be in the reach of who rewrites history, and another is not.
    """
    forged = [replace(outside[0], root=bytes(32))]
    for name, some in (("all", outside), ("early", outside[:1]), ("forged", forged)):
        place = Folder(tmp_path / name)
        asyncio.run(anchor.keep(place, some, KEY.public_key()))

    def verify(*names: str) -> tuple[int, str]:
        where = ", ".join(str(tmp_path / name) for name in names)
        done = CliRunner().invoke(
            application(), ["audit", "verify", "--database", url, "--anchor", where]
        )
        return done.exit_code, done.output

    code, words = verify("early", "all")
    assert (0, True) == (code, f"{len(outside)} of them compared" in words), words
    code, words = verify("all", "forged")
    assert (1, True) == (code, "places of anchored heads differ" in words), words


def test_a_file_that_is_no_database_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "watchkeeper.db").write_bytes(b"")
    here = ["audit", "verify", "--state", str(tmp_path)]

    assert 2 == CliRunner().invoke(application(), here).exit_code


def test_torn_pages_are_a_finding(
    url: str, tmp_path: Path, outside: list[Head]
) -> None:
    path = tmp_path / "watchkeeper.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)

    assert not verdict.of_database(url, PUBLIC, []).ok


async def test_the_leader_anchors_on_a_schedule(url: str, tmp_path: Path) -> None:
    store = Store.open(url)
    leader = await Leader.elect(store, "driver")
    shelf = Folder(tmp_path / "evidence")
    anchoring = Anchoring(Log(store, KEY), store, shelf, PUBLIC, every_s=0)
    one = await store.append(NEW, [received()])
    for n in range(3):
        await anchoring.seal(NOW + timedelta(seconds=n), fence=leader.epoch)
        await anchoring.anchor()
        one = await store.append(one, [received(fingerprint=str(n))])

    kept, keys = await anchor.read(shelf)
    leader.resign()
    store.close()
    assert [1, 2, 3] == [head.size for head in kept]
    assert [signing.in_hex(PUBLIC)] == keys
    assert 3 == anchoring.size


async def test_an_anchored_head_is_never_replaced(
    outside: list[Head], tmp_path: Path
) -> None:
    shelf = Folder(tmp_path / "evidence")

    with pytest.raises(Differs):
        await anchor.keep(shelf, outside[-1:], PUBLIC)


async def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NotKept):
        await Folder(tmp_path / "file").put("objects/a", b"x")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../b", "", ".hidden"])
async def test_a_name_cannot_leave_its_shelf(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name for a shelf"):
        await Folder(tmp_path).put(name, b"x")
