"""Keys made anew under a service that goes on: what was signed before stays good."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import application
from bot.evidence import signing
from bot.incident import AlertReceived, Incident
from bot.keys import CannotRead, Keys, rotate
from bot.store import Leader, Store
from bot.store.log import Log
from tests.conftest import NOW
from tests.house import Opened, blobs, build
from tests.incidents import alert

__all__ = ["blobs", "build"]


async def cli(*words: str) -> tuple[int, str]:
    """Run a command as a person would, beside this test's event loop."""
    done = await asyncio.to_thread(CliRunner().invoke, application(), list(words))
    return done.exit_code, done.output


def in_use(path: Path) -> str:
    """Return the log's public key in a key file, in hex."""
    return signing.in_hex(signing.own(path.read_text(), str(path)).public_key())


async def test_a_running_service_takes_new_keys(build: Opened, tmp_path: Path) -> None:
    """
    Before and after in one log, a packet of an old incident, and an old card's button.
    """
    house = await build(endpoint={"monitor": "", "signals": []})
    await house.alert()
    before = signing.in_hex(
        signing.own((tmp_path / "keys.json").read_text(), "keys").public_key()
    )
    await house.stop("serve")
    state = ("--state", str(tmp_path))
    code, said = await cli("audit", "rotate", *state)
    assert (0, True) == (code, "new keys" in said)
    await house.start("serve")
    old = await house.press("mei", "Acknowledge")
    [card] = await house.cards()
    await house.sim_post(
        "people/mei/say", conversation=card["conversation"], text="ack A-1"
    )
    await house.event("Acknowledged")
    await house.stop()

    assert "not one of ours" in str(old)
    code, said = await cli("audit", "verify", *state)
    assert 0 == code, said
    assert "1 retired" in said
    after = signing.in_hex(
        signing.own((tmp_path / "keys.json").read_text(), "keys").public_key()
    )
    both = await cli("audit", "verify", *state, "--key", f"{after},{before}")
    alone = await cli("audit", "verify", *state, "--key", after)
    assert (0, 1) == (both[0], alone[0]), (both, alone)
    packet = tmp_path / "packet.zip"
    code, said = await cli("evidence", "export", "A-1", *state, "--output", str(packet))
    assert 0 == code, said
    code, said = await cli("audit", "verify", str(packet), "--key", after)
    assert 0 == code, said


async def test_who_kept_a_retired_key_signs_nothing_any_more(tmp_path: Path) -> None:
    """
    A key is mostly changed because somebody may have it.
    """
    url, path = f"sqlite:///{tmp_path / 'watchkeeper.db'}", tmp_path / "keys.json"
    store, stolen = Store.open(url), Keys.load(path)
    leader = await Leader.elect(store, "driver")
    rotate(path)
    for number, keys in enumerate((stolen, Keys.load(path), stolen)):
        delivery = await store.accept("alerts", b"{%d}" % number, NOW)
        event = AlertReceived(at=NOW, alert=alert(), delivery=delivery)
        await store.append(
            Incident(id="", group_key=f"g{number}", endpoint="/e"), [event], []
        )
        await Log(store, keys.log).seal(NOW, fence=leader.epoch)
    leader.resign()
    store.close()

    code, said = await cli("audit", "verify", "--state", str(tmp_path))

    assert 1 == code
    assert "signed by a key that was retired" in said


def test_a_rotation_that_cannot_be_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{}")

    with pytest.raises(CannotRead, match="not a key file"):
        rotate(path)

    assert "{}" == path.read_text()


def test_three_rotations_keep_three_keys(tmp_path: Path) -> None:
    path, used = tmp_path / "keys.json", list[str]()
    for _ in range(3):
        Keys.load(path)
        used.insert(0, in_use(path))
        rotate(path)

    assert used == [
        signing.in_hex(key) for key in signing.retired(path.read_text(), "keys")
    ]
    assert 0o600 == path.stat().st_mode & 0o777
