"""A quiet house with a bot that answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.house import House, open_house


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blobs")


@pytest.fixture
async def house(
    tmp_path: Path, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    async with open_house(tmp_path, blobs, monkeypatch) as house:
        await house.start("serve")
        yield house
