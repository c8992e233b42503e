"""Keys from Key Vault: the real client against a served vault, and a whole service."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from azure.identity.aio import ManagedIdentityCredential
from typer.testing import CliRunner

from bot.__main__ import application
from bot.app import _keys
from bot.azure.vault import address, secret
from bot.check import ours
from bot.evidence import signing
from bot.keys import CannotRead, Keys, _fresh
from bot.ports import Impossible, Unavailable
from bot.settings import Settings
from bot.simulator.identity import EXECUTOR, READER
from bot.simulator.world import World
from tests.azure.conftest import Sim
from tests.house import Opened, blobs, build

__all__ = ["blobs", "build"]


@pytest.fixture
def kept(world: World) -> dict[str, str]:
    """Two keys, as the vault holds them."""
    fresh = _fresh()
    world.put("vault", "keys", {"value": json.dumps(fresh), "version": "0a1b"})
    return fresh


async def test_the_reader_fetches_them_and_nobody_else(
    sim: Sim, identities: dict[str, ManagedIdentityCredential], kept: dict[str, str]
) -> None:
    url = f"{sim.url}/secrets/keys"

    assert kept == json.loads(await secret(url, identities[READER]))
    assert kept == json.loads(await secret(f"{url}/0a1b", identities[READER]))
    with pytest.raises(Impossible, match="may not do that to the secret keys"):
        await secret(url, identities[EXECUTOR])
    with pytest.raises(Impossible, match="knows nothing of the secret others"):
        await secret(f"{sim.url}/secrets/others", identities[READER])
    asked = [r["principal"] for r in sim.seen("GET", "/secrets/")]
    assert {"reader", "executor", None} >= set(asked)


async def test_a_vault_that_does_not_answer_stops_the_start_with_one_line(
    sim: Sim,
    identities: dict[str, ManagedIdentityCredential],
    kept: dict[str, str],
    world: World,
) -> None:
    settings = Settings(key_secret_url=f"{sim.url}/secrets/keys")
    credential = identities[READER]
    assert (await _keys(settings, credential)).button.hex() == kept["button"]

    await sim.fail("GET", "/secrets", times=9, status=500)
    with pytest.raises(Unavailable, match="Azure cannot tell us"):
        await secret(settings.key_secret_url, credential, tries=0)
    await sim.session.delete(f"{sim.url}/sim/faults")
    await sim.fail("GET", "/secrets", status=403)
    with pytest.raises(CannotRead, match="KEY_SECRET_URL: Our identity may not"):
        await _keys(settings, credential)
    await sim.session.delete(f"{sim.url}/sim/faults")
    world.put("vault", "keys", {"value": "{}", "version": "1"})
    with pytest.raises(CannotRead, match="is not a key file of ours"):
        await _keys(settings, credential)


@pytest.mark.parametrize(
    "url",
    [
        "https://v.vault.azure.net/keys/log",
        "https://v.vault.azure.net/secrets",
        "https://v.vault.azure.net/secrets/a/b/c",
        "https://u:p@v.vault.azure.net/secrets/a",
        "/secrets/a",
    ],
)
def test_what_is_no_secret_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="a secret of Key Vault"):
        address(url)


async def test_a_token_goes_to_a_vault_alone(
    identities: dict[str, ManagedIdentityCredential],
) -> None:
    """
    Plain http leaves this machine for nobody.
    """
    with pytest.raises((ValueError, Unavailable)):
        await secret("http://vault.example/secrets/keys", identities[READER])


async def test_check_says_whether_they_can_be_had(
    sim: Sim, kept: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", sim.url + "/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", f"secret of {READER}")
    url = f"{sim.url}/secrets/keys"
    good = await ours.keys(Settings(key_secret_url=url, reader_client_id=READER), None)
    gone = await ours.keys(
        Settings(key_secret_url=url + "-old", reader_client_id=READER), None
    )

    assert ("ok", "fail") == (good.level, gone.level)
    assert "Key Vault Secrets User" in gone.todo


async def test_a_service_signs_with_them_and_writes_them_nowhere(
    build: Opened,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """
    The log's heads are theirs, and so is an export on a machine that may fetch them.
    """
    caplog.set_level(logging.DEBUG)
    house = await build(endpoint={"monitor": "", "signals": []}, start=False)
    fresh: dict[str, Any] = _fresh()
    house.world.put("vault", "keys", {"value": json.dumps(fresh), "version": "1"})
    url = f"{house.cloud}/secrets/keys"
    house.settings = house.settings.model_copy(update={"key_secret_url": url})
    await house.start("serve")
    await house.alert()
    await house.event("CardShown")
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", house.settings.database_url)
    monkeypatch.setenv("WATCHKEEPER_EVIDENCE_URL", house.settings.evidence_url)
    monkeypatch.setenv("WATCHKEEPER_KEY_SECRET_URL", url)
    monkeypatch.setenv("WATCHKEEPER_READER_CLIENT_ID", READER)

    async def cli(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner().invoke, application(), list(words))
        return done.exit_code, done.output

    packet = tmp_path / "packet.zip"
    code, said = await cli("evidence", "export", "A-1", "--output", str(packet))
    assert 0 == code, said
    printed = await cli("audit", "key", "--format", "hex")
    public = signing.in_hex(Keys.read(json.dumps(fresh), "").log.public_key())
    assert (0, public) == (printed[0], printed[1].strip())
    await house.stop()
    code, said = await cli("audit", "verify", str(packet), "--key", public)
    assert 0 == code, said

    assert not (tmp_path / "keys.json").exists()
    for half in (fresh["log"], fresh["button"]):
        assert half not in caplog.text
        assert [] == _holding(half.encode(), tmp_path)


def _holding(what: bytes, folder: Path) -> list[Path]:
    every = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in every if what in path.read_bytes()]
