"""Several shelves as one, for heads of the log: each has all, whoever can reach one."""

from collections.abc import Sequence

from bot.evidence.shelf import Differs, NotKept, Shelf


class Several:
    """What is kept is on each of `shelves`; what is known is what all of them have.

    So a shelf that was away is given what it missed, under the name of the next file.
    """

    def __init__(self, shelves: Sequence[Shelf]) -> None:
        self._shelves = tuple(shelves)

    async def put(self, name: str, content: bytes) -> None:
        """Keep `content` where the name is free; try all before a failure is raised.

        The same newest head has other older ones beside it where one shelf was away, so
        what another has under the name stays: `audit verify` compares them all.
        """
        failed: list[str] = []
        for shelf in self._shelves:
            try:
                if await shelf.get(name) is None:
                    await shelf.put(name, content)
            except (NotKept, Differs) as error:
                failed.append(str(error))
        if failed:
            raise NotKept("; ".join(failed))

    async def get(self, name: str) -> bytes | None:
        """Return what the first that has the name has."""
        for shelf in self._shelves:
            if (content := await shelf.get(name)) is not None:
                return content
        return None

    async def names(self, prefix: str) -> list[str]:
        """Return the names that each has; one that is away has none, and is told by put."""
        found: list[set[str]] = []
        for shelf in self._shelves:
            try:
                found.append(set(await shelf.names(prefix)))
            except NotKept:
                found.append(set())
        return sorted(set.intersection(*found))

    async def remove(self, name: str) -> bool:
        return any([await shelf.remove(name) for shelf in self._shelves])

    async def close(self) -> None:
        for shelf in self._shelves:
            await shelf.close()
