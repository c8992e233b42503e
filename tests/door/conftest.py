"""A door with a recording store, served by a real aiohttp server on loopback."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.callers import Anyone
from bot.webhooks import Door, routes

Client: TypeAlias = TestClient[web.Request, web.Application]
FIXTURES = Path(__file__).parents[1] / "fixtures"


@dataclass
class Shelf:
    """A store that remembers. `broken` makes it fail as a full disk does."""

    kept: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    calls: int = 0
    broken: bool = False

    async def accept(self, source: str, body: bytes) -> str:
        self.calls += 1
        if self.broken:
            raise OSError(28, "No space left on device")
        delivery = hashlib.sha256(source.encode() + body).hexdigest()[:12]
        self.kept[delivery] = (source, body)
        return delivery


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def client(shelf: Shelf) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(routes(Door(store=shelf, alerts=Anyone(), events=Anyone())))
    async with TestClient(TestServer(app)) as found:
        yield found
