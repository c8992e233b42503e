from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio

from tests.browser import browser, serve, window
from tests.page.stand_in import StandIn

__all__ = ["browser", "channel", "window"]


@dataclass(frozen=True)
class Served:
    stand_in: StandIn
    address: str


@pytest_asyncio.fixture(loop_scope="session")
async def channel() -> AsyncIterator[Served]:
    """A channel with one alert in it, and where its page is."""
    stand_in = StandIn()
    runner, address = await serve(stand_in.app())
    yield Served(stand_in, address)
    await runner.cleanup()
