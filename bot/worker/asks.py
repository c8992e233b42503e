"""What the parts of a look share: one question to Azure, and why it had no answer."""

from collections.abc import Awaitable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Asks(Protocol):
    """Who asks Azure for one thing, and keeps why it did not come."""

    @property
    def gaps(self) -> dict[str, str]: ...

    async def part(self, name: str, asked: Awaitable[T]) -> T | None: ...
