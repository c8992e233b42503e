"""The shelf's promises, kept alike by a folder and by a real Blob Storage (Azurite)."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobClient

from bot.evidence import anchor
from bot.evidence.archive import open_heads, open_shelf
from bot.evidence.shelf import (
    Differs,
    Folder,
    NotKept,
    Shelf,
    fetch,
    keep,
    object_name,
)
from bot.store import Store
from bot.store.log import heads
from tests.evidence.azurite import PROGRAM, Azurite, azurite, node
from tests.evidence.conftest import KEY, write


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    if not PROGRAM.exists() or node() is None:
        pytest.skip("Azurite is not in node_modules (make node_modules/.dev)")
    with azurite(tmp_path_factory.mktemp("azurite")) as running:
        yield running


@pytest.fixture(params=["folder", "blob", "blob below a folder"])
async def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shelf]:
    place = str(tmp_path / "evidence")
    if request.param != "folder":
        storage: Azurite = request.getfixturevalue("storage")
        name = storage.container(f"c-{abs(hash(tmp_path))}")
        folder = "/kept/here" if "below" in request.param else ""
        place = storage.signed(name, "racwdl", folder=folder)
    found = open_shelf(place)
    yield found
    await found.close()


async def test_a_name_is_written_once(shelf: Shelf) -> None:
    """
    Evidence that could be replaced later is none.
    """
    await shelf.put("objects/a", b"one")
    await shelf.put("objects/a", b"one")  # a repeat is fine

    with pytest.raises(Differs):
        await shelf.put("objects/a", b"two")
    assert b"one" == await shelf.get("objects/a")


async def test_what_is_not_there_is_none_and_no_failure(shelf: Shelf) -> None:
    assert await shelf.get("objects/nothing") is None
    assert await fetch(shelf, "ab" * 32) is None
    assert [] == await shelf.names("objects/")
    assert not await shelf.remove("objects/nothing")


async def test_objects_lie_under_their_own_digest(shelf: Shelf) -> None:
    name = await keep(shelf, b"seen")
    assert name == await keep(shelf, b"seen")

    assert b"seen" == await fetch(shelf, name)
    assert [object_name(name)] == await shelf.names("objects/")
    assert [] == await shelf.names("heads/")
    assert await shelf.remove(object_name(name))
    assert await fetch(shelf, name) is None


async def test_an_object_that_is_not_its_digest_is_found(shelf: Shelf) -> None:
    await shelf.put(object_name("ab" * 32), b"something else")

    with pytest.raises(Differs, match="not what was kept"):
        await fetch(shelf, "ab" * 32)


async def test_heads_are_anchored_and_read_again(shelf: Shelf, url: str) -> None:
    store = Store.open(url)
    await write(store, 20)
    every = await store.read(heads)
    store.close()
    await anchor.keep(shelf, every[:2], KEY.public_key())
    await anchor.keep(shelf, every[2:], KEY.public_key())

    assert every == (await anchor.read(shelf))[0]
    assert every[-1].size == await anchor.last(shelf)


async def test_a_place_of_heads_that_was_away_is_given_what_it_missed(
    url: str, tmp_path: Path
) -> None:
    """
    Two places vouch for history; while one is away the other goes on.
    """
    store = Store.open(url)
    await write(store, 40)
    every = await store.read(heads)
    store.close()
    one, other = tmp_path / "one", tmp_path / "other"
    shelf = open_heads(f"{one}, {other}")
    await anchor.keep(shelf, every[:2], KEY.public_key())
    (other / "heads").rename(tmp_path / "away")
    other.rename(tmp_path / "gone")
    other.write_text("no folder")
    with pytest.raises(NotKept, match="other"):
        await anchor.keep(shelf, every[2:4], KEY.public_key())
    assert every[:4] == (await anchor.read(Folder(one)))[0]

    other.unlink()
    (tmp_path / "gone").rename(other)
    (tmp_path / "away").rename(other / "heads")
    assert every[1].size == await anchor.last(shelf)
    await anchor.keep(shelf, every[2:4], KEY.public_key())
    await anchor.keep(shelf, every[4:], KEY.public_key())
    for place in (one, other):
        assert every == (await anchor.read(Folder(place)))[0]
    assert every[-1].size == await anchor.last(shelf)


async def test_a_container_says_what_it_refuses(storage: Azurite) -> None:
    """
    Somebody reads this in a log at night; and no address with a signature may be in it.
    """
    container = storage.container("forbidden")
    reader = open_shelf(storage.signed(container, "r"))
    stranger = open_shelf(container)
    nowhere = open_shelf(storage.signed(f"{storage.url}/nowhere", "racwdl"))
    try:
        for refused in (
            reader.put("objects/a", b"x"),
            reader.names("objects/"),
            reader.remove("objects/a"),
            stranger.get("objects/a"),
        ):
            with pytest.raises(NotKept, match=r"answered 40[1-9]$"):
                await refused
        with pytest.raises(NotKept, match="answered 404"):
            await nowhere.put("objects/a", b"x")
    finally:
        for each in (reader, stranger, nowhere):
            await each.close()


async def test_a_real_lease_keeps_its_object(storage: Azurite) -> None:
    container = storage.container("leased")
    credential = {"account_name": storage.account, "account_key": storage.key}
    shelf = open_shelf(storage.signed(container, "racwdl"))
    try:
        await shelf.put("objects/a", b"seen")
        with BlobClient.from_blob_url(f"{container}/objects/a", credential) as blob:
            lease = blob.acquire_lease()
            await shelf.put("objects/a", b"seen")
            with pytest.raises(Differs):
                await shelf.put("objects/a", b"other")
            with pytest.raises(NotKept, match="answered 412"):
                await shelf.remove("objects/a")
            lease.release()
        assert await shelf.remove("objects/a")
    finally:
        await shelf.close()


async def test_a_container_that_is_away_says_so() -> None:
    away = open_shelf("http://127.0.0.1:9/account/evidence?sig=secret")
    try:
        with pytest.raises(NotKept) as told:
            await away.get("objects/a")
    finally:
        await away.close()

    assert "did not answer" in str(told.value)
    assert "secret" not in str(told.value)
