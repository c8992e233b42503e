"""A quiet house with a bot that answers, and how to build another one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.house import House, blobs, build, open_house

__all__ = ["blobs", "build"]


@pytest.fixture
async def house(
    tmp_path: Path, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    async with open_house(tmp_path, blobs, monkeypatch) as house:
        await house.start("serve")
        yield house
