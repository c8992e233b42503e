"""A sealed log to read and to damage."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.evidence import anchor
from bot.evidence.shelf import Folder
from bot.incident import Acknowledged, Actor, Incident
from bot.store import Leader, Store
from bot.store.log import Log, heads
from tests.conftest import NOW
from tests.house import blobs, build, house
from tests.incidents import NEW, received

__all__ = ["blobs", "build", "house"]
KEY = Ed25519PrivateKey.generate()
PRIYA = Actor("t", "o-1", "Priya Raman")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'watchkeeper.db'}"


async def write(store: Store, count: int, *, key: Ed25519PrivateKey = KEY) -> None:
    """Write `count` events of two incidents, and seal them a few at a time."""
    leader = await Leader.elect(store, "driver")
    log = Log(store, key)
    one = await store.append(NEW, [received()])
    other = Incident(id="", group_key="other", endpoint=NEW.endpoint)
    two = await store.append(other, [received(fingerprint="f-2")])
    for n in range(count - 2):
        ack = Acknowledged(at=NOW, by=PRIYA, note=str(n))
        if n % 2:
            one = await store.append(one, [ack])
        else:
            two = await store.append(two, [ack])
        if n % 4 == 0:
            await log.seal(NOW, fence=leader.epoch)
    await log.seal(NOW, fence=leader.epoch)
    leader.resign()


async def anchored(store: Store, folder: Path, key: Ed25519PrivateKey = KEY) -> Folder:
    """Anchor all heads of the store in a folder."""
    shelf = Folder(folder)
    await anchor.keep(shelf, await store.read(heads), key.public_key())
    return shelf


@pytest.fixture
def change(url: str) -> Callable[..., None]:
    """Run statements on the file behind everybody's back."""

    def run(*statements: sa.Executable) -> None:
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            for each in statements:
                connection.execute(each)
        engine.dispose()

    return run
