import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.callers import (
    Credentials,
    Denied,
    Entra,
    Expected,
    Keys,
    Readers,
    Undecided,
    UrlSecret,
)
from bot.callers.entra import ACTION_GROUPS, ACTION_GROUPS_ROLE, audiences
from tests.door import hostile

GOOD = next(c for c in hostile.cases() if c["id"] == "control-fired")["auth"]
EXPECTED = Expected(
    tenant=hostile.TENANT,
    audiences=audiences(hostile.ALERTS_CLIENT),
    app=ACTION_GROUPS,
    role=ACTION_GROUPS_ROLE,
)


@dataclass
class Authority:
    """A tenant's keys over HTTP, and the means to make them unavailable."""

    ring: hostile.KeyRing
    status: int = 200
    delay_s: float = 0.0
    body: bytes | None = None
    asked: int = 0
    published: list[str] = field(default_factory=lambda: ["entra"])
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        await asyncio.sleep(self.delay_s)
        if self.body is not None:
            return web.Response(body=self.body, status=self.status)
        keys = [self.ring.jwk(name) for name in self.published]
        return web.json_response({"keys": keys}, status=self.status)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def ring() -> hostile.KeyRing:
    return hostile.KeyRing()


@pytest.fixture
async def authority(ring: hostile.KeyRing) -> AsyncIterator[Authority]:
    found = Authority(ring)
    app = web.Application()
    app.router.add_get("/keys", found.answer)
    async with TestServer(app) as server:
        found.url = str(server.make_url("/keys"))
        yield found


def shown(recipe: dict[str, Any], ring: hostile.KeyRing) -> Credentials:
    return Credentials(tuple(hostile.authorization(recipe, ring)), ())


def claiming(**claims: Any) -> dict[str, Any]:
    """Return the good recipe with other claims; None takes a claim away."""
    merged = {**GOOD["claims"], **claims}
    return {**GOOD, "claims": {k: v for k, v in merged.items() if v is not None}}


async def outcome(entra: Entra, credentials: Credentials) -> int:
    try:
        await entra.check(credentials)
    except Denied as denied:
        return denied.status
    except Undecided:
        return 503
    return 202


@pytest.mark.parametrize(
    ("recipe", "status"),
    [
        (GOOD, 202),
        (claiming(exp="@-299", nbf="@-4000"), 202),
        (claiming(exp="@-301"), 401),
        (claiming(nbf="@+290"), 202),
        (claiming(nbf="@+310"), 401),
        (claiming(nbf=None), 401),
        (claiming(exp=None), 401),
        (claiming(exp="soon"), 401),
        (claiming(exp=True), 401),
        (claiming(aud=[hostile.ALERTS_CLIENT]), 401),
        (claiming(aud=f"api://{hostile.ALERTS_CLIENT}"), 202),
        (claiming(aud=f"api://{hostile.ALERTS_CLIENT}/"), 401),
        (claiming(tid=[hostile.TENANT]), 401),
        (claiming(tid=None), 401),
        (claiming(iss=f"https://sts.windows.net/{hostile.TENANT}"), 401),
        (claiming(appid=ACTION_GROUPS), 202),
        (claiming(appid="99999999-aaaa-4bbb-8ccc-000000000009"), 403),
        (claiming(ver="1.0"), 403),
        (claiming(ver="1.0", azp=None, appid=ACTION_GROUPS), 202),
        (claiming(ver="3.0"), 403),
        (claiming(ver=None), 403),
        (claiming(azp=ACTION_GROUPS.upper()), 403),
        (claiming(scp="user_impersonation"), 403),
        (claiming(idtyp="user"), 403),
        (claiming(idtyp="app"), 202),
        (claiming(roles=[ACTION_GROUPS_ROLE.lower()]), 403),
        (claiming(roles=[[ACTION_GROUPS_ROLE]]), 403),
        ({**GOOD, "header": {**GOOD["header"], "crit": ["x"]}}, 401),
        ({**GOOD, "header": {**GOOD["header"], "kid": ["entra-1"]}}, 401),
        ({**GOOD, "header": {**GOOD["header"], "kid": None}}, 401),
        ({**GOOD, "mutate": "pad"}, 401),
        ({**GOOD, "mutate": "lead-space"}, 401),
        ({**GOOD, "scheme": "bearer"}, 202),
        ({**GOOD, "scheme": "Basic"}, 401),
        ({**GOOD, "scheme": ""}, 401),
        ({"kind": "multi", "values": [GOOD, GOOD]}, 401),
    ],
)
async def test_a_token_is_looked_at_from_every_side(
    authority: Authority, ring: hostile.KeyRing, recipe: dict[str, Any], status: int
) -> None:
    entra = Entra(EXPECTED, Keys(authority.url))
    credentials = shown(recipe, ring)

    assert not entra.knows(credentials)  # which asks nobody
    assert status == await outcome(entra, credentials)
    assert status == await outcome(entra, shown(recipe, ring))
    remembered = status == 202 and recipe.get("claims", {}).get("exp") != "@-299"
    assert remembered == entra.knows(credentials)


async def test_a_remembered_token_ends_when_it_expires(
    authority: Authority, ring: hostile.KeyRing
) -> None:
    clock = Clock(time.time())
    entra = Entra(EXPECTED, Keys(authority.url), clock)
    credentials = shown(claiming(exp="@+10"), ring)

    assert 202 == await outcome(entra, credentials)
    assert entra.knows(credentials)
    clock.now += 10 + 301
    assert not entra.knows(credentials)
    assert 401 == await outcome(entra, credentials)


@pytest.mark.parametrize(
    "broken",
    [
        {"status": 500},
        {"status": 302},
        {"body": b"<html>"},
        {"body": b'{"keys": []}'},
        {
            "body": b'{"keys": [{"kty": "RSA", "kid": "entra-1", "n": "AQAB", "e": "A"}]}'
        },
        {"body": b" " * 1_000_000},
        {"delay_s": 2.0},
    ],
    ids=str,
)
async def test_keys_that_cannot_be_had_are_never_a_401(
    authority: Authority, ring: hostile.KeyRing, broken: dict[str, Any]
) -> None:
    """
    Azure repeats a 503 and takes a 401 for the last word.
    """
    for name, value in broken.items():
        setattr(authority, name, value)
    entra = Entra(EXPECTED, Keys(authority.url, time_out_s=0.2))

    assert 503 == await outcome(entra, shown(GOOD, ring))


async def test_strangers_cannot_make_us_ask_more_than_twice_a_minute(
    authority: Authority, ring: hostile.KeyRing
) -> None:
    clock = Clock(1000.0)
    entra = Entra(EXPECTED, Keys(authority.url, clock=clock))
    for number in range(30):
        header = {**GOOD["header"], "kid": f"unknown-{number}"}
        credentials = shown({**GOOD, "key": "rogue", "header": header}, ring)
        decided = 401 if number < 2 else 503
        assert decided == await outcome(entra, credentials)
    assert 2 == authority.asked
    assert 202 == await outcome(entra, shown(GOOD, ring))

    clock.now += 61
    assert 401 == await outcome(entra, credentials)
    assert 3 == authority.asked


async def test_a_key_that_is_rolled_while_strangers_ask_is_not_refused(
    authority: Authority, ring: hostile.KeyRing
) -> None:
    """
    A 401 is final, so an old list of keys must not decide about a new key.
    """
    clock = Clock(1000.0)
    entra = Entra(EXPECTED, Keys(authority.url, clock=clock))
    for number in range(2):
        header = {**GOOD["header"], "kid": f"unknown-{number}"}
        await outcome(entra, shown({**GOOD, "key": "rogue", "header": header}, ring))
    authority.published.append("rogue")
    header = {**GOOD["header"], "kid": "rogue-1"}
    rolled = shown({**GOOD, "key": "rogue", "header": header}, ring)

    with pytest.raises(Undecided) as caught:
        await entra.check(rolled)
    clock.now += caught.value.retry_after_s
    assert 202 == await outcome(entra, rolled)


async def test_a_key_that_a_list_lacked_is_unknown_for_a_while(
    authority: Authority, ring: hostile.KeyRing
) -> None:
    """
    Who shows the same wrong key again must not use up what a new key needs.
    """
    clock = Clock(1000.0)
    entra = Entra(EXPECTED, Keys(authority.url, clock=clock))
    header = {**GOOD["header"], "kid": "rogue-1"}
    credentials = shown({**GOOD, "key": "rogue", "header": header}, ring)

    assert {401} == {await outcome(entra, credentials) for _ in range(5)}
    assert 1 == authority.asked
    clock.now += 31
    authority.published.append("rogue")
    assert 202 == await outcome(entra, credentials)


@pytest.mark.parametrize(
    "recipe",
    [
        claiming(aud="another"),
        claiming(exp="@-600"),
        {**GOOD, "header": {**GOOD["header"], "kid": "../../dev/null"}},
        {**GOOD, "header": {**GOOD["header"], "kid": "k" * 201}},
        {**GOOD, "header": {**GOOD["header"], "alg": "none"}},
    ],
)
async def test_what_no_key_could_make_right_costs_no_fetch(
    authority: Authority, ring: hostile.KeyRing, recipe: dict[str, Any]
) -> None:
    entra = Entra(EXPECTED, Keys(authority.url))

    assert 401 == await outcome(entra, shown(recipe, ring))
    assert 0 == authority.asked


async def test_a_known_key_under_another_name_costs_no_fetch(
    authority: Authority, ring: hostile.KeyRing
) -> None:
    entra = Entra(EXPECTED, Keys(authority.url))
    assert 202 == await outcome(entra, shown(GOOD, ring))
    for number in range(4):
        header = {**GOOD["header"], "kid": f"unknown-{number}"}
        assert 401 == await outcome(entra, shown({**GOOD, "header": header}, ring))
    assert 1 == authority.asked


async def test_thirty_callers_at_once_share_one_fetch(
    authority: Authority, ring: hostile.KeyRing
) -> None:
    authority.delay_s = 0.1
    entra = Entra(EXPECTED, Keys(authority.url))
    credentials = shown(GOOD, ring)

    found = await asyncio.gather(*(outcome(entra, credentials) for _ in range(30)))

    assert {202} == set(found)
    assert 1 == authority.asked


@pytest.mark.parametrize("order", [("rogue", "entra"), ("entra", "rogue")])
async def test_of_two_keys_with_one_name_either_will_do(
    authority: Authority, ring: hostile.KeyRing, order: tuple[str, ...]
) -> None:
    """
    A 401 is final, so a key must not hide behind another's name.
    """
    keys = [{**ring.jwk(name), "kid": "entra-1"} for name in order]
    authority.body = json.dumps({"keys": keys}).encode()
    entra = Entra(EXPECTED, Keys(authority.url))

    assert 202 == await outcome(entra, shown(GOOD, ring))
    assert 202 == await outcome(entra, shown({**GOOD, "key": "rogue"}, ring))
    assert 401 == await outcome(entra, shown({**GOOD, "key": "bf"}, ring))


async def test_a_new_key_is_known_at_once(
    authority: Authority, ring: hostile.KeyRing
) -> None:
    """
    Entra changes its keys when it likes; the first alert after that must get in.
    """
    clock = Clock(1000.0)
    entra = Entra(EXPECTED, Keys(authority.url, clock=clock))
    assert 202 == await outcome(entra, shown(GOOD, ring))
    authority.published.append("rogue")
    clock.now += 3 * 3600
    header = {**GOOD["header"], "kid": "rogue-1"}

    assert 202 == await outcome(
        entra, shown({**GOOD, "key": "rogue", "header": header}, ring)
    )


async def test_known_keys_outlive_an_outage_of_a_day_and_no_longer(
    authority: Authority, ring: hostile.KeyRing
) -> None:
    clock = Clock(1000.0)
    keys = Keys(authority.url, clock=clock)
    await keys.warm()
    authority.status = 500
    clock.now += 20 * 3600
    assert 202 == await outcome(Entra(EXPECTED, keys), shown(GOOD, ring))
    await keys.close()
    clock.now += 5 * 3600

    with pytest.raises(Undecided) as caught:
        await Entra(EXPECTED, keys).check(shown(GOOD, ring))
    assert 1 <= caught.value.retry_after_s <= 60


@pytest.mark.parametrize("code", ["the newer secret!", "the older secret!"])
async def test_either_of_two_secrets_opens(code: str) -> None:
    """
    While a secret is changed, action groups with the old one still call.
    """
    caller = UrlSecret(("the newer secret!", "the older secret!"))

    await caller.check(Credentials((), (code,)))
    assert caller.knows(Credentials((), (code,)))


@pytest.mark.parametrize(
    "codes",
    [
        ("The newer secret!",),
        ("the newer secret!", "the newer secret!"),
        ("",),
        (),
        ("\ud800",),
    ],
)
async def test_any_other_code_does_not_open(codes: tuple[str, ...]) -> None:
    caller = UrlSecret(("the newer secret!",))
    with pytest.raises(Denied) as caught:
        await caller.check(Credentials((), codes))
    assert 401 == caught.value.status
    assert not caller.knows(Credentials((), codes))


@pytest.mark.parametrize("secrets", [(), ("short",), ("x" * 16,) * 3])
def test_a_weak_configuration_does_not_start(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        UrlSecret(secrets)


PARTS = st.sampled_from(
    ["Bearer ", "bearer ", ".", "e30", "eyJhbGciOiJSUzI1NiJ9", "=", " ", "\x00", "é"]
) | st.text(max_size=12)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.lists(PARTS, max_size=8).map("".join), max_size=2))
async def test_no_header_makes_the_check_fail_otherwise(headers: list[str]) -> None:
    entra = Entra(EXPECTED, Keys("http://127.0.0.1:9/keys", time_out_s=0.1))

    assert await outcome(entra, Credentials(tuple(headers), ())) in {401, 503}


PRIYA = "77777777-aaaa-4bbb-8ccc-000000000001"


@pytest.mark.parametrize(
    ("recipe", "status"),
    [
        (claiming(scp="user_impersonation", oid=PRIYA, roles=None), 202),
        (claiming(scp="user_impersonation", oid=PRIYA.upper(), roles=None), 202),
        (claiming(scp="user_impersonation", oid="somebody", roles=None), 403),
        (claiming(scp="x", oid="somebody", roles=["Watchkeeper.Read"]), 403),
        (claiming(scp="x", oid=PRIYA, tid="99999999-aaaa-4bbb-8ccc-000000000009"), 401),
        (claiming(scp="x", oid=PRIYA, aud="another"), 401),
        (claiming(scp="x", oid=PRIYA, exp="@-301"), 401),
        (claiming(roles=["Watchkeeper.Read"]), 202),
        (claiming(oid=PRIYA), 403),  # an application, not the person
        (claiming(roles="Watchkeeper.Read"), 403),
        (claiming(roles=None), 403),
    ],
)
async def test_our_people_and_our_pipelines_may_read(
    authority: Authority, ring: hostile.KeyRing, recipe: dict[str, Any], status: int
) -> None:
    """
    An evidence page names people and reasons; a tenant has thousands of accounts.
    """
    keys = Keys(authority.url)
    client = audiences(hostile.ALERTS_CLIENT)
    readers = Readers(hostile.TENANT, client, {PRIYA}, keys)
    try:
        assert status == await outcome(readers, shown(recipe, ring))
        assert 401 == await outcome(readers, Credentials((), ()))
    finally:
        await keys.close()
