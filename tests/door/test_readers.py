"""Reading incidents and evidence takes a caller who is known; health does not."""

from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.callers import Caller, Credentials, Denied, Undecided
from bot.pages import routes as pages

KEPT = (
    "/api/incidents",
    "/api/incidents/A-1",
    "/evidence/A-1",
    "/evidence/G-1",
    "/evidence/model/credit-risk",
    "/api/gate/loan-prescreening/green",
)


class Refusing:
    def __init__(self, error: Exception) -> None:
        self.error = error
        self.shown: list[Credentials] = []

    async def check(self, shown: Credentials) -> None:
        self.shown.append(shown)
        raise self.error


async def asked(reader: Caller, path: str) -> tuple[int, dict[str, str], Any]:
    app = web.Application()
    nothing = cast("Any", None)  # who is refused reaches nothing behind the door
    app.add_routes(pages.routes(nothing, lambda: True, reader=reader))
    headers = {"Authorization": "Bearer x"}
    async with (
        TestClient(TestServer(app)) as client,
        client.get(path, headers=headers) as answer,
    ):
        return answer.status, dict(answer.headers), await answer.json()


@pytest.mark.parametrize("path", KEPT)
async def test_a_stranger_reads_nothing(path: str) -> None:
    """
    A page of evidence names people, reasons and figures of a model.
    """
    reader = Refusing(Denied(401, "one bearer token is needed"))
    status, headers, body = await asked(reader, path)

    assert (401, "Bearer") == (status, headers["WWW-Authenticate"])
    assert {"error": "one bearer token is needed"} == body
    assert ("Bearer x",) == reader.shown[0].authorization


async def test_whom_we_cannot_check_is_asked_to_come_again() -> None:
    status, headers, _ = await asked(Refusing(Undecided("no keys", 7)), KEPT[0])

    assert (503, "7") == (status, headers["Retry-After"])


async def test_the_platform_may_always_ask_how_we_are() -> None:
    reader = Refusing(Denied(401, "no"))
    status, _, body = await asked(reader, "/healthz")

    assert (200, {"status": "alive"}, []) == (status, body, reader.shown)
