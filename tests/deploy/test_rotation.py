"""Keys made anew under a service that goes on: what was signed before stays good."""

import asyncio
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from bot.__main__ import application
from bot.evidence import signing
from bot.incident import AlertReceived, Incident
from bot.keys import CannotRead, Keys, announce, rotate
from bot.store import Leader, Store
from bot.store.log import Log, heads
from bot.store.schema import unsealed
from tests.conftest import NOW, new_database
from tests.house import Opened, blobs, build
from tests.incidents import alert
from tests.intake.replica import Replica
from tests.intake.test_replicas import Load, _told
from tests.intake.test_storm import many
from tests.ports import free_port
from tests.story.remote import until

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
    [card] = await house.cards()
    button = card["card"]["refresh"]["action"]["data"]
    token = button["t"], button["id"], int(button["rev"])
    assert Keys.load(tmp_path / "keys.json").signed(*token)
    before = signing.in_hex(
        signing.own((tmp_path / "keys.json").read_text(), "keys").public_key()
    )
    await house.stop("serve")
    state = ("--state", str(tmp_path))
    code, said = await cli("audit", "rotate", *state)
    assert (0, True) == (code, "new keys" in said)
    await house.start("serve")
    await house.sim_post(
        "people/mei/say", conversation=card["conversation"], text="ack A-1"
    )
    await house.event("Acknowledged")
    await house.stop()

    assert not Keys.load(tmp_path / "keys.json").signed(*token)
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


async def test_a_rotation_in_two_steps_leaves_old_buttons_good(
    build: Opened, tmp_path: Path
) -> None:
    house = await build(endpoint={"monitor": "", "signals": []})
    await house.alert()
    state = ("--state", str(tmp_path))
    for words in (("--announce",), ()):
        code, said = await cli("audit", "rotate", *state, *words)
        assert (0, True) == (code, "one after the other" in " ".join(said.split()))
        await house.stop("serve")
        await house.start("serve")
    pressed = await house.press("mei", "Acknowledge")
    await house.event("Acknowledged")
    await house.stop()

    assert "not one of ours" not in str(pressed)
    assert (0, True) == _has(await cli("audit", "verify", *state), "1 retired")


def _has(done: tuple[int, str], words: str) -> tuple[int, bool]:
    return done[0], words in " ".join(done[1].split())


async def test_two_replicas_change_keys_one_after_the_other(
    build: Opened, postgresql: str, tmp_path: Path
) -> None:
    """
    There is no moment at which no replica takes alerts, and the log is one log.
    """
    url = new_database(postgresql)
    house = await build(start=False, watch=many, database_url=url)
    (tmp_path / "watch.yaml").write_text(house.watch.model_dump_json())
    path = tmp_path / "keys.json"
    first = Replica(house, tmp_path, house.settings.port)
    second = Replica(house, tmp_path, free_port())
    load = Load(house, [first, second])
    await first.start()
    await load.to(first)
    announce(path)
    await second.start()
    await load.to(second)
    rotate(path)
    await first.stop()
    await first.start()  # with the new keys, while the other one leads
    await load.to(first)
    await second.stop()
    await load.to(first)
    store = Store.open(url)

    async def sealed() -> bool:
        alerts, _ = await _told(store)
        waiting = await store.read(
            lambda db: db.execute(sa.select(unsealed.c.seq).limit(1)).all()
        )
        return load.promised <= set(alerts) and not waiting

    try:
        await until("all alerts to be in the log", sealed)
        signed = await store.read(heads)
    finally:
        store.close()
        await first.kill()

    retired = signing.retired(path.read_text(), "keys")
    by_old = [head.is_signed_by(retired[0]) for head in signed]
    assert (True, False) == (by_old[0], by_old[-1])
    words = ("--database", url, "--key", f"{in_use(path)},{signing.in_hex(retired[0])}")
    assert (0, True) == _has(await cli("audit", "verify", *words), "1 retired")


async def test_a_replica_with_the_old_keys_follows_the_log(tmp_path: Path) -> None:
    """
    The one with new keys led and died; the one that leads now has still the old ones.
    """
    url, path = f"sqlite:///{tmp_path / 'watchkeeper.db'}", tmp_path / "keys.json"
    store = Store.open(url)
    leader = await Leader.elect(store, "driver")
    Keys.load(path)
    announce(path)
    old = Keys.load(path)
    rotate(path)
    new = Keys.load(path)
    logs = [Log(store, k.log, k.announced) for k in (old, new, old)]
    for number, log in enumerate((*logs, logs[2])):
        delivery = await store.accept("alerts", b"{%d}" % number, NOW)
        event = AlertReceived(at=NOW, alert=alert(), delivery=delivery)
        await store.append(
            Incident(id="", group_key=f"g{number}", endpoint="/e"), [event], []
        )
        await log.seal(NOW, fence=leader.epoch)
    signed = await store.read(heads)
    leader.resign()
    store.close()

    by_new = [head.is_signed_by(new.log.public_key()) for head in signed]
    assert [False, True, True, True] == by_new
    assert 0 == (await cli("audit", "verify", "--state", str(tmp_path)))[0]
    path.write_text(json.dumps({
        "button": "0" * 64, "log": old.log.private_bytes_raw().hex(),
        "next": {"button": "1" * 64, "log": new.log.private_bytes_raw().hex()},
    }))  # fmt: skip
    code, said = await cli("audit", "verify", "--state", str(tmp_path))
    assert (0, True) == (code, "1 retired" in said)  # also by who has the old file yet


def test_keys_are_announced_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = Keys.load(path)
    announce(path)
    known, text = Keys.load(path), path.read_text()
    with pytest.raises(CannotRead, match="already"):
        announce(path)

    assert text == path.read_text()
    assert first.sign("A-1", 2) == known.sign("A-1", 2)  # those of before are in use
    assert rotate(path)
    then = Keys.load(path)
    assert then.signed(first.sign("A-1", 2), "A-1", 2)
    assert known.signed(then.sign("A-1", 2), "A-1", 2)
    assert not then.signed(first.sign("A-1", 2), "A-1", 3)
    assert not rotate(path)  # at once: nothing of before counts any more
    assert not Keys.load(path).signed(then.sign("A-1", 2), "A-1", 2)


@pytest.mark.parametrize(
    "beside", [{"next": {}}, {"next": "x"}, {"next": {"button": "00", "log": "00"}},
               {"previous": {"button": "00"}}, {"previous": [1]}]
)  # fmt: skip
def test_odd_keys_beside_ours_are_refused(
    tmp_path: Path, beside: dict[str, object]
) -> None:
    path = tmp_path / "keys.json"
    Keys.load(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | beside))
    if beside == {"next": {}}:  # nothing is announced
        assert Keys.load(path).announced is None
        return

    with pytest.raises(CannotRead):
        Keys.load(path)


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
