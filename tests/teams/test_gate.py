"""Who is let in: every claim of the token, every field of the activity, every key."""

import string
import time
from dataclasses import replace
from typing import Any

import jwt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.simulator.identity import BOT_APP, TENANT
from bot.teams.account import origin
from bot.teams.gate import Caller, Denied, Gate
from tests.teams.authority import (
    PRIVATE,
    SERVICE_URL,
    Authority,
    claims,
    public,
    token,
)
from tests.teams.gates import ACCOUNT, denied

ACTIVITY: dict[str, Any] = {
    "type": "message",
    "serviceUrl": SERVICE_URL,
    "channelId": "msteams",
    "conversation": {"id": "19:x@thread.tacv2", "tenantId": TENANT},
    "channelData": {"tenant": {"id": TENANT}},
}


# -- the token ---------------------------------------------------------------


async def test_a_token_of_teams_is_let_in(gate: Gate) -> None:
    caller = await gate.token([f"Bearer {token()}"])

    assert Caller(SERVICE_URL) == caller
    gate.activity(caller, ACTIVITY)


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"},
        {"iss": "https://api.botframework.com/"},
        {"iss": None},
        {"iss": ["https://api.botframework.com"]},
        {"aud": "99999999-aaaa-4bbb-8ccc-000000000009"},
        {"aud": [BOT_APP]},
        {"aud": BOT_APP.upper() + "x"},
        {"aud": ""},
        {"aud": None},
        {"exp": -301},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 330},
        {"nbf": "now"},
    ],
    ids=lambda c: str(c)[:60],
)
async def test_a_wrong_claim_is_401(gate: Gate, change: dict[str, Any]) -> None:
    now = int(time.time())
    for name in ("exp", "nbf"):
        if isinstance(change.get(name), int):
            change = {name: now + change[name]}  # seconds from now
    assert 401 == await denied(gate, f"Bearer {token(claims(**change))}")


@pytest.mark.parametrize("seconds", [-290, 0])
async def test_clocks_may_differ_by_five_minutes(gate: Gate, seconds: int) -> None:
    said = claims(exp=int(time.time()) + seconds, nbf=int(time.time()) - seconds)

    assert Caller(SERVICE_URL) == await gate.token([f"Bearer {token(said)}"])


@pytest.mark.parametrize("claim", [None, "", 5, ["x"]])
async def test_a_token_must_name_the_service_url(gate: Gate, claim: Any) -> None:
    """
    The SDK compares a missing claim with a missing field and finds them equal.
    """
    assert 403 == await denied(gate, f"Bearer {token(claims(serviceurl=claim))}")


async def test_the_key_must_be_endorsed_for_teams(
    gate: Gate, authority: Authority
) -> None:
    authority.keys = [public("bf-1", "webchat")]
    assert 401 == await denied(gate, f"Bearer {token()}")


async def test_other_algorithms_are_refused(gate: Gate) -> None:
    none = jwt.encode(claims(), "", algorithm="none", headers={"kid": "bf-1"})
    symmetric = jwt.encode(
        claims(), "x" * 64, algorithm="HS256", headers={"kid": "bf-1"}
    )
    longer = jwt.encode(
        claims(), PRIVATE["bf-1"], algorithm="RS512", headers={"kid": "bf-1"}
    )

    for each in (none, symmetric, longer):
        assert 401 == await denied(gate, f"Bearer {each}")


async def test_the_key_is_ours_to_choose(gate: Gate, authority: Authority) -> None:
    """
    A token that carries or points at its own key is checked with the published one.
    """
    rogue = token(kid="bf-2", jwk=public("bf-2", "msteams"), jku="https://evil.example")
    renamed = jwt.encode(
        claims(), PRIVATE["bf-2"], algorithm="RS256", headers={"kid": "bf-1"}
    )

    for each in (rogue, renamed, token(kid="bf-1", crit=["exp"])):
        assert 401 == await denied(gate, f"Bearer {each}")


async def test_there_is_one_bearer_token(gate: Gate) -> None:
    good = token()
    for headers in (
        [],
        [good],
        [f"Basic {good}"],
        [f"Bearer  {good}"],
        [f"Bearer {good}=="],
        [f"Bearer {good}.AAAA.BBBB"],
        [f"Bearer {good}", f"Bearer {good}"],
        [f"Bearer {good}, Bearer {good}"],
        ["Bearer " + "a" * 20_000],
    ):
        assert 401 == await denied(gate, *headers)


def at_once(gate: Gate, header: str) -> Caller:
    """Ask the gate what it can tell without a fetch, inside of a running test."""
    asking = gate.token([header])
    with pytest.raises(StopIteration) as answered:
        asking.send(None)
    caller = answered.value.value
    assert isinstance(caller, Caller)
    return caller


async def test_any_other_header_is_401(gate: Gate) -> None:
    """
    The SDK raises six kinds of exception for a bad token; the answer was a 500.
    """

    @settings(deadline=None)
    @given(st.text(max_size=99) | st.from_regex(r"Bearer [\w-]+\.[\w-]*\.[\w-]*"))
    def ask(header: str) -> None:
        with pytest.raises(Denied) as caught:
            at_once(gate, header)
        assert 401 == caught.value.status

    ask()


async def test_no_changed_token_is_let_in(gate: Gate) -> None:
    """
    Change any letter of a good token's claims or signature, and it is good no more.
    """
    good = token()
    await gate.token([f"Bearer {good}"])
    first = good.index(".") + 1
    letters = st.sampled_from(string.ascii_letters + string.digits + "-_.")

    # The last letter is left alone: four of its bits stand for nothing.
    @settings(deadline=None)
    @given(st.integers(first, len(good) - 2), letters)
    def change(at: int, letter: str) -> None:
        assume(good[at] != letter)
        with pytest.raises(Denied):
            at_once(gate, f"Bearer {good[:at]}{letter}{good[at + 1 :]}")

    change()


# -- the activity ------------------------------------------------------------


def changed(**changes: Any) -> dict[str, Any]:
    return {k: v for k, v in (ACTIVITY | changes).items() if v is not None}


@pytest.mark.parametrize(
    "activity",
    [
        changed(serviceUrl="https://evil.example/"),
        changed(serviceUrl=SERVICE_URL.rstrip("/")),
        changed(serviceUrl=None),
        changed(channelId="webchat"),
        changed(channelId=None),
        changed(channelId=["msteams"]),
        changed(channelData=None),
        changed(channelData="x"),
        changed(channelData={"tenant": TENANT}),
        changed(channelData={"tenant": {"id": TENANT[:-1] + "f"}}),
        changed(channelData={"tenant": {"id": [TENANT]}}),
        changed(conversation={"id": "x", "tenantId": TENANT[:-1] + "f"}),
        changed(conversation={"id": "x", "tenantId": ""}),
    ],
    ids=lambda a: str({k: v for k, v in a.items() if ACTIVITY[k] != v})[:50],
)
def test_an_activity_of_elsewhere_is_403(gate: Gate, activity: dict[str, Any]) -> None:
    with pytest.raises(Denied) as caught:
        gate.activity(Caller(SERVICE_URL), activity)

    assert 403 == caught.value.status


def test_the_tenant_is_compared_in_any_case(gate: Gate) -> None:
    conversation = {"id": "x"}  # Teams leaves the tenant out in some events
    data = {"tenant": {"id": TENANT.upper()}}
    ours = changed(conversation=conversation, channelData=data)
    theirs = changed(conversation=conversation, channelData={"tenant": {"id": "x"}})

    gate.activity(Caller(SERVICE_URL), ours)

    with pytest.raises(Denied, match="tenant"):
        gate.activity(Caller(SERVICE_URL), theirs)


@pytest.mark.parametrize(
    "url",
    [
        "https://smba.trafficmanager.net.evil.example/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://evil.example\\@smba.trafficmanager.net/",
        "https://evil.example/smba.trafficmanager.net",
        "http://smba.trafficmanager.net/",
        "https://smba.trafficmanager.net:8443/",
        "https://smba.trafficmanager.net /",
        "https://\u0455mba.trafficmanager.net/",
        "ftp://smba.trafficmanager.net/",
        "//smba.trafficmanager.net/",
        "https://[::1",
        "https://smba.trafficmanager.net:x/",
    ],
)
def test_a_signed_but_foreign_service_url_is_403(gate: Gate, url: str) -> None:
    """
    Replies, and our token with them, would go there.
    """
    with pytest.raises(Denied) as caught:
        gate.activity(Caller(url), changed(serviceUrl=url))

    assert 403 == caught.value.status


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_is_by_chance_an_allowed_address(text: str) -> None:
    assert not ACCOUNT.allows(text)


@settings(deadline=None)
@given(st.sampled_from(["/", "/emea/", ":443/amer/", "/x?y=z"]))
def test_every_path_of_an_allowed_origin_is_allowed(path: str) -> None:
    assert ACCOUNT.allows("https://SMBA.trafficmanager.net" + path)


def test_plain_http_is_for_this_machine() -> None:
    assert "http://127.0.0.1:3979" == origin("http://127.0.0.1:3979/v3")
    assert "http://[::1]:3979" == origin("http://[::1]:3979/")
    assert "http://localhost" == origin("http://localhost:80/")


@pytest.mark.parametrize(
    "change",
    [
        {"app_id": ""},
        {"app_id": " "},
        {"tenant": ""},
        {"issuer": ""},
        {"allowed": ()},
        {"allowed": ("http://smba.trafficmanager.net",)},
        {"openid_url": "http://login.example/openid"},
        {"login_url": "http://login.example"},
        {"graph_url": "http://graph.example"},
    ],
    ids=str,
)
def test_an_unsafe_registration_does_not_start(change: dict[str, Any]) -> None:
    """
    An empty app id would switch the SDK's authentication off.
    """
    with pytest.raises(ValueError, match=r"."):
        replace(ACCOUNT, **change)
