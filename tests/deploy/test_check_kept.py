"""`watchkeeper check` on what we keep: container, folder, keys, rights in the database."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.core.credentials import AccessToken

from bot.azure.arm import Arm
from bot.azure.cloud import Cloud
from bot.check import Finding, ours, whole
from bot.check.asked import Said, asked
from bot.check.database import database
from bot.check.evidence import evidence, lock
from bot.check.teams import chat
from bot.keys import Keys, rotate
from bot.ports import Impossible, Unavailable
from bot.settings import Settings, problems
from bot.store import Store
from bot.store.log import Head, head_bytes
from bot.watch import WatchList
from tests.conftest import NOW
from tests.deploy.conftest import ROOT
from tests.deploy.test_operations import roles
from tests.evidence.azurite import PROGRAM, Azurite, azurite, node

__all__ = ["roles"]


def settings(**given: str) -> Settings:
    return Settings.model_validate({"bot_app_id": "x", "alert_audience": "x"} | given)


async def looked(**given: str) -> list[Finding]:
    async with AsyncExitStack() as stack:
        return [each async for each in evidence(settings(**given), stack)]


def container(read: dict[str, str] | int, write: int, code: str = "") -> TestServer:
    """Return a container that answers so when it is read, and when it is written to."""

    async def answer(request: web.Request) -> web.Response:
        headers = {"x-ms-error-code": code} if code else {}
        if request.method == "PUT":
            if write == 412:
                headers = {"x-ms-error-code": "ConditionNotMet"}
            assert '"nobody"' == request.headers["If-Match"]  # it can change nothing
            return web.Response(status=write, headers=headers)
        if isinstance(read, int):
            return web.Response(status=read, headers=headers)
        kept = {"ETag": '"1"', "Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"}
        return web.Response(headers=kept | read)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return TestServer(app)


_LOCKED = {"x-ms-has-immutability-policy": "true"}


@pytest.mark.parametrize(
    ("read", "write", "code", "level", "said"),
    [
        (_LOCKED, 412, "", "ok", "a policy stands over"),
        ({"x-ms-has-legal-hold": "true"}, 412, "", "ok", "a policy"),
        ({}, 412, "", "look", "nothing keeps anybody from deleting"),
        (_LOCKED | {"x-ms-blob-public-access": "blob"}, 412, "", "look",
         "everybody may read it"),
        (_LOCKED, 403, "AuthorizationPermissionMismatch", "fail",
         "missing: the right to write"),
        (_LOCKED, 403, "AuthorizationFailure", "fail", "network rules keep us out"),
        (_LOCKED, 404, "ContainerNotFound", "fail", "there is no such container"),
        (_LOCKED, 401, "InvalidAuthenticationInfo", "fail", "identity is not accepted"),
        (_LOCKED, 429, "", "fail", "it limits our requests"),
        (_LOCKED, 503, "ServerBusy", "fail", "it answered 503 (ServerBusy)"),
        (403, 412, "AuthorizationPermissionMismatch", "look", "the right to read the"),
        (_LOCKED, 201, "", "fail", "takes what it should refuse"),
    ],
)  # fmt: skip
async def test_a_container_is_told_by_its_answers(
    read: dict[str, str] | int, write: int, code: str, level: str, said: str
) -> None:
    """
    Evidence that cannot be written is noticed by an auditor, years later.
    """
    async with container(read, write, code) as server:
        found, _ = await looked(evidence_url=f"{server.make_url('/a/evidence')}?sig=x")

    assert (level, True) == (found.level, said in found.text), found
    assert bool(found.todo) == (level != "ok")


@pytest.mark.skipif(
    not PROGRAM.exists() or node() is None, reason="needs Azurite, from npm"
)
async def test_a_signature_that_may_not_write_is_told(tmp_path: Path) -> None:
    def run() -> Iterator[Azurite]:
        with azurite(tmp_path) as running:
            yield running

    for storage in run():
        place = await asyncio.to_thread(storage.container, "evidence")
        may, _ = await looked(evidence_url=storage.signed(place, "racwdl"))
        may_not, _ = await looked(evidence_url=storage.signed(place, "rl"))

    assert ("look", True) == (may.level, may.text.startswith("writable")), may
    assert ("fail", True) == (may_not.level, "right to write" in may_not.text), may_not


async def test_nobody_there_is_a_line() -> None:
    urls = {
        "evidence_url": "http://127.0.0.1:9/a/evidence?sig=x",
        "anchor_url": "https://no-such-host.invalid/heads?sig=secret",
    }

    found = await looked(**urls)

    *found, lock = found
    assert ["evidence", "log heads"] == [each.about for each in found]
    assert ("look", "evidence lock") == (lock.level, lock.about)  # no id was given
    assert {"fail"} == {each.level for each in found}
    assert all("it does not answer" in each.text for each in found), found
    assert "secret" not in str(found)


class Known:
    """A credential whose token is known."""

    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken("t", 4_000_000_000)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


_CONTAINER = "/subscriptions/0/x/containers/evidence"


@pytest.mark.parametrize(
    ("status", "policy", "level", "said"),
    [
        (200, {"state": "Locked", "immutabilityPeriodSinceCreationInDays": 2557}, "ok",
         "younger than 2557 days"),
        (200, {"state": "Unlocked", "immutabilityPeriodSinceCreationInDays": 7}, "look",
         "a policy of 7 days, not locked"),
        (200, {}, "look", "no policy by days"),
        (403, {}, "fail", f"missing at {_CONTAINER}: Microsoft.Storage/"),
        (404, {}, "fail", "Azure knows nothing of the container"),
        (500, {}, "fail", "status 500"),
    ],
)  # fmt: skip
async def test_whether_the_policy_is_locked_is_asked(
    status: int, policy: dict[str, object], level: str, said: str
) -> None:
    """
    A policy that is not locked lasts until its owner takes it away.
    """

    async def answer(request: web.Request) -> web.Response:
        assert _CONTAINER == request.path
        found = {"immutabilityPolicy": {"properties": policy}} if policy else {}
        return web.json_response({"properties": found}, status=status)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        arm = Arm(Cloud(url, url), Known())
        found = await asked("lock", lock(arm, _CONTAINER), refused="do", away="wait")
        await arm.close()

    assert (level, True) == (found.level, said in found.text), found
    assert bool(found.todo) == (level != "ok")


async def test_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    far = {"database_url": "postgresql://u@h/d"}

    [ok] = await looked(evidence_url=str(tmp_path / "made" / "later"))
    [file] = await looked(evidence_url=str(tmp_path / "file"))
    [alone] = await looked(evidence_url=str(tmp_path), **far)

    assert ("ok", True) == (ok.level, "made at the first start" in ok.text)
    assert ("fail", True) == (file.level, "is no folder" in file.text)
    assert ("look", True) == (alone.level, "other replicas do not see it" in alone.text)


async def test_the_key_of_another_database_is_told(tmp_path: Path) -> None:
    """
    A restored database with last year's keys looks well until somebody verifies it.
    """
    ours_file, other = tmp_path / "keys.json", tmp_path / "other.json"
    signed = head_bytes(3, b"root", NOW)
    mine = Keys.load(ours_file).log
    Keys.load(other)
    head = Head(size=3, root=b"root", at=NOW, signature=mine.sign(signed))
    given = settings(key_file=str(ours_file))

    told = [await ours.keys(settings(key_file=str(other)), head)]
    told.append(await ours.keys(given, head))
    rotate(ours_file)
    told.append(await ours.keys(given, head))
    ours_file.chmod(0o644)
    told.append(await ours.keys(given, head))
    ours_file.unlink()
    told += [await ours.keys(given, head), await ours.keys(given, None)]

    assert ["fail", "ok", "ok", "look", "fail", "ok"] == [f.level for f in told]
    assert "did not sign this database's log" in told[0].text
    assert "chmod 600" in told[3].todo


def test_rights_in_the_database_are_told(roles: tuple[str, str]) -> None:
    """
    An executor that could change the history could hide what it did.
    """
    serve, execute = roles

    levels = {}
    for name, url, talks in (
        ("serve", serve, True),
        ("execute", execute, False),
        ("too much", serve, False),
    ):
        found = database(settings(database_url=url), talks=talks)
        levels[name] = [(f.level, f.about) for f in found.findings]

    about = "rights in the database"
    assert {
        "serve": [("ok", "database"), ("look", "executor"), ("ok", about)],
        "execute": [("ok", "database"), ("ok", about)],
        "too much": [("ok", "database"), ("look", about)],
    } == levels


def test_a_newer_database_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'watchkeeper.db'}"
    Store.open(url).close()
    whole = database(settings(database_url=url))
    shutil.copy(tmp_path / "watchkeeper.db", tmp_path / "copy")
    (tmp_path / "watchkeeper.db").write_bytes(b"no database at all, but a file")

    broken = database(settings(database_url=url))

    assert ["ok", "look"] == [f.level for f in whole.findings]  # no executor yet
    assert ["fail"] == [f.level for f in broken.findings]


def test_each_page_that_a_line_names_is_there() -> None:
    """
    Half of the help is where to read on; two lines led to pages that nobody wrote.
    """
    pages = (ROOT / "deploy" / "README.md").read_text("utf-8")
    named = {
        (path.name, page)
        for path in (ROOT / "bot").rglob("*.py")
        for page in re.findall(
            r"deploy/README\.md, ([A-Z]\w+)", path.read_text("utf-8")
        )
    }

    assert len(named) > 5
    assert set() == {each for each in named if f"\n## {each[1]}" not in pages}


@pytest.mark.parametrize(
    "answer", ["<html>", "[]", '{"jwks_uri": 7}', '{"jwks_uri": "SELF", "keys": ["a"]}']
)
async def test_keys_that_are_none_are_a_line(answer: str) -> None:
    """
    A proxy answers 200 to everything, and with anything.
    """

    async def odd(request: web.Request) -> web.Response:
        text = answer.replace("SELF", str(request.url))
        return web.Response(text=text, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{path:.*}", odd)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("/keys"))
        given = settings(bot_openid_url=url, bot_login_url=url, bot_app_id="")
        async with AsyncExitStack() as stack:
            watch = WatchList(tenant="11111111-1111-1111-1111-111111111111")
            found = [each async for each in chat(given, watch, session, stack, None)]

    assert [("fail", "Teams keys")] == [(f.level, f.about) for f in found]


async def _hangs() -> Said:
    await asyncio.sleep(3600)
    return "", ""


def _raises(error: Exception) -> Callable[[], Awaitable[Said]]:
    async def question() -> Said:
        raise error

    return question


@pytest.mark.parametrize(
    ("question", "text", "todo"),
    [
        (_hangs, "no answer within 0 s", "away"),
        (_raises(Impossible("no")), "no", "refused"),
        (_raises(Unavailable("later")), "later", "away"),
        (_raises(ZeroDivisionError("secret")), "an unexpected ZeroDivisionError",
         "report it: this is a fault of ours"),
    ],
)  # fmt: skip
async def test_whatever_happens_is_one_line(
    question: Callable[[], Awaitable[Said]], text: str, todo: str
) -> None:
    found = await asked(
        "it", question(), refused="refused", away="away", patience_s=0.05
    )

    assert Finding("fail", "it", text, todo) == found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"evidence_url": "http://[::1"}, "EVIDENCE_URL: http:// is no folder"),
        ({"evidence_url": "https://a.blob.core.windows.net"}, "no blob container"),
        ({"anchor_url": "https://[/x"}, "ANCHOR_URL: https:// is no folder"),
        ({"service_url_allow": "https://["}, "SERVICE_URL_ALLOW: https://["),
    ],
)
async def test_an_address_that_is_none_is_a_line(
    given: dict[str, str], said: str
) -> None:
    """
    What cannot even be taken apart ended the check, and the service's start, with a trace.
    """
    odd = settings(**given)
    lines = problems(odd)
    found = await looked(**given)

    assert any(said in line for line in lines), lines
    wrong = [each for each in found if each.level == "fail"]
    assert all(each.todo and "unexpected" not in each.text for each in wrong)
    assert ("service_url_allow" in given) or wrong


def test_a_database_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    """
    "Will be made at the first start" was said of a place that lets nobody write.
    """
    long = database(settings(database_url=f"sqlite:///{tmp_path}/{'x' * 300}"))
    (tmp_path / "file").touch()
    shut = database(settings(database_url=f"sqlite:///{tmp_path}/file/y.db"))
    free = database(settings(database_url=f"sqlite:///{tmp_path}/a/b/c.db"))

    told = [found.findings[0] for found in (long, shut, free)]
    assert ["fail", "fail", "ok"] == [each.level for each in told]
    assert "too long" in told[0].text
    assert f"{tmp_path}/file cannot be written to" == told[1].text


async def test_what_nobody_foresaw_is_a_line_as_well() -> None:
    """
    One part that breaks must not take the others' findings with it.
    """

    async def breaks() -> AsyncIterator[Finding]:
        yield Finding("ok", "one", "fine")
        raise LookupError("secret")

    found = [each async for each in whole("Azure", breaks())]

    assert ["one", "Azure"] == [each.about for each in found]
    assert "unexpected LookupError" in found[1].text
    assert "secret" not in found[1].text
