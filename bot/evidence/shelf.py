"""Where evidence lies: names that are written once, in a folder or in Blob Storage."""

import asyncio
import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*(?:[./][a-zA-Z0-9_-]+)*")


class NotKept(Exception):
    """It could not be kept or fetched now; the text says why, for a person."""


class Differs(Exception):
    """The name holds other bytes already. What is on a shelf is never replaced."""


class Shelf(Protocol):
    async def put(self, name: str, content: bytes) -> None:
        """Keep `content` for good. A repeat is fine. Raises NotKept, Differs."""

    async def get(self, name: str) -> bytes | None:
        """Return what lies under `name`, None when nothing does. Raises NotKept."""

    async def names(self, prefix: str) -> list[str]:
        """Return the names that begin with `prefix`, sorted. Raises NotKept."""

    async def remove(self, name: str) -> bool:
        """Delete what lies there; False: nothing did. Raises NotKept.

        For retention alone, which has recorded it before.
        """

    async def close(self) -> None: ...


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def object_name(digest: str) -> str:
    """Return where the object with this SHA-256 lies.

    >>> object_name("ab" * 32)[:14]
    'objects/ab/aba'
    """
    return f"objects/{digest[:2]}/{digest}"


def restricted_name(digest: str) -> str:
    """Return where bytes lie that may name people: no packet and no page has them."""
    return f"restricted/{digest[:2]}/{digest}"


async def keep_apart(shelf: Shelf, content: bytes) -> str:
    """Keep `content` where no packet looks for it, and return its digest."""
    name = digest(content)
    await shelf.put(restricted_name(name), content)
    return name


async def keep(shelf: Shelf, content: bytes) -> str:
    """Keep `content` under its own digest, and return that."""
    name = digest(content)
    await shelf.put(object_name(name), content)
    return name


async def fetch(shelf: Shelf, name: str) -> bytes | None:
    """Return the object with the digest `name`. Raises Differs when it was changed."""
    content = await shelf.get(object_name(name))
    if content is not None and digest(content) != name:
        raise Differs(f"the object {name} is not what was kept")
    return content


def checked(name: str) -> str:
    """Return `name`; ValueError when it could leave its place."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name for a shelf: {name!r}")
    return name


class Folder:
    """A folder. Written under another name, flushed, then linked: whole or not there."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, content: bytes) -> None:
        try:
            await asyncio.to_thread(self._put, checked(name), content)
        except OSError as error:
            raise NotKept(f"{self._root}: {error.strerror}") from None

    async def get(self, name: str) -> bytes | None:
        path = self._root / checked(name)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotKept(f"{self._root}: {error.strerror}") from None

    async def names(self, prefix: str) -> list[str]:
        return await asyncio.to_thread(self._names, prefix)

    async def remove(self, name: str) -> bool:
        path = self._root / checked(name)
        try:
            await asyncio.to_thread(path.unlink)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise NotKept(f"{self._root}: {error.strerror}") from None
        return True

    async def close(self) -> None:
        return

    def _names(self, prefix: str) -> list[str]:
        top = self._root / prefix.rpartition("/")[0]
        found = (p.relative_to(self._root).as_posix() for p in top.rglob("*") if _is(p))
        return sorted(name for name in found if name.startswith(prefix))

    def _put(self, name: str, content: bytes) -> None:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)
            except FileExistsError:
                if path.read_bytes() != content:
                    raise Differs(f"{name} holds something else already") from None
                return
            _flush(path.parent)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()


def _is(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _flush(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
