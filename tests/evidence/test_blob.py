"""A container on its bad days: policies, leases, cut connections, answers that are lost.

Azurite knows no immutability policy, so a small server stands in where one refuses.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.evidence.archive import open_shelf
from bot.evidence.shelf import Differs, NotKept, Shelf

NAME = "objects/a"


@dataclass
class Container:
    """Blobs by path; `says` holds the next answers to a method, `cuts` the next cuts."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    says: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    cuts: list[str] = field(default_factory=list)  # "before", "after", "half"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if waiting := self.says.get(request.method):
            return _refusal(*waiting.pop(0))
        cut = self.cuts.pop(0) if self.cuts else ""
        if cut == "before":
            return _gone(request)
        if request.method == "PUT":
            there = request.path in self.blobs
            self.blobs.setdefault(request.path, body)
            said = _refusal(409, "BlobAlreadyExists") if there else _status(201)
            return _gone(request) if cut == "after" else said
        found = self.blobs.get(request.path)
        if found is None:
            return _refusal(404, "BlobNotFound")
        if request.method == "DELETE":
            del self.blobs[request.path]
            return _status(202)
        return await _content(request, found, half=cut == "half")


def _status(status: int) -> web.Response:
    return web.Response(status=status)


def _refusal(status: int, code: str) -> web.Response:
    return web.Response(status=status, headers={"x-ms-error-code": code})


def _gone(request: web.Request) -> web.Response:
    assert request.transport
    request.transport.close()
    return web.Response()


async def _content(
    request: web.Request, found: bytes, *, half: bool
) -> web.StreamResponse:
    told = {
        "Content-Range": f"bytes 0-{len(found) - 1}/{len(found)}",
        "ETag": '"1"',
        "Content-Length": str(len(found)),
    }
    answer = web.StreamResponse(status=206, headers=told)
    await answer.prepare(request)
    await answer.write(found[: len(found) // 2] if half else found)
    if half:
        _gone(request)
    return answer


@pytest.fixture
async def container() -> Container:
    return Container()


@pytest.fixture
async def shelf(container: Container) -> AsyncIterator[Shelf]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", container.answer)
    async with TestServer(app) as server:
        found = open_shelf(f"http://127.0.0.1:{server.port}/house/evidence?sig=secret")
        yield found
        await found.close()


@pytest.mark.parametrize(
    "said", [(409, "BlobImmutableDueToPolicy"), (412, "LeaseIdMissing")]
)
async def test_what_a_policy_or_a_lease_guards_is_kept_already(
    shelf: Shelf, container: Container, said: tuple[int, str]
) -> None:
    """
    The same bytes under the same name are what was asked for, whoever guards them.
    """
    await shelf.put(NAME, b"seen")
    container.says["PUT"] = [said, said]

    await shelf.put(NAME, b"seen")
    with pytest.raises(Differs):
        await shelf.put(NAME, b"other")


@pytest.mark.parametrize(
    "said",
    [
        (409, "ContainerBeingDeleted"),
        (412, "ConditionNotMet"),
        (403, "AuthorizationFailure"),
    ],
)
async def test_a_refusal_of_what_is_not_there_is_no_accusation(
    shelf: Shelf, container: Container, said: tuple[int, str]
) -> None:
    """
    Not kept now, so it is tried again; "holds something else" would be a lie.
    """
    container.says["PUT"] = [said]

    with pytest.raises(NotKept, match=f"answered {said[0]}$"):
        await shelf.put(NAME, b"seen")


@pytest.mark.parametrize(
    "said",
    [
        (409, "BlobImmutableDueToPolicy"),
        (409, "BlobImmutableDueToLegalHold"),
        (412, "LeaseIdMissing"),
        (403, "AuthorizationPermissionMismatch"),
    ],
)
async def test_what_may_not_go_stays_and_the_answer_is_told(
    shelf: Shelf, container: Container, said: tuple[int, str]
) -> None:
    await shelf.put(NAME, b"seen")
    container.says["DELETE"] = [said]

    with pytest.raises(NotKept, match=f"answered {said[0]}$"):
        await shelf.remove(NAME)
    assert b"seen" == await shelf.get(NAME)
    assert await shelf.remove(NAME)


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_an_upload_that_is_cut_ends_in_one_whole_object(
    shelf: Shelf, container: Container, cut: str
) -> None:
    """
    The client tries again; where the first had arrived, that is what was asked for.
    """
    container.cuts = [cut]

    await shelf.put(NAME, b"seen" * 5000)
    assert [b"seen" * 5000] == [*container.blobs.values()]
    assert not container.cuts


async def test_half_an_object_is_none(shelf: Shelf, container: Container) -> None:
    await shelf.put(NAME, b"seen" * 5000)
    container.cuts = ["half"] * 20

    with pytest.raises(NotKept, match="did not answer"):
        await shelf.get(NAME)
    container.cuts = ["half"]
    assert b"seen" * 5000 == await shelf.get(NAME)
