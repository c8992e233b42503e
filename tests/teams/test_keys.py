"""The signing keys: fetched rarely, shared, and never good for ever."""

import asyncio
from typing import Any

import pytest

from bot.teams.gate import Gate
from bot.teams.keys import FRESH_S, STALE_S, Keys, NoKeys
from tests.teams.authority import (
    Authority,
    public,
    token,
)
from tests.teams.gates import Clock, denied


async def test_keys_are_fetched_once(gate: Gate, authority: Authority) -> None:
    await asyncio.gather(*(gate.token([f"Bearer {token()}"]) for _ in range(20)))

    assert 1 == authority.asked


async def test_a_new_key_is_good_at_once(
    gate: Gate, authority: Authority, clock: Clock
) -> None:
    """
    The SDK refuses a rotated key for 24 hours.
    """
    await gate.token([f"Bearer {token()}"])
    authority.keys.append(public("bf-2", "msteams"))
    clock.now += 1

    await gate.token([f"Bearer {token(kid='bf-2')}"])

    assert 2 == authority.asked


async def test_unknown_keys_cannot_flood_the_authority(
    gate: Gate, authority: Authority, clock: Clock
) -> None:
    await gate.token([f"Bearer {token()}"])
    for n in range(20):
        clock.now += 0.5
        assert 401 == await denied(gate, f"Bearer {token(kid=f'unknown-{n}')}")
    assert 2 == authority.asked

    clock.now += 60
    assert 401 == await denied(gate, f"Bearer {token(kid='unknown')}")
    assert 3 == authority.asked


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_without_keys_nobody_can_be_judged(
    gate: Gate, authority: Authority, status: int
) -> None:
    """
    Not the caller's fault, so not a 401: Teams may try again.
    """
    authority.status = status
    with pytest.raises(NoKeys):
        await gate.token([f"Bearer {token()}"])


@pytest.mark.parametrize("url", ["https://evil.example/keys", "/keys", "file:///keys"])
async def test_keys_come_from_the_same_host(
    gate: Gate, authority: Authority, url: str
) -> None:
    authority.jwks_uri = url
    with pytest.raises(NoKeys):
        await gate.token([f"Bearer {token()}"])


@pytest.mark.parametrize(
    "junk",
    [
        [],
        ["x", None, 5],
        [{"kty": "oct", "kid": "bf-1", "k": "eHh4"}],
        [{"kty": "RSA", "kid": "bf-1", "n": "!", "e": "AQAB"}],
        [public("bf-1", "msteams") | {"use": "enc"}],
        [public("bf-1", "msteams") | {"kid": 5}],
    ],
    ids=lambda j: str(j)[:40],
)
async def test_junk_among_the_keys_is_passed_over(
    gate: Gate, authority: Authority, junk: list[Any]
) -> None:
    authority.keys = junk
    with pytest.raises(NoKeys):
        await gate.token([f"Bearer {token()}"])


async def test_old_keys_serve_while_new_ones_are_fetched(
    keys: Keys, authority: Authority, clock: Clock
) -> None:
    await keys.get("bf-1")
    authority.status = 500
    clock.now += FRESH_S + 1

    assert await keys.get("bf-1") is not None
    await asyncio.sleep(0.05)
    assert 2 == authority.asked
    assert await keys.get("bf-1") is not None


async def test_keys_of_yesterday_serve_nobody(
    keys: Keys, authority: Authority, clock: Clock
) -> None:
    """
    A key that was withdrawn must not be good for ever.
    """
    await keys.get("bf-1")
    authority.status = 500
    clock.now += STALE_S + 1

    with pytest.raises(NoKeys):
        await keys.get("bf-1")


async def test_a_withdrawn_key_is_forgotten(
    keys: Keys, authority: Authority, clock: Clock
) -> None:
    await keys.get("bf-1")
    authority.keys = [public("bf-2", "msteams")]
    clock.now += STALE_S + 1

    assert await keys.get("bf-1") is None
