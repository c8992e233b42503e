"""The packet: the same bytes from the same history, and every other byte found."""

import asyncio
import csv
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import evidence
from bot.__main__ import application
from bot.evidence import anchor, bundle, signing
from bot.evidence.inspect import inspect
from bot.evidence.reading import Unreadable, reading
from bot.evidence.sealed import Sealed
from bot.evidence.sheets import cell, table
from bot.evidence.shelf import Folder, keep
from bot.evidence.zipped import BadPacket, pack, unpack
from bot.incident import Acknowledged, Actor, EvidenceCollected
from bot.store import Leader, Store
from bot.store.log import Head, Log
from tests.cards import samples
from tests.conftest import NOW
from tests.evidence.conftest import KEY, anchored, write
from tests.incidents import NEW, received

PUBLIC = KEY.public_key()
OBJECT = b'{"series": [1, 2, 3]}'


@pytest.fixture
async def sealed(url: str, tmp_path: Path) -> Sealed:
    """A-1 with 11 records among those of A-2, and one frozen object."""
    store = Store.open(url)
    await write(store, 20)
    digest = await keep(Folder(tmp_path / "evidence"), OBJECT)
    leader = await Leader.elect(store, "driver")
    one = await store.load("A-1")
    assert one is not None
    collected = EvidenceCollected(
        at=NOW, endpoint=NEW.endpoint, digests={"metrics": digest}
    )
    await store.append(one, [collected])
    await Log(store, KEY).seal(NOW, fence=leader.epoch)
    leader.resign()
    await anchored(store, tmp_path / "evidence")
    store.close()
    with reading(url) as db:
        return evidence.read(db, ["A-1"])


@pytest.fixture
async def made(sealed: Sealed, tmp_path: Path) -> bytes:
    objects = await evidence.objects(Folder(tmp_path / "evidence"), sealed)
    return evidence.of_incident(sealed, objects, KEY)


@pytest.fixture
async def outside(sealed: Sealed, tmp_path: Path) -> list[Head]:
    return (await anchor.read(Folder(tmp_path / "evidence")))[0]


def test_an_untouched_packet_holds(made: bytes, outside: list[Head]) -> None:
    found = inspect(made, PUBLIC, outside)

    assert (11, 0, True, True) == (
        found.records,
        found.waiting,
        found.signed,
        found.anchored,
    )
    assert OBJECT in unpack(made).values()


async def test_what_happens_elsewhere_later_does_not_change_its_bytes(
    url: str, made: bytes, tmp_path: Path
) -> None:
    """
    A packet that is made again for another auditor must be the same packet.
    """
    store = Store.open(url)
    leader = await Leader.elect(store, "driver")
    other = await store.load("A-2")
    assert other is not None
    await store.append(other, [other.history[-1]])
    await Log(store, KEY).seal(NOW, fence=leader.epoch)
    leader.resign()
    store.close()

    with reading(url) as db:
        again = evidence.read(db, ["A-1"])
    objects = await evidence.objects(Folder(tmp_path / "evidence"), again)
    assert made == evidence.of_incident(again, objects, KEY)


def test_any_changed_byte_is_found(made: bytes) -> None:
    chance = random.Random(16)  # noqa: S311 a seed, to find the same again
    for _ in range(150):
        place = chance.randrange(len(made))
        edited = bytearray(made)
        edited[place] ^= 1 << chance.randrange(8)
        with pytest.raises(BadPacket):
            inspect(bytes(edited), PUBLIC, [])


@pytest.mark.parametrize(
    "name", ["page.html", "packet.json", "history.csv", "proof.json", "manifest.json"]
)
def test_an_edit_that_is_packed_anew_is_found(made: bytes, name: str) -> None:
    files = unpack(made)
    files[name] = (
        files[name].replace(b"Priya", b"Mallo").replace(b'size": 1', b'size": 2')
    )
    files[name] = files[name].replace(b"A-1", b"A-9", 1)

    with pytest.raises(BadPacket):
        inspect(pack(files), PUBLIC, [])


@pytest.mark.parametrize("name", ["proof.json", "manifest.sig", "key.pem", "page.html"])
def test_a_file_that_is_gone_is_found(made: bytes, name: str) -> None:
    files = unpack(made)
    del files[name]

    with pytest.raises(BadPacket, match=name):
        inspect(pack(files), PUBLIC, [])


def test_a_packet_made_anew_with_another_key_is_found(
    sealed: Sealed, made: bytes, outside: list[Head]
) -> None:
    """
    Whoever makes a whole packet signs it too; only a key had elsewhere tells.
    """
    forged = evidence.of_incident(sealed, {}, Ed25519PrivateKey.generate())

    with pytest.raises(BadPacket, match="signed by another key"):
        inspect(forged, PUBLIC, outside)
    with pytest.raises(BadPacket, match="not signed by the packet's key"):
        inspect(forged, None, outside)


def test_a_record_that_the_log_does_not_hold_is_found(sealed: Sealed) -> None:
    """
    Even our own key cannot put a record under a head that was signed without it.
    """
    [first, *rest] = sealed.records
    text = first.text.replace("loan-drift-daily", "loan-drift-weekly")
    other = type(first)(text=text, position=first.position, path=first.path)
    changed = Sealed(records=(other, *rest), head=sealed.head, index=sealed.index)

    with pytest.raises(BadPacket, match="A-1/1 is not under the signed head"):
        inspect(evidence.of_incident(changed, {}, KEY), PUBLIC, [])


def test_a_head_that_was_anchored_otherwise_is_found(
    made: bytes, sealed: Sealed
) -> None:
    assert sealed.head is not None
    other = Head(size=sealed.head.size, root=b"x" * 32, at=NOW, signature=b"")

    with pytest.raises(BadPacket, match="written anew"):
        inspect(made, PUBLIC, [other])


async def test_records_that_wait_are_told_and_not_called_proven(
    url: str, sealed: Sealed
) -> None:
    store = Store.open(url)
    one = await store.load("A-1")
    assert one is not None
    await store.append(one, [one.history[1]])
    store.close()
    with reading(url) as db:
        later = evidence.read(db, ["A-1"])

    found = inspect(evidence.of_incident(later, {}, KEY), PUBLIC, [])
    assert (11, 1) == (found.records, found.waiting)


def test_a_packet_of_later_years_is_not_called_tampered(made: bytes) -> None:
    """
    Its format may be another one; who changed a byte of today's must not pass for that.
    """
    files = unpack(made)
    manifest = files["manifest.json"].replace(b"evidence, v1", b"evidence, v2")
    signature = KEY.sign(manifest).hex().encode() + b"\n"
    later = {**files, "manifest.json": manifest}

    with pytest.raises(Unreadable, match="a newer Watchkeeper reads it"):
        inspect(pack({**later, "manifest.sig": signature}), PUBLIC, [])
    with pytest.raises(BadPacket, match="not what was signed"):
        inspect(pack(later), PUBLIC, [])
    odd = manifest.replace(b"Watchkeeper", b"Watchkeepez")
    again = {"manifest.json": odd, "manifest.sig": KEY.sign(odd).hex().encode()}
    with pytest.raises(BadPacket, match="does not say what it is"):
        inspect(pack({**files, **again}), PUBLIC, [])


def test_from_the_command_line(tmp_path: Path, sealed: Sealed) -> None:
    run = CliRunner().invoke
    document = {"button": "00" * 32, "log": KEY.private_bytes_raw().hex()}
    (tmp_path / "keys.json").write_text(json.dumps(document))
    place = ["--state", str(tmp_path)]
    target = tmp_path / "A-1.zip"

    listed = run(application(), ["evidence", "list", *place, "--format", "json"])
    assert ["A-2", "A-1"] == [i["id"] for i in json.loads(listed.stdout)]
    shown = run(application(), ["evidence", "show", "1", *place])
    assert "Priya Raman: Acknowledged" in shown.stdout
    assert 2 == run(application(), ["evidence", "show", "A-9", *place]).exit_code
    done = run(
        application(), ["evidence", "export", "a-1", *place, "--output", str(target)]
    )
    assert 0 == done.exit_code, done.output

    alone = run(application(), ["audit", "verify", str(target)])
    assert 0 == alone.exit_code, alone.output
    assert "the packet's own key" in alone.stdout
    assert alone.stdout.startswith("UNCHANGED, but NOT PROVEN whose it is: A-1")
    assert "NOT PROVEN" in alone.stderr
    strict = run(application(), ["audit", "verify", str(target), "--strict"])
    assert 1 == strict.exit_code
    known = run(application(), ["audit", "verify", str(target), *place, "--strict"])
    assert (0, "") == (known.exit_code, known.stderr)
    assert known.stdout.startswith("OK: A-1"), known.stdout
    checked = run(
        application(), ["audit", "verify", str(target), *place, "--format", "json"]
    )
    assert {"ok": True, "proven": True, "sealed": 11}.items() <= json.loads(
        checked.stdout
    ).items()
    hexed = run(
        application(), ["audit", "key", *place, "--format", "hex"]
    ).stdout.strip()
    assert signing.in_hex(PUBLIC) == hexed
    told = json.loads(
        run(application(), ["audit", "key", *place, "--format", "json"]).stdout
    )
    assert (hexed, signing.in_pem(PUBLIC)) == (told["key"], told["pem"])
    none = run(application(), ["audit", "key", "--state", str(tmp_path / "none")])
    assert (2, True) == (none.exit_code, "keys.json is not there" in none.stderr)
    target.write_bytes(target.read_bytes().replace(b"Priya", b"Priyb", 1))
    assert 1 == run(application(), ["audit", "verify", str(target)]).exit_code
    target.write_bytes(b"PK nothing")
    assert 2 == run(application(), ["audit", "verify", str(target)]).exit_code


def test_the_bytes_are_those_of_any_machine(tmp_path: Path, sealed: Sealed) -> None:
    """
    Another time zone, another language, another order of sets: the same packet.
    """
    assert sealed.head
    here, there = tmp_path / "here.zip", tmp_path / "there.zip"
    words = ["evidence", "export", "A-1", "--state", str(tmp_path), "--output"]
    CliRunner().invoke(application(), [*words, str(here)])
    place = {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "77", "LC_ALL": "POSIX"}
    command = [sys.executable, "-m", "bot", *words, str(there)]
    subprocess.run(command, env=os.environ | place, check=True, timeout=60)  # noqa: S603 our own

    assert here.read_bytes() == there.read_bytes()


def test_a_name_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    """
    An escape sequence in a name clears the screen, or writes another line over it.
    """
    by = Actor("t", "o-9", "Pri\x1b[2Jya\x07")

    async def made() -> None:
        store = Store.open(f"sqlite:///{tmp_path / 'watchkeeper.db'}")
        ack = Acknowledged(at=NOW, by=by, note="\x1b[31mred\r\nA-1, resolved")
        await store.append(NEW, [received(), ack])
        store.close()

    asyncio.run(made())
    shown = CliRunner().invoke(
        application(), ["evidence", "show", "A-1", "--state", str(tmp_path)]
    )
    assert 0 == shown.exit_code
    assert not {c for c in shown.stdout if not c.isprintable()} - {"\n"}
    assert 3 == len(shown.stdout.splitlines())


def test_every_sample_incident_makes_a_packet() -> None:
    """
    Whatever a history holds, there must be evidence of it.
    """
    for name in samples.HISTORIES:
        html = evidence.page(bundle.plain_view(samples.view(name).incident))
        assert "</html>" in html


names = st.text("abcdefgh./-", min_size=1, max_size=12)


@given(st.dictionaries(names, st.binary(max_size=50), max_size=5))
def test_a_zip_opens_with_any_tool(files: dict[str, bytes]) -> None:
    content = pack(files)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {i.filename: archive.read(i) for i in archive.infolist()} == files
    assert files == unpack(content)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_no_cell_is_a_formula(values: list[str]) -> None:
    content = table(["a"] * len(values), [values]).decode("utf-8-sig")
    [_, row] = list(csv.reader(io.StringIO(content, newline="")))

    assert all(not c.lstrip(" ").startswith(("=", "+", "-", "@", "\t")) for c in row)
    assert [cell(v) for v in values] == row
