"""Random edits of a packet and of a database: all found against the anchored head.

tests/bench/evidence.py does the same a thousand times each.
"""

import random
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import evidence
from bot.__main__ import application
from bot.evidence import anchor, verdict
from bot.evidence.inspect import inspect
from bot.evidence.reading import reading
from bot.evidence.shelf import Folder
from bot.evidence.zipped import BadPacket
from bot.store import Store
from bot.store.log import Head, heads
from tests.evidence.conftest import KEY
from tests.evidence.edits import database_edit, packet_edit
from tests.evidence.matter import months

START = datetime(2026, 7, 1, tzinfo=UTC)
ONCE = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Kept:
    folder: Path
    packet: bytes
    outside: list[Head]

    @property
    def database(self) -> Path:
        return self.folder / "watchkeeper.db"


@pytest.fixture
async def kept(url: str, tmp_path: Path) -> Kept:
    store = Store.open(url)
    await months(store, tmp_path / "evidence", 8, START, 30)
    store.close()
    shelf = Folder(tmp_path / "evidence")
    with reading(url) as db:
        sealed = evidence.read(db, ["A-1"])
    objects = await evidence.objects(shelf, sealed)
    packet = evidence.of_incident(sealed, objects, KEY)
    return Kept(tmp_path, packet, (await anchor.read(shelf))[0])


@ONCE
@given(seed=st.integers(0, 2**32))
def test_any_edit_of_a_packet_is_found(kept: Kept, seed: int) -> None:
    what, edited = packet_edit(random.Random(seed), kept.packet)  # noqa: S311

    with pytest.raises(BadPacket):
        inspect(edited, KEY.public_key(), kept.outside)
    assert what


@ONCE
@given(seed=st.integers(0, 2**32))
def test_any_edit_of_the_database_is_found(kept: Kept, seed: int) -> None:
    """
    Even by somebody careful, who cuts the index too and signs all heads anew.
    """
    copy = kept.folder / "copy.db"
    shutil.copy(kept.database, copy)
    what = database_edit(random.Random(seed), copy)  # noqa: S311

    found = verdict.of_database(f"sqlite:///{copy}", KEY.public_key(), kept.outside)
    assert not found.ok, what
    assert found.words


def test_what_was_not_edited_is_not_accused(kept: Kept) -> None:
    url = f"sqlite:///{kept.database}"
    found = verdict.of_database(url, KEY.public_key(), kept.outside)

    assert found.ok, found.words
    inspect(kept.packet, KEY.public_key(), kept.outside)


async def test_a_newer_head_is_proven_to_continue_an_old_packet(
    kept: Kept, url: str
) -> None:
    """
    The anchor of that day is lost; one of this year still vouches for the packet.
    """
    store = Store.open(url)
    later = START + timedelta(days=365)
    await months(store, kept.folder / "evidence", 3, later, 5)
    newest = (await store.read(heads))[-1]
    store.close()
    packet, proof = kept.folder / "A-1.zip", kept.folder / "proof.json"
    packet.write_bytes(kept.packet)
    run, app = CliRunner().invoke, application()
    place = ["--state", str(kept.folder)]

    done = run(app, ["audit", "prove", str(packet), *place, "--output", str(proof)])
    assert 0 == done.exit_code, done.output
    told = verdict.of_packet(packet, KEY.public_key(), [newest], proof.read_bytes())
    assert told.ok, told.words
    assert "continues the packet's; it was anchored." in " ".join(told.notes)

    other = Head(size=newest.size, root=b"x" * 32, at=newest.at, signature=b"")
    forged = proof.read_text().replace(newest.root.hex(), "ab" * 32)
    for outside, content in (([other], proof.read_bytes()), ([], forged.encode())):
        assert not verdict.of_packet(packet, KEY.public_key(), outside, content).ok
    assert not verdict.of_packet(packet, KEY.public_key(), [], b"{}").ok


def test_a_database_that_went_another_way_proves_nothing(kept: Kept) -> None:
    packet = kept.folder / "A-1.zip"
    packet.write_bytes(kept.packet)
    db = sqlite3.connect(kept.database)
    db.execute("UPDATE log_leaf SET hash = ? WHERE position = 0", (b"x" * 32,))
    db.commit()
    db.close()
    place = ["--state", str(kept.folder)]
    done = CliRunner().invoke(application(), ["audit", "prove", str(packet), *place])

    assert (1, True) == (done.exit_code, "does not continue" in done.output)
