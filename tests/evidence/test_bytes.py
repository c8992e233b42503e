"""One byte of the database file, flipped: found wherever a row of a covered table lies."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.evidence import anchor, verdict
from bot.evidence.reading import Unreadable
from bot.evidence.shelf import Folder
from bot.store import Store
from bot.store.log import Head
from bot.store.schema import condition, delivery, incident, micros, reference
from bot.store.store import digest
from tests.conftest import NOW
from tests.evidence.cells import content
from tests.evidence.conftest import KEY
from tests.evidence.matter import every_table

FLIPS = 250
COVERED = {
    *("history", "log_leaf", "log_head", "unsealed", "incident"),
    *("delivery", "reference", "condition"),
}
UNHANDLED = delivery.c.state == "unhandled"
Change = Callable[..., None]


@dataclass(frozen=True)
class Kept:
    file: Path
    outside: list[Head]

    def verdict(self, file: Path | None = None) -> verdict.Verdict:
        url = f"sqlite:///{file or self.file}"
        return verdict.of_database(url, KEY.public_key(), self.outside)


@pytest.fixture
async def kept(url: str, tmp_path: Path) -> Kept:
    """Five incidents that came from real deliveries; one with a rollback; a gate's answer."""
    store = Store.open(url)
    await every_table(store, tmp_path / "evidence")
    store.close()
    outside = (await anchor.read(Folder(tmp_path / "evidence")))[0]
    return Kept(tmp_path / "watchkeeper.db", outside)


def test_any_byte_of_a_covered_row_that_is_flipped_is_found(
    kept: Kept, tmp_path: Path
) -> None:
    """
    Of the whole file half of all flips hit space that no row uses; these hit rows.
    """
    places = content(kept.file, COVERED)
    raw, copy = kept.file.read_bytes(), tmp_path / "copy.db"
    chance = random.Random(11)  # noqa: S311 a seed, to flip the same again
    missed = []
    for _ in range(FLIPS):
        place, bit = chance.choice(places), 1 << chance.randrange(8)
        edited = bytearray(raw)
        edited[place] ^= bit
        copy.write_bytes(edited)
        try:
            found = kept.verdict(copy)
        except Unreadable:
            continue
        if found.ok:
            missed.append((place, bit, raw[place - 8 : place + 8]))
    assert [] == missed
    assert len(places) > 20_000


def test_what_was_not_edited_is_not_accused(kept: Kept) -> None:
    found = kept.verdict()

    assert found.ok, found.words


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (sa.delete(delivery), "is gone, from which A-"),
        (sa.delete(delivery).where(UNHANDLED), "is gone, and its record is not"),
        (sa.update(delivery).values(received_at=7), "has another time than its"),
        (
            sa.update(delivery).where(UNHANDLED).values(received_at=micros(NOW) + 1),
            "has another time than its record",
        ),
        (
            sa.update(delivery).where(UNHANDLED).values(reason="a test"),
            "has another end than its record",
        ),
        (
            sa.update(delivery).where(UNHANDLED).values(state="taken", reason=""),
            "has another end than its record",
        ),
        (sa.update(delivery).values(state="new"), "has another end than its record"),
        (
            sa.insert(delivery).values(
                id=digest("alerts", b"{}"),
                route="alerts",
                body=b"{}",
                received_at=1,
                state="taken",
                reason="",
            ),
            "has no record that it was looked at",
        ),
        (sa.update(incident).values(group_key="/x cost"), "another group for A-"),
        (sa.update(incident).values(endpoint="/x"), "another group for A-"),
        (sa.delete(reference), "G-1 leads to nothing, not to E:"),
        (sa.update(reference).values(incident="A-5"), "leads to A-5, not to"),
        (sa.insert(reference).values(id="R-99", incident="A-1"), "not to nothing"),
        (sa.delete(condition), "held by nobody, not A-"),
        (sa.update(condition).values(incident="A-2"), "held by A-2, not A-"),
        (
            sa.insert(condition).values(
                group_key="/x", fingerprint="f", starts_at=1, incident="A-1"
            ),
            "held by A-1, not nobody",
        ),
        (
            sa.text("CREATE TRIGGER t AFTER INSERT ON history BEGIN SELECT 1; END"),
            "the trigger t, which is not ours",
        ),
    ],
)
def test_what_leads_to_the_records_has_to_lead_there(
    kept: Kept, change: Change, statement: sa.Executable, words: str
) -> None:
    """
    Bent, it would send a late notice, or an approval's number, to another history.
    """
    change(statement)
    found = kept.verdict()

    assert (False, True) == (found.ok, words in found.words), found.words


@pytest.mark.parametrize("value", ["7", "NULL", "'text'", "x'00'", "9e99"])
@pytest.mark.parametrize(
    "place", ["log_head.signature", "log_head.root", "log_leaf.hash", "history.body"]
)
def test_a_field_of_another_type_is_found_without_a_trace(
    kept: Kept, change: Change, place: str, value: str
) -> None:
    """
    SQLite keeps any type in any column.
    """
    table, column = place.split(".")
    with suppress(sa.exc.IntegrityError):  # a NULL where none may be
        change(sa.text(f"UPDATE {table} SET {column} = {value}"))  # noqa: S608
        assert not kept.verdict().ok


def test_words_that_cannot_be_decoded_are_damage(kept: Kept) -> None:
    """
    SQLite quotes the broken schema, and Python cannot read the quotation.
    """
    db = sqlite3.connect(kept.file)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    raw = bytearray(kept.file.read_bytes())
    raw[raw.index(b"CREATE TABLE history") + 22] = 0xB6
    kept.file.write_bytes(raw)

    found = kept.verdict()
    assert (False, True) == (found.ok, "damaged" in found.words)
