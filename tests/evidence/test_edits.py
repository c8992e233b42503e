"""Random edits of a packet and of a database: all found against the anchored head.

tests/bench/evidence.py does the same a thousand times each.
"""

import io
import json
import random
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from bot import evidence
from bot.__main__ import application
from bot.evidence import anchor, bundle, signing, verdict
from bot.evidence.bundle import KEY as KEY_FILE
from bot.evidence.bundle import MANIFEST, PROOF, SIGNATURE
from bot.evidence.inspect import inspect
from bot.evidence.reading import reading
from bot.evidence.shelf import Folder, digest
from bot.evidence.zipped import BadPacket, pack, unpack
from bot.store import Store
from bot.store.log import Head, heads
from tests.conftest import new_database
from tests.evidence.conftest import KEY
from tests.evidence.copies import copied, engine
from tests.evidence.edits import Edit, database_edit, packet_edit
from tests.evidence.matter import every_table, months

START = datetime(2026, 7, 1, tzinfo=UTC)
EDITS = 12  # of each kind of database; each takes a copy of it
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


@pytest.fixture
async def damaged(
    database_url: str, tmp_path: Path
) -> Callable[[int], tuple[Edit, Result]]:
    """Damage a copy of a database by a seed; return how, and what the command says."""
    store = Store.open(database_url)
    await months(store, tmp_path / "anchors", 8, START, 30)
    await every_table(store, tmp_path / "anchors")
    store.close()
    key = signing.in_hex(KEY.public_key())

    def run(seed: int) -> tuple[Edit, Result]:
        with copied(database_url) as copy:
            with engine(copy).begin() as db:
                edit = database_edit(random.Random(seed), db, KEY)  # noqa: S311 to find it again
            words = ["audit", "verify", "--database", copy, "--key", key]
            place = ["--anchor", str(tmp_path / "anchors")]
            return edit, CliRunner().invoke(application(), [*words, *place])

    return run


def test_any_edit_of_a_database_is_found_and_named(
    damaged: Callable[[int], tuple[Edit, Result]],
) -> None:
    """
    Even by somebody careful, who cuts the index too and signs all heads anew, with a key
    of their own or with ours; tests/bench/evidence.py does it a thousand times.
    """
    for seed in range(EDITS):
        edit, told = damaged(seed)
        first = told.output.splitlines()[0]
        assert (1, "TAMPERED") == (told.exit_code, first[:8]), (edit, told.output)
        assert edit.named_in(first), (edit, first)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            """
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE TRIGGER t BEFORE INSERT ON history EXECUTE FUNCTION f()
            """,
            "the trigger t",
        ),
        ("CREATE RULE r AS ON INSERT TO history DO INSTEAD NOTHING", "the rule r"),
        (
            """
            ALTER TABLE condition RENAME TO kept;
            CREATE VIEW condition AS SELECT * FROM kept
            """,
            "something else in the place of the table condition",
        ),
        ("ALTER TABLE history ENABLE ROW LEVEL SECURITY", "row security on"),
        (
            "CREATE SCHEMA other; CREATE TABLE other.reference AS TABLE reference",
            "a second table reference",
        ),
    ],
)
async def test_what_answers_in_the_place_of_a_table_is_found(
    postgresql: str, statement: str, words: str
) -> None:
    """
    A view or a policy shows a verifier other rows than the service wrote.
    """
    url = new_database(postgresql)
    Store.open(url).close()
    with engine(url).begin() as db:
        db.exec_driver_sql(statement)
    found = verdict.of_database(url, None, [])

    assert (False, True) == (found.ok, words in found.words), found.words


def _signed(files: dict[str, bytes], key: Ed25519PrivateKey | None) -> bytes:
    """Return a packet of `files` with a fresh manifest, signed by `key` if at all."""
    own = {n: c for n, c in files.items() if n not in (MANIFEST, SIGNATURE)}
    listed = {n: {"sha256": digest(c), "size": len(c)} for n, c in sorted(own.items())}
    own[MANIFEST] = bundle.text({"what": bundle.INCIDENT, "files": listed})
    if key:
        own[SIGNATURE] = key.sign(own[MANIFEST]).hex().encode() + b"\n"
    return pack(own)


def test_a_forged_page_is_found_without_a_key(kept: Kept) -> None:
    """
    Who only has the packet can still strip its signature and make all hashes anew.
    """
    files = unpack(kept.packet)
    proof = json.loads(files[PROOF])
    proof["key"] = ""
    for name in ("page.html", "alerts.csv"):
        forged = {n: c for n, c in files.items() if n not in (KEY_FILE, SIGNATURE)}
        forged |= {name: b"all is well", PROOF: bundle.text(proof)}
        with pytest.raises(BadPacket, match="the packet is not signed"):
            inspect(_signed(forged, None), None, [])
    honest = {n: c for n, c in files.items() if n not in (KEY_FILE, SIGNATURE)}
    assert not inspect(_signed(honest, None), None, []).signed


def test_a_packet_that_another_hand_signed_anew_is_found(kept: Kept) -> None:
    """
    The same root signed by another key is what the anchored copy tells apart.
    """
    files, key = unpack(kept.packet), Ed25519PrivateKey.generate()
    proof = json.loads(files[PROOF])
    head = anchor.read_head(proof["head"])
    proof["key"] = signing.in_hex(key.public_key())
    proof["head"]["signature"] = key.sign(head.signed).hex()
    files |= {
        "page.html": b"all is well",
        PROOF: bundle.text(proof),
        KEY_FILE: signing.in_pem(key.public_key()).encode(),
    }
    forged = _signed(files, key)

    with pytest.raises(BadPacket, match="by another key"):
        inspect(forged, None, kept.outside)
    with pytest.raises(BadPacket, match="by another key"):
        inspect(forged, KEY.public_key(), [])


def test_a_stranger_who_makes_all_of_it_anew_proves_nothing(
    kept: Kept, tmp_path: Path
) -> None:
    """
    One hand made it, and nobody knows whose: a risk officer must not read "OK".
    """
    files, key = unpack(kept.packet), Ed25519PrivateKey.generate()
    proof = json.loads(files[PROOF])
    head = anchor.read_head(proof["head"])
    proof["key"] = signing.in_hex(key.public_key())
    proof["head"]["signature"] = key.sign(head.signed).hex()
    files |= {
        PROOF: bundle.text(proof),
        KEY_FILE: signing.in_pem(key.public_key()).encode(),
    }
    path = tmp_path / "A-1.zip"
    path.write_bytes(_signed(files, key))
    alone = verdict.of_packet(path, None, [])

    assert (True, False) == (alone.ok, alone.proven)
    assert "Anybody can make such a packet" in " ".join(alone.notes)
    for known, outside in ((KEY.public_key(), []), (None, kept.outside)):
        assert not verdict.of_packet(path, known, outside).ok
    path.write_bytes(kept.packet)
    for known, outside in ((KEY.public_key(), []), (None, kept.outside)):
        assert verdict.of_packet(path, known, outside).proven


def test_a_packet_of_another_version_is_not_accused(kept: Kept, tmp_path: Path) -> None:
    """
    Years later the page is worded otherwise; the signature still holds.
    """
    files = unpack(kept.packet)
    files["packet.json"] = b'{"of": "another version"}'
    listed = json.loads(files[MANIFEST])
    listed["made_by"] = "0.0.1"
    listed["files"]["packet.json"]["sha256"] = digest(files["packet.json"])
    files[MANIFEST] = bundle.text(listed)
    files[SIGNATURE] = KEY.sign(files[MANIFEST]).hex().encode() + b"\n"
    path = tmp_path / "A-1.zip"
    path.write_bytes(pack(files))
    found = verdict.of_packet(path, KEY.public_key(), kept.outside)

    assert (True, True) == (found.ok, found.proven), found.words
    assert "version 0.0.1 made them" in " ".join(found.notes)
    assert "made_by" in json.loads(unpack(kept.packet)[MANIFEST])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p.update(records={}), "no record"),
        (lambda p: p["records"][0].update(record="[" * 100_000), "not as we write"),
        (lambda p: p["head"].update(at=10**40), "not as we write"),
        (lambda p: p["head"].update(size=float("inf")), "not as we write"),
        (lambda p: p["records"][0].update(position=10**30), "not under the signed"),
        (lambda p: p.update(key=["x"]), "is none"),
    ],
)
def test_a_proof_of_any_shape_has_one_line_for_an_answer(
    kept: Kept, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    files = unpack(kept.packet)
    proof = json.loads(files[PROOF])
    change(proof)
    files[PROOF] = json.dumps(proof).encode()

    with pytest.raises(BadPacket, match=words):
        inspect(_signed(files, KEY), KEY.public_key(), kept.outside)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_is_looked_at_before_it_grows(kept: Kept) -> None:
    """
    Some kilobytes that unpack to gigabytes, one name twice, a name that climbs out.
    """
    files = [*unpack(kept.packet).items()]
    for more, method in (
        (("bomb", bytes(50_000_000)), zipfile.ZIP_DEFLATED),
        (("page.html", b"x"), zipfile.ZIP_STORED),
        (("../../etc/passwd", b"x"), zipfile.ZIP_STORED),
    ):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", method) as archive:
            for name, body in [*files, more]:
                archive.writestr(name, body)
        with pytest.raises(BadPacket, match="the zip"):
            inspect(content.getvalue(), None, [])


def test_an_index_page_that_was_edited_is_found(kept: Kept) -> None:
    """
    Rows that only some queries still see would be a history with two readings.
    """
    db = sqlite3.connect(kept.database)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    query = (
        "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_history_1'"
    )
    page, size = db.execute(query).fetchone()[0], 4096
    db.close()
    content = bytearray(kept.database.read_bytes())
    place = content.rindex(b"A-", (page - 1) * size, page * size)
    content[place + 2] ^= 1
    kept.database.write_bytes(content)

    found = verdict.of_database(
        f"sqlite:///{kept.database}", KEY.public_key(), kept.outside
    )
    assert not found.ok


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


def test_what_is_no_packet_is_not_called_tampered(kept: Kept) -> None:
    """
    `audit verify` ended with 2 for the same file, `audit prove` with the 1 of a forgery.
    """
    notes = kept.folder / "notes.txt"
    notes.write_text("nothing of ours")
    place = ["--state", str(kept.folder)]
    done = CliRunner().invoke(application(), ["audit", "prove", str(notes), *place])

    assert (2, True) == (done.exit_code, "is not a packet" in done.output)
