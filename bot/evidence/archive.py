"""What evidence is kept with: the shelves, the key, and which of us it was."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from azure.core.credentials_async import AsyncTokenCredential
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.evidence.shelf import Folder, Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    shelf: Shelf  # objects, by digest
    heads: Shelf  # anchored heads of the log
    key: Ed25519PrivateKey  # signs heads and packets
    anchor_every_s: float = 60.0
    build: str = ""  # version of this program
    configuration: str = ""  # SHA-256 of the watch list as it was read

    async def close(self) -> None:
        await self.shelf.close()
        await self.heads.close()


def open_shelf(place: str, credential: AsyncTokenCredential | None = None) -> Shelf:
    """Return the shelf at a folder, or at https://ACCOUNT.blob.…/CONTAINER."""
    if place.startswith(("https://", "http://")):
        from bot.evidence.blob import BlobShelf  # noqa: PLC0415 takes a second to import

        return BlobShelf(place, credential)
    return Folder(Path(place))


@asynccontextmanager
async def opened(place: str, identity: str = "") -> AsyncIterator[Shelf]:
    """Yield the shelf at `place` for a command; for a container, as who is signed in.

    That is a managed identity (`identity`, its client id) or whoever used `az login`; a
    container's address with a signature needs neither.
    """
    if not place.startswith("https://") or "sig=" in place:
        shelf = open_shelf(place)
        try:
            yield shelf
        finally:
            await shelf.close()
        return
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 see above

    client = identity or None
    async with DefaultAzureCredential(managed_identity_client_id=client) as credential:
        shelf = open_shelf(place, credential)
        try:
            yield shelf
        finally:
            await shelf.close()


def build() -> str:
    """Return the version of this program, "unknown" when it was not installed."""
    try:
        return version("watchkeeper")
    except PackageNotFoundError:
        return "unknown"
